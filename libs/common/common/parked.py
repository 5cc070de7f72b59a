"""Parked messages: what could not be applied, kept whole with the reason until staff redrive or dismiss it."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

import structlog
from aiokafka import ConsumerRecord
from dokpamo.common.v1 import events_pb2

from common import parked_line
from common.errors import FieldInvalidError, NotFoundError, Refused, TransientError, as_refused
from common.outages import is_the_databases
from common.outbox.rows import OutboxRow
from common.received import headers_of, raw_headers, sent_at, storable
from common.topics import PARKED_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from asyncpg import Record

    from common.consumer.subscriptions import Delivery, Subscriptions
    from common.database import Transaction
    from common.errors import Reasons

log = structlog.get_logger()

_COLUMNS: Final = (
    "id, position, consumer, topic, partition, kafka_offset, event_id, event_type, key, headers, payload, sent_at, "
    "code, reason, facts, attempts, parked_at, state, closed_by, closed_reason, closed_at"
)
_INSERT: Final = """
INSERT INTO parked (id, consumer, topic, partition, kafka_offset, event_id, event_type, key, headers, payload, sent_at,
                    code, reason, facts, attempts, parked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
"""


class AlreadyClosedError(Refused):
    """A parked message was redriven or dismissed before."""

    def __init__(self, parked_id: UUID, state: str) -> None:
        """Keep the `parked_id` and its `state`."""
        facts = {"field": "parked_id", "value": str(parked_id), "state": state}
        super().__init__("ALREADY_CLOSED", f"parked item {parked_id} is already {state}", facts)
        self.parked_id = parked_id
        self.state = state


@dataclass(frozen=True, slots=True)
class Parked:
    """One parked message. `position` orders them; `headers` are names and base64 values; instants are UTC."""

    id: UUID
    position: int
    consumer: str
    topic: str
    partition: int
    kafka_offset: int
    event_id: str
    event_type: str
    key: bytes | None
    headers: list[list[str | None]]
    payload: bytes | None
    sent_at: datetime
    code: str
    reason: str
    facts: Mapping[str, str]
    attempts: int
    parked_at: datetime
    state: str
    closed_by: str | None
    closed_reason: str | None
    closed_at: datetime | None


async def park(tx: Transaction, consumer: str, delivery: Delivery, refusal: Refused, attempts: int) -> UUID:
    """Keep the record of `delivery` whole, say so, and forward it to `<topic>.parked`; return the parked id."""
    record = delivery.record
    parked_id = uuid4()
    headers = headers_of(record)
    await tx.execute(
        _INSERT,
        parked_id,
        consumer,
        record.topic,
        record.partition,
        record.offset,
        headers.get("ce_id", ""),
        headers.get("ce_type", ""),
        record.key,
        raw_headers(record),
        record.value,
        sent_at(record),
        refusal.code,
        refusal.message,
        refusal.facts,
        attempts,
        tx.now,
    )
    origin = f"{record.topic}/{record.partition}/{record.offset}"
    await tx.publish(
        events_pb2.EventParked(
            service=tx.service,
            parked_id=str(parked_id),
            origin=origin,
            code=refusal.code,
            reason=refusal.message,
            payload_sha256=hashlib.sha256(record.value or b"").hexdigest(),
        )
    )
    # What is already among the parked is not forwarded again: there is no end to that.
    if not record.topic.endswith(PARKED_SUFFIX):
        tx.outgoing.append(_forwarded(tx, record, parked_id, origin, refusal))
    log.error("event.parked", parked_id=str(parked_id), origin=origin, code=refusal.code, reason=refusal.message)
    return parked_id


def _forwarded(tx: Transaction, record: ConsumerRecord, parked_id: UUID, origin: str, refusal: Refused) -> OutboxRow:
    """Return the message for `<topic>.parked`: the payload as it was, its headers under a prefix."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(uuid4()),
        "ce_type": "dokpamo.parked",
        "ce_source": f"/dokpamo/{tx.service}",
        "ce_time": tx.now.isoformat(),
        "ce_actor": tx.actor,
        "parked_id": str(parked_id),
        "parked_origin": origin,
        "parked_code": refusal.code,
    }
    headers |= {f"original_{name}": value for name, value in headers_of(record).items()}
    return OutboxRow(
        id=UUID(headers["ce_id"]),
        aggregate="parked",
        key=str(parked_id),
        type=headers["ce_type"],
        topic=record.topic + PARKED_SUFFIX,
        payload=record.value or b"",
        headers=headers,
        created_at=tx.now,
    )


async def open_count(tx: Transaction) -> int:
    """Return how many parked messages nobody has redriven or dismissed."""
    return int(await tx.fetchval("SELECT count(*) FROM parked WHERE state = 'parked'"))


