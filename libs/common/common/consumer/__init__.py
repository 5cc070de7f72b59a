"""The consumer runtime: the only way to subscribe to events."""

from __future__ import annotations

from common.consumer.application import Limits
from common.consumer.runtime import Consumers, NotConsumingError
from common.consumer.subscriptions import SubscribedTwiceError, Subscriptions
from common.received import Received

__all__ = ["Consumers", "Limits", "NotConsumingError", "Received", "SubscribedTwiceError", "Subscriptions"]
