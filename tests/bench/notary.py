"""What an append, a proof and a recovery cost in the notary's log, beside pymerkle.

Append. Peer: `pymerkle.SqliteTree.append_entry`, its durable tree, on the same disk: the entry is in the tree and in
the file when the call returns. Ours: the notary as it runs, `record` of what one poll of Kafka brings and `sequence`,
on PostgreSQL: an event is in the log, has its place, and the tree's nodes are kept when the transaction is committed.
Both write the same leaves and must come to the same root. The peer commits each entry and we those that came together,
which is what the design gains; the peer's bulk call, all entries in one transaction and no nodes kept, is shown beside
it, and so are both trees in memory, where nothing is durable.
Proof. In a log of 1,000,000 leaves, of a random leaf in the newest signed head, read from PostgreSQL and checked.
Recovery. The notary's process on that log is killed; time from its new start to the first proof that it answers.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from common.auth import read_key
from common.clock import SystemClock
from common.database import Database
from common.errors import Refused
from common.grpc import Client, connect
from dokpamo.grants.v1.events_pb2 import HoldPosted
from dokpamo.notary.v1 import service_pb2 as pb
from notary import handlers
from notary.app import MIGRATIONS
from notary.domain.sealing import sealed
from notary.store import LogStore, OpeningStore
from pymerkle import InmemoryTree, SqliteTree
from verify.merkle import check_inclusion
from verify.tree import Tree

from tests.bench.ground import Verdict
from tests.builders.notary_service import settings_of
from tests.builders.public_record import LogBuilder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from notary.domain.sealing import Arrived
    from notary.settings import Settings

    from tests.bench.ground import Ground

ROUNDS, EVENTS = 5, 5_000
TOGETHER = 500
"""Events of one transaction, as many as the consumer takes at once."""
LARGE = 1_000_000
PROOFS = 500
STARTS = 3


async def measure(ground: Ground) -> list[Verdict]:
    """Print peer and ours; the three figures."""
    append = await _append(ground)
    settings = settings_of(ground.folder / "keys", ground.bootstrap, ground.database())
    async with Database(settings.database_url, "notary", MIGRATIONS, SystemClock()) as database:
        await _build(database, settings)
        proof = await _prove(database)
    return [await _recover(settings, ground.folder), proof, append]


def events(count: int, start: int = 0) -> list[Arrived]:
    """Events as the notary hears them, each with an id of its own; nothing in them is sealed, so that leaves agree."""
    log = LogBuilder()
    log.add(HoldPosted(job_id="job", team_id="team", gpu_seconds=3600))
    told = replace(log.arrived[0], actor="service:grants")
    return [replace(told, event_id=str(UUID(int=number))) for number in range(start, start + count)]


async def _append(ground: Ground) -> Verdict:
    ratios = []
    for number in range(ROUNDS):
        batch = events(EVENTS)
        leaves = [sealed(event, lambda: b"").entry.encode() for event in batch]
        with SqliteTree(str(ground.folder / f"peer-{number}.db")) as tree:
            peer = _rate(lambda tree=tree, leaves=leaves: [tree.append_entry(leaf) for leaf in leaves])  # type: ignore[misc] # mypy knows no defaults of a lambda
            root = tree.get_root()
        with SqliteTree(str(ground.folder / f"bulk-{number}.db")) as tree:
            bulk = _rate(lambda tree=tree, leaves=leaves: tree.append_entries(leaves))  # type: ignore[misc] # as above
        async with Database(ground.database(), "notary", MIGRATIONS, SystemClock()) as database:
            began = time.perf_counter()
            await _take(database, batch)
            ours = EVENTS / (time.perf_counter() - began)
            async with database.transaction() as tx:
                if (await LogStore(tx).lock_tree()).root() != root:
                    raise AssertionError("peer and ours disagree on the root")
        ratios.append(ours / peer)
        print(f"round {number + 1}, durable: peer {peer:8.0f} entries/s (bulk {bulk:8.0f}), ours {ours:8.0f} entries/s")
    _show_memory(leaves)
    return Verdict(statistics.median(ratios), "times pymerkle's durable append", 10, name="append")


def _show_memory(leaves: list[bytes]) -> None:
    theirs, ours = InmemoryTree(), Tree()
    peer = _rate(lambda: [theirs.append_entry(leaf) for leaf in leaves])
    mine = _rate(lambda: [ours.append(leaf) for leaf in leaves])
    if theirs.get_root() != ours.root():
        raise AssertionError("peer and ours disagree on the root")
    print(f"in memory, nothing durable: peer {peer:8.0f} entries/s, ours {mine:8.0f} entries/s")


def _rate(work: Callable[[], object]) -> float:
    """Entries a second of work on `EVENTS` entries."""
    began = time.perf_counter()
    work()
    return EVENTS / (time.perf_counter() - began)


async def _take(database: Database, batch: list[Arrived]) -> None:
    """Record and place events, as the notary's consumer and its sequencer do."""
    for start in range(0, len(batch), TOGETHER):
        async with database.transaction() as tx:
            await handlers.record(batch[start : start + TOGETHER], LogStore(tx), OpeningStore(tx))
    placed = handlers.BATCH
    while placed == handlers.BATCH:
        async with database.transaction() as tx:
            placed = await handlers.sequence(LogStore(tx))


