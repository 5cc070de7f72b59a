"""Use cases of webhooks: what staff do with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from selection.domain import webhook as webhooks
from selection.domain.webhook import (
    Change,
    Delivery,
    DeliveryState,
    DeliveryUnknownError,
    Occurred,
    ReplayTooLargeError,
    WebhookFieldError,
    WebhookState,
    WebhookUnknownError,
)
from selection.handlers.webhook_records import Generation

if TYPE_CHECKING:
    from collections.abc import Collection

    from selection.domain.webhook import Webhook
    from selection.domain.webhook_address import Reach
    from selection.handlers.webhook_records import Keys, WebhookRecords

OVERLAP: Final = timedelta(days=1)
"""How long a secret signs after it was rotated, unless said otherwise."""

LONGEST_OVERLAP: Final = timedelta(days=7)
LARGEST_REPLAY: Final = 10_000
"""Deliveries of one replay."""
_REPLAY: Final = "replay"


@dataclass(frozen=True, slots=True)
class Told:
    """A secret, for this once, and until when those before it are valid."""

    webhook: Webhook
    secret: str
    old_valid_until: datetime


async def create_webhook(
    url: str, types: Collection[str], description: str, reach: Reach, records: WebhookRecords, keys: Keys
) -> Told:
    """Register an address, which hears what happens from now on.

    Raises `SigningKeyMissingError`, `WebhookUrlError` and `WebhookFieldError`.
    """
    keys.require()
    # While the feed is held, no event behind the last one can have passed it by.
    await records.hold_feed()
    after, by = await records.last_sequence(), Change(records.now, records.actor)
    created = webhooks.create(str(uuid4()), reach.require_url(url), types, description, after, by)
    await records.add_webhook(created)
    first = Generation(1, keys.root)
    await records.add_generation(created.id, first)
    return Told(created, keys.secret(created.id, first.number), records.now)


async def pause_webhook(webhook_id: str, reason: str, records: WebhookRecords) -> Webhook:
    """Deliver nothing until it is resumed. Raises `WebhookUnknownError` and `WebhookFieldError`."""
    reason = webhooks.text("reason", reason)
    found = await _webhook(webhook_id, records)
    paused = webhooks.paused(found, reason, Change(records.now, records.actor))
    await records.save_webhook(paused)
    await records.stand_still(webhook_id)
    return paused


async def resume_webhook(webhook_id: str, skip: Collection[str], records: WebhookRecords) -> Webhook:
    """Go on where it stands, at once, without the deliveries to `skip`.

    Raises `WebhookUnknownError` and `DeliveryUnknownError`.
    """
    found = await _webhook(webhook_id, records)
    given_up = await records.give_up(webhook_id, set(skip), f"skipped by {records.actor}") if skip else 0
    if given_up != len(set(skip)):
        raise DeliveryUnknownError("skip_delivery_ids", ", ".join(skip), "must be waiting deliveries of the webhook")
    resumed = webhooks.resumed(found, Change(records.now, records.actor))
    await records.save_webhook(resumed)
    for head in await records.heads(webhook_id):
        # What is under way needs no second attempt beside it.
        if head.next_try_at is None or head.next_try_at > records.now:
            await line_up(replace(head, tries=0), records)
    return resumed


async def delete_webhook(webhook_id: str, records: WebhookRecords) -> None:
    """End it for good. Raises `WebhookUnknownError`."""
    found = await _webhook(webhook_id, records)
    await records.give_up(webhook_id, None, "the webhook was deleted")
    await records.end_generations(webhook_id, records.now)
    await records.save_webhook(webhooks.deleted(found, Change(records.now, records.actor)))


async def rotate_secret(webhook_id: str, overlap: timedelta | None, records: WebhookRecords, keys: Keys) -> Told:
    """Make a new secret and key; the old ones are valid for `overlap` more, a day where it is `None`.

    Raises `SigningKeyMissingError`, `WebhookUnknownError` and `WebhookFieldError`.
    """
    keys.require()
    overlap = OVERLAP if overlap is None else overlap
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise WebhookFieldError("overlap", overlap, f"must be 0 to {LONGEST_OVERLAP.days} days")
    found = await _webhook(webhook_id, records)
    newest = (await records.generations(webhook_id))[0]
    until = records.now + overlap
    await records.end_generations(webhook_id, until)
    following = Generation(newest.number + 1, keys.root)
    await records.add_generation(webhook_id, following)
    return Told(found, keys.secret(webhook_id, following.number), until)


async def replay(webhook_id: str, since: datetime | int | str, records: WebhookRecords) -> int:
    """Deliver past events again, from an instant or place on, or that of one delivery (its id); return how many.

    Raises `WebhookUnknownError`, `WebhookFieldError`, `DeliveryUnknownError` and `ReplayTooLargeError`.
    """
    # In the feed's own order of locks.
    until = await records.hold_feed()
    found = await _webhook(webhook_id, records)
    if isinstance(since, str):
        events = [await _event_of(webhook_id, since, records)]
    else:
        if isinstance(since, int) and since < 1:
            raise WebhookFieldError("sequence", since, "must be at least 1")
        heard = await records.events_from(since, until, LARGEST_REPLAY + 1)
        events = [event for event in heard if found.wants(event.type)]
        if len(heard) > LARGEST_REPLAY:
            raise ReplayTooLargeError("from", since, f"a replay has at most {LARGEST_REPLAY} events: begin later")
    name = str(uuid4())
    for event in events:
        await record_delivery(found, replace(event, lane=f"{_REPLAY}/{name}/{event.lane}"), name, records)
    return len(events)


async def send_test(webhook_id: str, event_type: str, records: WebhookRecords) -> str:
    """Send one test, once; return the id of its delivery. Raises `WebhookUnknownError`."""
    found = await _webhook(webhook_id, records)
    test_id = str(uuid4())
    event = Occurred(str(uuid4()), event_type, 0, f"test/{test_id}")
    delivery = Delivery(test_id, found.id, event, "", records.now)
    await records.add_delivery(delivery)
    await line_up(delivery, records)
    return test_id


async def record_delivery(webhook: Webhook, event: Occurred, replay_id: str, records: WebhookRecords) -> None:
    """Record that the webhook gets the event, once; it is attempted when it is the first of its lane."""
    before = await records.head(webhook.id, event.lane)
    delivery = Delivery(str(uuid4()), webhook.id, event, replay_id, records.now)
    if await records.add_delivery(delivery) and before is None and webhook.state is WebhookState.ACTIVE:
        await line_up(delivery, records)


async def line_up(delivery: Delivery, records: WebhookRecords) -> None:
    """Have a delivery attempted now; a turn planned before is void."""
    planned = replace(delivery, turn=delivery.turn + 1, next_try_at=records.now)
    await records.save_delivery(planned)
    await records.line_up(planned)


async def _webhook(webhook_id: str, records: WebhookRecords) -> Webhook:
    found = await records.webhook(webhook_id)
    if found is None:
        raise WebhookUnknownError("webhook_id", webhook_id, "must be a webhook that is not deleted")
    return found


async def _event_of(webhook_id: str, delivery_id: str, records: WebhookRecords) -> Occurred:
    found = await records.delivery(delivery_id)
    if found is None or found.webhook != webhook_id or found.is_test or found.state is DeliveryState.WAITING:
        raise DeliveryUnknownError("delivery_id", delivery_id, "must be an ended delivery of the webhook, and no test")
    return replace(found.event, lane=found.event.lane.split("/", 2)[2]) if found.replay else found.event
