"""Use cases of deliveries: what the platform does with webhooks by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from selection.domain import webhook as webhooks
from selection.domain.webhook import Change, DeliveryState, WebhookState
from selection.handlers.webhooks import line_up, record_delivery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from selection.domain.webhook import Answer, Delivery, Webhook
    from selection.handlers.webhook_records import Generation, WebhookRecords

_EVENTS_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that is to be made: what, where to, and signed by which keys."""

    webhook: Webhook
    delivery: Delivery
    generations: Sequence[Generation]


async def feed(records: WebhookRecords) -> bool:
    """Record the deliveries of the next events, in their order; return whether there may be more.

    Each event is taken in the transaction that moves the feed behind it: for every webhook once, whatever dies.
    """
    position = await records.hold_feed()
    events, last = await records.events_after(position, _EVENTS_AT_ONCE)
    if last == position:
        return False
    for webhook in await records.webhooks() if events else ():
        for event in events:
            if webhook.hears(event.type, event.sequence):
                await record_delivery(webhook, event, "", records)
    await records.move_feed(last)
    return True


async def next_attempt(delivery_id: str, turn: int, records: WebhookRecords) -> Attempt | None:
    """Return the attempt that is to be made; `None` where it was overtaken by another turn, a pause or an end."""
    delivery = await records.delivery(delivery_id)
    if delivery is None or delivery.turn != turn or delivery.state is not DeliveryState.WAITING:
        return None
    webhook = await records.webhook(delivery.webhook)
    if webhook is None or (webhook.state is not WebhookState.ACTIVE and not delivery.is_test):
        return None
    return Attempt(webhook, delivery, await records.generations(webhook.id))


async def record_attempt(attempt: Attempt, answer: Answer, records: WebhookRecords) -> None:
    """Keep what came of an attempt, and what follows: the next of the lane, another try, or the webhook's pause."""
    webhook = await records.webhook(attempt.webhook.id)
    delivery = await records.delivery(attempt.delivery.id)
    if webhook is None or delivery is None or delivery.state is not DeliveryState.WAITING:
        return
    now = records.now
    tried = webhooks.after_attempt(webhook, delivery, attempt.delivery.turn, answer, now)
    await records.save_delivery(tried)
    others_fail = await records.others_fail(tried)
    following = webhooks.webhook_after(webhook, tried, answer, now, others_fail=others_fail)
    if following != webhook:
        await records.save_webhook(following)
    if following.state is not WebhookState.ACTIVE:
        await records.stand_still(webhook.id)
    elif tried.state is not DeliveryState.WAITING:
        head = await records.head(webhook.id, tried.event.lane)
        if head is not None:
            await line_up(head, records)
    elif tried.turn != delivery.turn:
        await records.line_up(tried)


async def attempt_failed_here(delivery_id: str, error: str, records: WebhookRecords) -> None:
    """Pause the webhook of a delivery that could not even be attempted: the fault is ours, and people must see it."""
    delivery = await records.delivery(delivery_id)
    webhook = None if delivery is None else await records.webhook(delivery.webhook)
    if webhook is None:
        return
    reason = f"delivery {delivery_id} could not be attempted: {error}"
    await records.save_webhook(webhooks.paused(webhook, reason, Change(records.now, records.actor)))
    await records.stand_still(webhook.id)
