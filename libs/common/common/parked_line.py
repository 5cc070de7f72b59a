"""Whether a consumer's line goes on: it stops where too much is parked in a while, until staff have looked at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from datetime import timedelta

    from common.database import Transaction

log = structlog.get_logger()


async def stops(tx: Transaction, consumer: str, limit: int, window: timedelta) -> bool:
    """Stop the line if `limit` messages were parked within `window` (real time, since it last opened); say whether."""
    recent = await tx.fetchval(
        "SELECT count(*) FROM parked WHERE consumer = $1 AND arrived_at > clock_timestamp() - $2::interval "
        "AND arrived_at > coalesce((SELECT reopened_at FROM line WHERE consumer = $1), '-infinity')",
        consumer,
        window,
    )
    if recent < limit:
        return False
    reason = f"{recent} messages parked within {window.total_seconds():g} s"
    await tx.execute(
        "INSERT INTO line (consumer, stopped_at, reason) VALUES ($1, clock_timestamp(), $2) "
        "ON CONFLICT (consumer) DO UPDATE SET stopped_at = excluded.stopped_at, reason = excluded.reason",
        consumer,
        reason,
    )
    log.error("consumer.line_stopped", consumer=consumer, reason=reason)
    return True


async def stopped(tx: Transaction, consumer: str) -> str | None:
    """Return why the line stands, or `None` if it is open."""
    reason: str | None = await tx.fetchval(
        "SELECT reason FROM line WHERE consumer = $1 AND stopped_at IS NOT NULL", consumer
    )
    return reason


async def reopen(tx: Transaction, consumer: str) -> None:
    """Let a stopped line go on: staff has looked at what was parked."""
    await tx.execute(
        "UPDATE line SET stopped_at = NULL, reason = '', reopened_at = clock_timestamp() "
        "WHERE consumer = $1 AND stopped_at IS NOT NULL",
        consumer,
    )