async def list_parked(
    tx: Transaction, *, limit: int = 50, before: int | None = None, include_closed: bool = False
) -> list[Parked]:
    """Return parked messages, newest first; `before` is the `position` at which the last page ended."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM parked WHERE ($1::bigint IS NULL OR position < $1) AND ($2 OR state = 'parked') "
        "ORDER BY position DESC LIMIT $3",
        before,
        include_closed,
        limit,
    )
    return [_parked(row) for row in rows]


async def dismiss(tx: Transaction, parked_id: UUID, reason: str) -> None:
    """Close a parked message without applying it, for `reason`; a stopped line opens again.

    Raises `NotFoundError`, `AlreadyClosedError`, and `FieldInvalidError` for an empty reason.
    """
    if not reason.strip():
        raise FieldInvalidError("reason", reason, "a dismissal says why")
    item = await _open_item(tx, parked_id)
    await _close(tx, item, "dismissed", reason)


async def redrive(tx: Transaction, subscriptions: Subscriptions, reasons: Reasons, parked_id: UUID) -> Refused | None:
    """Apply a parked message again; return `None` if it was applied, else why it is refused again and stays parked.

    What another event must come first for, or what fails otherwise, stays parked too. A stopped line opens again.
    Raises `NotFoundError` and `AlreadyClosedError`.
    """
    item = await _open_item(tx, parked_id)
    delivery = subscriptions.delivery(_record(item))
    refusal = delivery.defect or await _try(tx, delivery, reasons)
    if refusal is None:
        await _close(tx, item, "redriven", "")
        return None
    await tx.execute(
        "UPDATE parked SET code = $2, reason = $3, facts = $4, attempts = attempts + 1 WHERE id = $1",
        item.id,
        refusal.code,
        refusal.message,
        refusal.facts,
    )
    await parked_line.reopen(tx, item.consumer)
    return refusal


async def _try(tx: Transaction, delivery: Delivery, reasons: Reasons) -> Refused | None:
    """Run the handler inside `tx`; undo what it did if it fails."""
    if delivery.handler is None or delivery.event is None:
        return None
    said = len(tx.outgoing)
    try:
        async with tx.connection.transaction():
            await delivery.handler(delivery.event, tx)
    except Exception as error:
        del tx.outgoing[said:]
        # Then nothing happened, and who asked may ask again.
        if is_the_databases(error, tx.connection):
            raise
        return refusal_of(error, reasons)
    return None


def refusal_of(error: Exception, reasons: Reasons) -> Refused:
    """Return why a message is parked after `error`: the refusal, else GIVEN_UP (transient) or UNEXPECTED (unknown)."""
    refusal = None if isinstance(error, TransientError) else as_refused(error, reasons)
    if refusal is None:
        code = "GIVEN_UP" if isinstance(error, TransientError) else "UNEXPECTED"
        refusal = Refused(code, f"{type(error).__name__}: {error}", {"error": type(error).__name__})
    # An error may quote what it was given.
    facts = {storable(name): storable(value) for name, value in refusal.facts.items()}
    return Refused(refusal.code, storable(refusal.message), facts, refusal.status)


async def _open_item(tx: Transaction, parked_id: UUID) -> Parked:
    row = await tx.fetchrow(f"SELECT {_COLUMNS} FROM parked WHERE id = $1 FOR UPDATE", parked_id)
    if row is None:
        raise NotFoundError("parked_id", str(parked_id))
    item = _parked(row)
    if item.state != "parked":
        raise AlreadyClosedError(item.id, item.state)
    return item


async def _close(tx: Transaction, item: Parked, state: str, reason: str) -> None:
    await tx.execute(
        "UPDATE parked SET state = $2, closed_by = $3, closed_reason = $4, closed_at = $5 WHERE id = $1",
        item.id,
        state,
        tx.actor,
        reason,
        tx.now,
    )
    await parked_line.reopen(tx, item.consumer)
    log.info("event.closed", parked_id=str(item.id), state=state, actor=tx.actor, reason=reason)


def _parked(row: Record) -> Parked:
    return Parked(**dict(row))


def _record(item: Parked) -> ConsumerRecord[Any, Any]:
    """Return the record as it came from Kafka."""
    return ConsumerRecord(
        topic=item.topic,
        partition=item.partition,
        offset=item.kafka_offset,
        timestamp=int(item.sent_at.timestamp() * 1000),
        timestamp_type=0,
        key=item.key,
        value=item.payload,
        checksum=None,
        serialized_key_size=-1 if item.key is None else len(item.key),
        serialized_value_size=-1 if item.payload is None else len(item.payload),
        headers=tuple((str(name), None if value is None else base64.b64decode(value)) for name, value in item.headers),
    )
