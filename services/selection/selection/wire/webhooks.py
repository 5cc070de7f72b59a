"""Webhooks and deliveries ↔ their messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from common.errors import FieldInvalidError
from common.instants import stamp
from dokpamo.selection.v1 import webhooks_pb2 as pb

from selection.domain.webhook import DeliveryState, WebhookState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from selection.domain.webhook import Delivery, Webhook

_WEBHOOK_STATES: Final = {
    WebhookState.ACTIVE: pb.WEBHOOK_STATE_ACTIVE,
    WebhookState.PAUSED: pb.WEBHOOK_STATE_PAUSED,
    WebhookState.DISABLED: pb.WEBHOOK_STATE_DISABLED,
}
_DELIVERY_STATES: Final = {
    DeliveryState.WAITING: pb.DELIVERY_STATE_WAITING,
    DeliveryState.DELIVERED: pb.DELIVERY_STATE_DELIVERED,
    DeliveryState.GIVEN_UP: pb.DELIVERY_STATE_GIVEN_UP,
}


def webhook_message(webhook: Webhook, waiting: int, public_keys: Iterable[str]) -> pb.Webhook:
    """Return a webhook as it travels."""
    return pb.Webhook(
        webhook_id=webhook.id,
        url=webhook.url,
        event_types=webhook.event_types,
        description=webhook.description,
        state=_WEBHOOK_STATES[webhook.state],
        state_reason=webhook.reason,
        failing_since=stamp(webhook.failing_since),
        waiting=waiting,
        public_keys=public_keys,
        created_at=stamp(webhook.created.at),
        created_by=webhook.created.by,
        changed_at=stamp(webhook.changed.at),
        changed_by=webhook.changed.by,
    )


def delivery_message(delivery: Delivery) -> pb.Delivery:
    """Return a delivery as it travels."""
    return pb.Delivery(
        delivery_id=delivery.id,
        webhook_id=delivery.webhook,
        event_id=delivery.event.id,
        event_type=delivery.event.type,
        sequence=delivery.event.sequence,
        ordering_key=delivery.event.lane,
        state=_DELIVERY_STATES[delivery.state],
        attempts=delivery.attempts,
        last_status=delivery.last_status,
        last_error=delivery.last_error,
        next_try_at=stamp(delivery.next_try_at),
        replayed=bool(delivery.replay),
        created_at=stamp(delivery.created_at),
        delivered_at=stamp(delivery.delivered_at),
    )


def delivery_state_of(state: pb.DeliveryState.ValueType) -> DeliveryState | None:
    """Return a state that is asked for; `None` where none is. Raises `FieldInvalidError`."""
    if state == pb.DELIVERY_STATE_UNSPECIFIED:
        return None
    for meaning, number in _DELIVERY_STATES.items():
        if number == state:
            return meaning
    raise FieldInvalidError("state", state, "must be a state of deliveries")


def uuid_of(field: str, text: str) -> str:
    """Return a UUID in its usual form. Raises `FieldInvalidError`."""
    try:
        return str(UUID(text))
    except ValueError as error:
        raise FieldInvalidError(field, text, "must be a UUID") from error


def overlap_of(request: pb.RotateSecretRequest) -> timedelta | None:
    """Return how long old secrets are valid; `None` where it is not said. Raises `FieldInvalidError`."""
    if not request.HasField("overlap"):
        return None
    try:
        return request.overlap.ToTimedelta()
    except (ValueError, OverflowError) as error:
        raise FieldInvalidError("overlap", request.overlap.seconds, "must be a duration") from error


def since_of(request: pb.ReplayDeliveriesRequest) -> datetime | int | str:
    """Return where a replay begins: an instant, a place, or a delivery's id. Raises `FieldInvalidError`."""
    match request.WhichOneof("from"):
        case "since":
            try:
                return request.since.ToDatetime(UTC)
            except (ValueError, OverflowError) as error:
                raise FieldInvalidError("since", request.since.seconds, "must be an instant") from error
        case "sequence":
            if request.sequence >= 2**63:
                raise FieldInvalidError("sequence", request.sequence, "must be below 2^63")
            return request.sequence
        case "delivery_id":
            return uuid_of("delivery_id", request.delivery_id)
        case _:
            raise FieldInvalidError("from", "", "an instant, a place or a delivery must be named")
