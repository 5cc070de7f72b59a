"""What an append, a proof and a restart read grows with the logarithm of the log: nodes are counted."""

from __future__ import annotations

import random
from dataclasses import dataclass
from math import ceil, log2
from typing import TYPE_CHECKING

import pytest
from notary import handlers
from verify.merkle import EMPTY_ROOT, check_consistency, check_inclusion
from verify.tree import Coordinate, Frontier, fold, peaks_of

from tests.builders.notary_log import MemoryLog

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SIZES = (1, 2, 3, 255, 256, 257, 1_023, 4_096, 20_001)


@dataclass
class CountingLog(MemoryLog):
    """A log that counts the nodes that are read and kept."""

    read: int = 0
    written: int = 0

    async def nodes(self, wanted: Sequence[Coordinate]) -> Mapping[Coordinate, bytes]:
        self.read += len(wanted)
        return await super().nodes(wanted)

    async def grow(
        self, sequences: Sequence[int], start: int, frontier: Frontier, nodes: Sequence[tuple[Coordinate, bytes]]
    ) -> None:
        self.written += len(nodes)
        await super().grow(sequences, start, frontier, nodes)


async def of_size(size: int) -> CountingLog:
    log = CountingLog()
    await add(log, size)
    return log


async def add(log: CountingLog, count: int) -> None:
    start = len(log.arrived)
    log.arrived.update({str(number): b"leaf %d" % number for number in range(start, start + count)})
    while await handlers.sequence(log):
        pass


def root(log: CountingLog, size: int) -> bytes:
    return fold([log.kept[node] for node in peaks_of(0, size)]) if size else EMPTY_ROOT


@pytest.mark.parametrize("size", SIZES)
async def test_a_proof_reads_two_nodes_a_level_at_most(size: int) -> None:
    log = await of_size(size)
    most = 2 * ceil(log2(size)) + 2 if size > 1 else 2
    chosen = {0, size - 1, *(random.Random(size).randrange(size) for _ in range(20))}
    for index in chosen:
        log.read = 0
        proof = await handlers.prove_inclusion(log, event_id=None, index=index, size=size)
        assert log.read <= most, index
        check_inclusion(
            leaf_hash=proof.leaf_hash, index=index, size=size, proof=list(proof.hashes), root=root(log, size)
        )
        log.read = 0
        _, hashes = await handlers.prove_consistency(log, index + 1, size)
        assert log.read <= most, index
        check_consistency(
            first=index + 1,
            second=size,
            proof=list(hashes),
            first_root=root(log, index + 1),
            second_root=root(log, size),
        )


@pytest.mark.parametrize("size", SIZES)
async def test_an_append_reads_the_right_edge_only_and_keeps_no_more_than_a_node_a_level(size: int) -> None:
    log = await of_size(size)
    assert log.read == 0
    assert log.written == 2 * size - size.bit_count()
    assert len(log.frontier.peaks) == size.bit_count() <= ceil(log2(size + 1))
    log.written = 0
    await add(log, 1)
    assert log.read == 0
    assert log.written <= ceil(log2(size + 1)) + 1


@pytest.mark.parametrize("size", SIZES)
async def test_after_a_restart_the_right_edge_alone_is_enough_to_go_on(size: int) -> None:
    whole = await of_size(size + 300)
    log = await of_size(size)
    # All that a new process knows is what is kept: nodes, and the right edge.
    again = CountingLog(dict(log.arrived), dict(log.places), Frontier(log.frontier.size, log.frontier.peaks), log.kept)
    await add(again, 300)
    assert again.read == 0
    assert again.frontier == whole.frontier
    assert again.frontier.root() == root(whole, size + 300)
