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
from verify.entry import decode
from verify.head import check_signature
from verify.merkle import check_consistency, check_inclusion, hash_leaf
from verify.tree import Frontier, append

from tests.builders.notary_log import MemoryLog
from tests.builders.notary_openings import MemoryOpenings
from tests.builders.public_record import LogBuilder, private_key

if TYPE_CHECKING:
    from notary.domain.sealing import Arrived
    from verify.head import SignedTreeHead

KEY = private_key()
NOW = datetime(2026, 1, 10, tzinfo=UTC)


def entries(count: int) -> list[Arrived]:
    log = LogBuilder()
    for number in range(count):
        log.add(RuleSetFrozen(rule_set_sha256=f"{number:064x}"))
    return log.arrived


async def record(events: list[Arrived], log: MemoryLog) -> None:
    await handlers.record(events, log, MemoryOpenings(log))


async def logged(count: int) -> MemoryLog:
    log = MemoryLog()
    await record(entries(count), log)
    await handlers.sequence(log)
    return log


async def sign(log: MemoryLog, waited_seconds: float = 10.0) -> SignedTreeHead | None:
    return await handlers.sign_head(log, KEY, NOW, waited_seconds=waited_seconds, interval_seconds=2.0)


async def test_an_event_that_comes_twice_is_one_entry() -> None:
    log, openings = MemoryLog(), MemoryOpenings(MemoryLog())
    await handlers.record(entries(3), log, openings)
    await handlers.sequence(log)
    leaves = dict(log.arrived)
    again = entries(3)[1]
    await handlers.record([replace(again, place={**again.place, "offset": 77})], log, openings)
    assert log.arrived == leaves
    assert await handlers.sequence(log) == 0
    assert len(log.arrived) == 3


async def test_an_event_that_comes_again_with_another_content_is_refused() -> None:
    log = await logged(3)
    with pytest.raises(EventRewrittenError):
        await record([replace(entries(3)[1], payload={"rule_set_sha256": "other"})], log)


async def test_an_event_that_is_twice_among_those_that_came_together_is_one_entry_or_refused() -> None:
    log = MemoryLog()
    first = entries(1)[0]
    await record([first, replace(first, place={**first.place, "offset": 77})], log)
    assert list(log.arrived) == [first.event_id]
    with pytest.raises(EventRewrittenError):
        await record([first, replace(first, payload={"rule_set_sha256": "other"})], MemoryLog())


async def test_a_burst_gets_its_places_in_batches_in_order_of_arrival(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "BATCH", 7)
    log = MemoryLog()
    await record(entries(20), log)
    assert [await handlers.sequence(log) for _ in range(4)] == [7, 7, 6, 0]
    leaves = [placed.leaf for placed in await log.leaves(0, 100)]
    assert [decode(leaf).event_id for leaf in leaves] == [event.event_id for event in entries(20)]
    assert log.frontier == append(Frontier(), [hash_leaf(leaf) for leaf in leaves])[0]


async def test_every_entry_is_proved_in_every_head_that_covers_it() -> None:
    log = await logged(13)
    signed = await sign(log)
    assert signed is not None
    check_signature(signed, KEY.public_key())
    for number, (event_id, leaf) in enumerate(log.arrived.items()):
        proof = await handlers.prove_inclusion(log, event_id=event_id, index=0, size=0)
        check_inclusion(
            leaf_hash=hash_leaf(leaf), index=number, size=13, proof=proof.hashes, root=signed.head.root_hash
        )
        assert proof == await handlers.prove_inclusion(log, event_id=None, index=number, size=13)


async def test_each_head_is_proved_to_extend_the_one_before() -> None:
    log = await logged(5)
    first = await sign(log)
    await record(entries(12)[5:], log)
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
    await record([late], log)
    with pytest.raises(NotLoggedError):
        await handlers.find(log, late.event_id)
    await handlers.sequence(log)
    assert (await handlers.find(log, late.event_id)).index == 5
    with pytest.raises(NotLoggedError):
        await handlers.prove_inclusion(log, event_id=late.event_id, index=0, size=0)
