"""Rows ↔ webhooks and deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from selection.domain.webhook import Change, Delivery, DeliveryState, Occurred, Webhook, WebhookState

if TYPE_CHECKING:
    from asyncpg import Record

WEBHOOK: Final = (
    "id, url, event_types, description, after, state, reason, failing_since, created_at, created_by, changed_at,"
    " changed_by"
)
DELIVERY: Final = (
    "id, webhook_id, seq, event_id, event_type, lane, replay, state, turn, tries, attempts, last_status, last_error,"
    " next_try_at, created_at, delivered_at"
)


def webhook_of(row: Record) -> Webhook:
    """Return a webhook from its `WEBHOOK` columns."""
    return Webhook(
        id=str(row["id"]),
        url=row["url"],
        event_types=tuple(row["event_types"]),
        description=row["description"],
        after=row["after"],
        created=Change(row["created_at"], row["created_by"]),
        changed=Change(row["changed_at"], row["changed_by"]),
        state=WebhookState(row["state"]),
        reason=row["reason"],
        failing_since=row["failing_since"],
    )


def delivery_of(row: Record) -> Delivery:
    """Return a delivery from its `DELIVERY` columns."""
    return Delivery(
        id=str(row["id"]),
        webhook=str(row["webhook_id"]),
        event=Occurred(str(row["event_id"]), row["event_type"], row["seq"], row["lane"]),
        replay=row["replay"],
        created_at=row["created_at"],
        state=DeliveryState(row["state"]),
        turn=row["turn"],
        tries=row["tries"],
        attempts=row["attempts"],
        last_status=row["last_status"],
        last_error=row["last_error"],
        next_try_at=row["next_try_at"],
        delivered_at=row["delivered_at"],
    )


def values_of(delivery: Delivery) -> tuple[object, ...]:
    """Return the values of a delivery's `DELIVERY` columns."""
    return (
        delivery.id,
        delivery.webhook,
        delivery.event.sequence,
        delivery.event.id,
        delivery.event.type,
        delivery.event.lane,
        delivery.replay,
        delivery.state.value,
        delivery.turn,
        delivery.tries,
        delivery.attempts,
        delivery.last_status,
        delivery.last_error,
        delivery.next_try_at,
        delivery.created_at,
        delivery.delivered_at,
    )
