"""The log in PostgreSQL when several write to it, when an append breaks off, and when a head is signed meanwhile."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from common.clock import SystemClock
from common.database import Database
from notary import handlers
from notary.app import MIGRATIONS
from notary.store import LogStore
from verify.merkle import check_consistency
from verify.tree import Tree

from tests.builders.notary_service import event_ids
from tests.builders.public_record import private_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.tree import Coordinate, Frontier

EVENTS = 400


class BrokenOffError(Exception):
    """The process would have died here."""


class BreakingLog(LogStore):
    """A log whose appends break off when everything is written and nothing committed."""

    async def grow(
        self, sequences: Sequence[int], start: int, frontier: Frontier, nodes: Sequence[tuple[Coordinate, bytes]]
    ) -> None:
        await super().grow(sequences, start, frontier, nodes)
        raise BrokenOffError


def database(url: str) -> Database:
    return Database(url, "notary", MIGRATIONS, SystemClock())


async def record(kept: Database, count: int) -> None:
    async with kept.transaction() as tx:
        await LogStore(tx).add({event_id: f'{{"event":"{event_id}"}}'.encode() for event_id in event_ids(count)})


async def tree_of(kept: Database) -> Tree:
    """The tree over the entries as they stand in the log, computed anew."""
    tree = Tree()
    async with kept.transaction(readonly=True) as tx:
        for placed in await LogStore(tx).leaves(0, 10 * EVENTS):
            assert tree.append(placed.leaf) == placed.index
    return tree


async def test_an_append_that_breaks_off_leaves_nothing_and_is_made_again_whole(fresh_database_url: str) -> None:
    async with database(fresh_database_url) as kept:
        for count in (7, 5):
            await record(kept, count)
            before = await tree_of(kept)
            with pytest.raises(BrokenOffError):
                async with kept.transaction() as tx:
                    await handlers.sequence(BreakingLog(tx))
            assert (await tree_of(kept)).frontier == before.frontier
            async with kept.transaction() as tx:
                assert await handlers.sequence(LogStore(tx)) == count
        whole = await tree_of(kept)
        async with kept.transaction() as tx:
            assert await LogStore(tx).lock_tree() == whole.frontier
            assert dict(await LogStore(tx).nodes(list(whole.nodes))) == whole.nodes


async def test_heads_that_are_signed_while_several_notaries_write_are_all_of_one_log(fresh_database_url: str) -> None:
    async with AsyncExitStack() as open_until_the_end:
        notaries = [await open_until_the_end.enter_async_context(database(fresh_database_url)) for _ in range(3)]

        async def hear(kept: Database) -> None:
            for _ in range(EVENTS // 20):
                await record(kept, 20)

        async def place(kept: Database) -> None:
            placed = 0
            while placed or (await count(kept)) < EVENTS * len(notaries) + 20:
                async with kept.transaction() as tx:
                    placed = await handlers.sequence(LogStore(tx))

        async def sign(kept: Database) -> None:
            covered = 20
            while covered < EVENTS * len(notaries) + 20:
                async with kept.transaction() as tx:
                    signed = await handlers.sign_head(
                        LogStore(tx), private_key(), tx.now, waited_seconds=5, interval_seconds=1
                    )
                    newest = signed or await LogStore(tx).newest_head()
                covered = newest.head.tree_size if newest else 0

        await record(notaries[0], 20)
        async with notaries[0].transaction() as tx:
            await handlers.sequence(LogStore(tx))
            assert await handlers.sign_head(
                LogStore(tx), private_key(), tx.now, waited_seconds=5, interval_seconds=1
            )  # fmt: skip
        await asyncio.gather(*(work(kept) for kept in notaries for work in (hear, place, sign)))
        tree = await tree_of(notaries[0])
        assert tree.frontier.size == EVENTS * len(notaries) + 20
        async with notaries[0].transaction(readonly=True) as tx:
            heads = await LogStore(tx).heads(0, 10 * EVENTS)
        assert len(heads) > 1
        for before, after in pairwise(heads):
            check_consistency(
                first=before.head.tree_size,
                second=after.head.tree_size,
                proof=tree.consistency(before.head.tree_size, after.head.tree_size),
                first_root=before.head.root_hash,
                second_root=after.head.root_hash,
            )
        assert heads[-1].head.root_hash == tree.root()


async def count(kept: Database) -> int:
    """Entries in the tree."""
    async with kept.transaction(readonly=True) as tx:
        return await LogStore(tx).size()
