"""What the use cases of webhooks need to remember, and the keys they sign with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from selection.domain.webhook import Delivery, Occurred, Webhook

WEBHOOK_PROCESS: Final = "webhook"
"""Kind of the process manager; its id is the webhook's."""

DELIVERING: Final = "webhook.deliver"
"""Kind of the task that makes one attempt."""


@dataclass(frozen=True, slots=True)
class Generation:
    """One of a webhook's pairs of secret and key, by its number (1 is the first); the newest has no end.

    `root` tells from which key of the service it is derived.
    """

    number: int
    root: str
    valid_until: datetime | None = None


class WebhookRecords(Protocol):
    """What the use cases need to remember."""

    @property
    def now(self) -> datetime:
        """The instant of this transaction (UTC)."""

    @property
    def actor(self) -> str:
        """Who causes it."""

    async def hold_feed(self) -> int:
        """The place in the order of events up to which deliveries are recorded; nobody else moves it meanwhile."""

    async def move_feed(self, sequence: int) -> None:
        """Note that deliveries are recorded up to this place."""

    async def last_sequence(self) -> int:
        """The place of the newest event; 0 before the first."""

    async def events_after(self, sequence: int, limit: int) -> tuple[list[Occurred], int]:
        """Events behind a place, in order, from up to `limit` entries, and the place of the last entry."""

    async def events_from(self, since: datetime | int, until: int, limit: int) -> list[Occurred]:
        """Up to `limit` events from an instant or place on, up to the place `until`, in order."""

    async def add_webhook(self, webhook: Webhook) -> None:
        """Keep a new webhook."""

    async def save_webhook(self, webhook: Webhook) -> None:
        """Keep a webhook that changed, and who must act on it."""

    async def webhook(self, webhook_id: str) -> Webhook | None:
        """A webhook that is not deleted, locked; `None` where there is none."""

    async def webhooks(self) -> Sequence[Webhook]:
        """All webhooks that are not deleted, locked."""

    async def add_generation(self, webhook_id: str, generation: Generation) -> None:
        """Keep a new generation of a webhook's keys."""

    async def generations(self, webhook_id: str) -> Sequence[Generation]:
        """The generations that are valid now, newest first."""

    async def end_generations(self, webhook_id: str, valid_until: datetime) -> None:
        """Let the present generations end at this instant, those that end earlier as they do."""

    async def add_delivery(self, delivery: Delivery) -> bool:
        """Keep a new delivery; `False` where the webhook has the event already."""

    async def save_delivery(self, delivery: Delivery) -> None:
        """Keep a delivery that changed."""

    async def delivery(self, delivery_id: str) -> Delivery | None:
        """A delivery; locked with its webhook, not by itself."""

    async def heads(self, webhook_id: str) -> Sequence[Delivery]:
        """The first waiting delivery of each lane of a webhook, without tests."""

    async def head(self, webhook_id: str, lane: str) -> Delivery | None:
        """The first waiting delivery of a lane."""

    async def others_fail(self, delivery: Delivery) -> bool:
        """Whether another waiting delivery of the same webhook has failed."""

    async def stand_still(self, webhook_id: str) -> None:
        """Forget when the webhook's waiting deliveries would be tried."""

    async def give_up(self, webhook_id: str, delivery_ids: Collection[str] | None, reason: str) -> int:
        """Give up waiting deliveries, all where `None` is named; return how many there were."""

    async def line_up(self, delivery: Delivery) -> None:
        """Have the delivery's present turn attempted at its `next_try_at`."""


class Keys(Protocol):
    """Secrets and keys of webhooks, by generation."""

    def require(self) -> None:
        """Raise `SigningKeyMissingError` where the service has no key."""

    @property
    def root(self) -> str:
        """What tells the service's key from another."""

    def secret(self, webhook_id: str, generation: int) -> str:
        """The secret of the v1 signatures, as `whsec_` and base64."""

    def public_key(self, webhook_id: str, generation: int) -> str:
        """The public key of the v1a signatures, as `whpk_` and base64."""
