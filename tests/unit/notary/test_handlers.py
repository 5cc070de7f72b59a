"""The notary's use cases, on a log in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from dokpamo.selection.v1.events_pb2 import RuleSetFrozen
from notary import handlers
from notary.domain.admission import EventRewrittenError
from notary.domain.extent import NotLoggedError
from notary.handlers import growing
from verify.head import check_signature
from verify.merkle import check_consistency, check_inclusion, hash_leaf

from tests.builders.notary_log import MemoryLog
from tests.builders.public_record import LogBuilder, private_key

if TYPE_CHECKING:
    from verify.entry import Entry
    from verify.head import SignedTreeHead

KEY = private_key()
NOW = datetime(2026, 1, 10, tzinfo=UTC)


def entries(count: int) -> list[Entry]:
    log = LogBuilder()
    return [log.add(RuleSetFrozen(rule_set_sha256=f"{number:064x}")) for number in range(count)]


async def logged(count: int) -> MemoryLog:
    log = MemoryLog()
    await handlers.record(entries(count), log)
    await handlers.sequence(log)
    return log


async def sign(log: MemoryLog, waited_seconds: float = 10.0) -> SignedTreeHead | None:
    return await handlers.sign_head(log, KEY, NOW, waited_seconds=waited_seconds, interval_seconds=2.0)


async def test_an_event_that_comes_twice_is_one_entry() -> None:
    log = await logged(3)
    await handlers.record([replace(entries(3)[1], offset=77)], log)
    assert await handlers.sequence(log) == 0
    assert len(log.arrived) == 3


async def test_an_event_that_comes_again_with_another_content_is_refused() -> None:
    log = await logged(3)
    with pytest.raises(EventRewrittenError):
        await handlers.record([replace(entries(3)[1], payload=b"other")], log)


async def test_an_event_that_is_twice_among_those_that_came_together_is_one_entry_or_refused() -> None:
    log = MemoryLog()
    first = entries(1)[0]
    await handlers.record([first, replace(first, offset=77)], log)
    assert list(log.arrived.values()) == [first.encode()]
    with pytest.raises(EventRewrittenError):
        await handlers.record([first, replace(first, payload=b"other")], MemoryLog())


async def test_a_burst_gets_its_places_in_batches_in_order_of_arrival(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = await logged(20)
    monkeypatch.setattr(growing, "BATCH", 7)
    log = MemoryLog()
    await handlers.record(entries(20), log)
    assert [await handlers.sequence(log) for _ in range(4)] == [7, 7, 6, 0]
    assert [placed.leaf for placed in await log.leaves(0, 100)] == [entry.encode() for entry in entries(20)]
    assert log.frontier == at_once.frontier


async def test_every_entry_is_proved_in_every_head_that_covers_it() -> None:
    log = await logged(13)
    signed = await sign(log)
    assert signed is not None
    check_signature(signed, KEY.public_key())
    for number, entry in enumerate(entries(13)):
        proof = await handlers.prove_inclusion(log, event_id=entry.event_id, index=0, size=0)
        check_inclusion(
            leaf_hash=hash_leaf(entry.encode()), index=number, size=13, proof=proof.hashes, root=signed.head.root_hash
        )
        assert proof == await handlers.prove_inclusion(log, event_id=None, index=number, size=13)


async def test_each_head_is_proved_to_extend_the_one_before() -> None:
    log = await logged(5)
    first = await sign(log)
    await handlers.record(entries(12)[5:], log)
    await handlers.sequence(log)
    second = await sign(log)
    assert first is not None
    assert second is not None
    size, proof = await handlers.prove_consistency(log, 5, 0)
    check_consistency(
        first=5, second=size, proof=proof, first_root=first.head.root_hash, second_root=second.head.root_hash
    )


async def test_an_unchanged_log_gets_no_second_head() -> None:
    log = await logged(5)
    assert await sign(log) is not None
    assert await sign(log) is None


async def test_another_key_cannot_sign_on() -> None:
    log = await logged(5)
    await sign(log)
    other = private_key(8)
    with pytest.raises(handlers.KeyChangedError):
        await handlers.require_same_key(log, other)
    with pytest.raises(handlers.KeyChangedError):
        await handlers.sign_head(log, other, NOW, waited_seconds=10, interval_seconds=2)
    await handlers.require_same_key(log, KEY)
    await handlers.require_same_key(MemoryLog(), other)


async def test_an_event_without_a_place_is_not_yet_in_the_log() -> None:
    log = await logged(5)
    await sign(log)
    late = entries(6)[5]
    await handlers.record([late], log)
    with pytest.raises(NotLoggedError):
        await handlers.find(log, late.event_id)
    await handlers.sequence(log)
    assert (await handlers.find(log, late.event_id)).index == 5
    with pytest.raises(NotLoggedError):
        await handlers.prove_inclusion(log, event_id=late.event_id, index=0, size=0)