async def _build(database: Database, settings: Settings) -> None:
    """A log of a million leaves, with a signed head."""
    began = time.perf_counter()
    for start in range(0, LARGE, 20 * TOGETHER):
        await _take(database, events(20 * TOGETHER, start))
    async with database.transaction() as tx:
        signed = await handlers.sign_head(
            LogStore(tx), read_key(settings.notary_key), tx.now, waited_seconds=1, interval_seconds=0
        )
    if signed is None or signed.head.tree_size != LARGE:
        raise AssertionError("the head does not cover a million leaves")
    print(f"log of {LARGE:,} leaves built in {time.perf_counter() - began:.0f} s")


async def _prove(database: Database) -> Verdict:
    taken = []
    for _ in range(PROOFS):
        index = random.randrange(LARGE)
        began = time.perf_counter()
        async with database.transaction(readonly=True) as tx:
            proof = await handlers.prove_inclusion(LogStore(tx), event_id=None, index=index, size=0)
        taken.append(1000 * (time.perf_counter() - began))
        async with database.transaction(readonly=True) as tx:
            root = (await LogStore(tx).heads(0, 1))[0].head.root_hash
        check_inclusion(
            leaf_hash=proof.leaf_hash, index=index, size=proof.tree_size, proof=list(proof.hashes), root=root
        )
    print(f"proof, worst of {PROOFS}: {max(taken):.2f} ms; 99 of 100: {statistics.quantiles(taken, n=100)[98]:.2f} ms")
    return Verdict(statistics.median(taken), "ms", 1, at_least=False, name="proof")


async def _recover(settings: Settings, folder: Path) -> Verdict:
    taken = []
    for number in range(STARTS):
        began = time.perf_counter()
        with _process(settings, folder / "notary.log"):
            async with connect(settings.grpc_listen) as channel:
                proof = await _first_proof(Client(channel, "dokpamo.notary.v1.NotaryService"))
            taken.append(time.perf_counter() - began)
            if proof.tree_size < LARGE:
                raise AssertionError("the log is shorter after the restart")
        print(f"start {number + 1} after SIGKILL: first proof after {taken[-1]:.2f} s")
    return Verdict(statistics.median(taken), "s", 5, at_least=False, name="recovery")


async def _first_proof(client: Client) -> pb.GetInclusionProofResponse:
    while True:
        try:
            proof = await client.GetInclusionProof(pb.GetInclusionProofRequest(leaf_index=LARGE // 3))
        except Refused:
            await asyncio.sleep(0.02)
        else:
            return proof  # type: ignore[no-any-return] # clients are built from descriptors


@contextmanager
def _process(settings: Settings, log: Path) -> Iterator[None]:
    """`python -m notary` until it is killed."""
    environment = os.environ | {
        "DOKPAMO_ENVIRONMENT": settings.environment,
        "DOKPAMO_DATABASE_URL": settings.database_url,
        "DOKPAMO_KAFKA_BOOTSTRAP": ",".join(settings.kafka_bootstrap),
        "DOKPAMO_GRPC_LISTEN": settings.grpc_listen,
        "DOKPAMO_TOKEN_KEYS": str(settings.token_keys),
        "DOKPAMO_NOTARY_KEY": str(settings.notary_key),
    }
    with log.open("ab") as sink:
        process = subprocess.Popen([sys.executable, "-m", "notary"], env=environment, stdout=sink, stderr=sink)
        try:
            yield
        finally:
            process.kill()
            process.wait()
