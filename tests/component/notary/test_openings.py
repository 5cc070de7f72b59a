"""Sealed values on a real Kafka and PostgreSQL: blind until the decision, erased by two people, the log unmoved."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import asyncpg
import pytest
from common.auth import DevelopmentIssuer
from common.errors import Refused
from common.grpc import Client, connect
from dokpamo.evaluation.v1.events_pb2 import PanelSeated, ScoreSheetSubmitted
from dokpamo.evaluation.v1.service_pb2 import ScoreRow
from dokpamo.notary.v1 import openings_pb2 as pb
from dokpamo.notary.v1 import service_pb2
from dokpamo.selection.v1.events_pb2 import ResultsReleased
from verify import canonical
from verify.check import check
from verify.entry import decode
from verify.export import Opened, write
from verify.sealing import Opening

from tests.builders.delivery import eventually
from tests.builders.notary_service import covered, event_ids, record_of, running, send, settings_of
from tests.builders.public_record import leaves_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from notary.settings import Settings

SHEETS, PANELS, PUBLICATIONS = (
    f"dokpamo.{name}.v1" for name in ("evaluation.sheet", "evaluation.panel", "selection.publication")
)
ERASED = ["/payload/assessor_id", "/payload/sheet_id", "/place"]


def new_stage() -> str:
    """A stage of its own for each test: they share one Kafka, from which each notary reads everything."""
    return f"stage-{uuid4().hex}"


def sheet_of(stage: str) -> ScoreSheetSubmitted:
    return ScoreSheetSubmitted(
        sheet_id=f"{stage}/panel/kim", stage_id=stage, source_id="panel", assessor_id="kim",
        rows=[ScoreRow(team_id="alpha", criterion="plan", value="41.7")],
    )  # fmt: skip


def seats_of(stage: str) -> PanelSeated:
    return PanelSeated(stage_id=stage, source_id="panel", assessor_ids=["kim", "lee"])


@dataclass
class Notary:
    """A running notary, as anyone and as two of the staff reach it."""

    log: Client
    public: Client
    han: Client
    lim: Client
    settings: Settings

    async def released(self, event_id: str) -> dict[str, Any]:
        """What everyone may read of an entry."""
        index = (await self.log.FindEntry(service_pb2.FindEntryRequest(event_id=event_id))).entry.leaf_index
        page = await self.public.ListOpenings(pb.ListOpeningsRequest(start=index, page_size=1))
        assert {each.leaf_index for each in page.openings} <= {index}
        return {each.path: canonical.parse(each.value_json) for each in page.openings}

    async def states(self, event_id: str) -> dict[str, str]:
        """What staff see of an entry's sealed values."""
        values = (await self.han.GetOpenings(pb.GetOpeningsRequest(event_id=event_id))).values
        return {each.path: each.state for each in values}

    async def leaf(self, event_id: str) -> bytes:
        found = await self.log.FindEntry(service_pb2.FindEntryRequest(event_id=event_id))
        return bytes(found.entry.entry_json)

    async def openings(self) -> list[Opened]:
        """Everything that everyone may read, as an export takes it."""
        found, start, size = [], 0, 1
        while start < size:
            page = await self.public.ListOpenings(pb.ListOpeningsRequest(start=start, page_size=3))
            found += [
                Opened(each.leaf_index, each.path, Opening(each.salt, canonical.parse(each.value_json)))
                for each in page.openings
            ]
            start, size = page.next_start, page.tree_size
        return found


@asynccontextmanager
async def started(settings: Settings) -> AsyncIterator[Notary]:
    issuer = DevelopmentIssuer(settings.notary_key.parent / "issuer.pem")
    service = "dokpamo.notary.v1.OpeningService"
    async with AsyncExitStack() as stack:
        log = await stack.enter_async_context(running(settings))
        channels = [
            await stack.enter_async_context(connect(settings.grpc_listen, token))
            for token in (None, lambda: issuer.issue("han", ["staff"]), lambda: issuer.issue("lim", ["staff"]))
        ]
        public, han, lim = (Client(channel, service) for channel in channels)
        yield Notary(log, public, han, lim, settings)


@pytest.fixture
def notary_settings(kafka_bootstrap: list[str], fresh_database_url: str, tmp_path: Path) -> Settings:
    return settings_of(tmp_path / "keys", kafka_bootstrap, fresh_database_url)


async def refused(call: Any) -> str:
    with pytest.raises(Refused) as refusal:
        await call
    return refusal.value.code


async def holds(notary: Notary, folder: Path) -> Any:
    """The report of a check of what the notary publishes now: log and openings hold."""
    record = await record_of(notary.log, notary.settings)
    size = record.heads[-1].head.tree_size
    openings = [opened for opened in await notary.openings() if opened.index < size]
    write(replace(record, openings=openings), folder)
    report = check(folder)
    # There are no services here whose documents the record could have; everything else is as in any other.
    # The stages of these tests have nothing but what is blind: no rules, no decision.
    assert [
        finding for finding in report.findings if "was released that the log does not have" not in finding.rule
    ] == []
    return report


async def test_a_sheet_is_blind_until_its_stage_is_decided_also_to_who_asks_again_after_a_restart(
    notary_settings: Settings, kafka_bootstrap: list[str], tmp_path: Path
) -> None:
    (sheet, seated, final), stage = event_ids(3), new_stage()
    async with started(notary_settings) as notary:
        await send(kafka_bootstrap, [(sheet, sheet_of(stage))], SHEETS)
        await send(kafka_bootstrap, [(seated, seats_of(stage))], PANELS)
        await covered(notary.log, [sheet, seated])
        leaf = await notary.leaf(sheet)
        assert not any(secret in leaf for secret in (b"kim", b"41.7", b"alpha"))
        assert await notary.released(sheet) == await notary.released(seated) == {}
        assert await refused(notary.public.GetOpenings(pb.GetOpeningsRequest(event_id=sheet))) == "UNAUTHENTICATED"
        assert set((await notary.states(sheet)).values()) == {"sealed"}
        assert (await holds(notary, tmp_path / "blind")).opened == len(await notary.openings())
    async with started(notary_settings) as notary:
        # A relay that was killed sends again what it had sent.
        await send(kafka_bootstrap, [(sheet, sheet_of(stage))], SHEETS)
        await send(kafka_bootstrap, [(final, ResultsReleased(stage_id=stage))], PUBLICATIONS)
        await covered(notary.log, [final])
        assert await notary.leaf(sheet) == leaf
        assert (await notary.released(sheet))["/payload/rows"] == [
            {"team_id": "alpha", "criterion": "plan", "value": "41.7"}
        ]
        assert set(await notary.released(seated)) == {"/payload/assessor_ids/0", "/payload/assessor_ids/1"}
        assert "/actor" not in await notary.released(sheet)
        await holds(notary, tmp_path / "open")


async def test_a_person_is_erased_by_two_people_and_every_proof_still_holds(
    notary_settings: Settings, kafka_bootstrap: list[str], tmp_path: Path
) -> None:
    (sheet, final), stage = event_ids(2), new_stage()
    async with started(notary_settings) as notary:
        await send(kafka_bootstrap, [(sheet, sheet_of(stage))], SHEETS)
        await send(kafka_bootstrap, [(final, ResultsReleased(stage_id=stage))], PUBLICATIONS)
        before = await covered(notary.log, [sheet, final])
        leaf = await notary.leaf(sheet)
        wanted = pb.RequestErasureRequest(request_id=str(uuid4()), event_id=sheet, paths=ERASED, reason="forget me")
        asked = (await notary.han.RequestErasure(wanted)).erasure
        assert (await notary.han.RequestErasure(wanted)).erasure == asked
        confirm = pb.ConfirmErasureRequest(request_id=str(uuid4()), erasure_id=asked.erasure_id)
        assert await refused(notary.han.ConfirmErasure(confirm)) == "SAME_PERSON"
        assert await refused(notary.public.ConfirmErasure(confirm)) == "UNAUTHENTICATED"
        assert set(ERASED) <= set(await notary.released(sheet))
    async with started(notary_settings) as notary:
        confirm = pb.ConfirmErasureRequest(request_id=str(uuid4()), erasure_id=asked.erasure_id)
        done = (await notary.lim.ConfirmErasure(confirm)).erasure
        assert (done.requested_by, done.confirmed_by) == ("han", "lim")
        assert set(await notary.released(sheet)) == {"/payload/rows"}
        assert {path for path, state in (await notary.states(sheet)).items() if state == "erased"} == set(ERASED)
        assert await notary.leaf(sheet) == leaf
        again = pb.ConfirmErasureRequest(request_id=str(uuid4()), erasure_id=asked.erasure_id)
        assert await refused(notary.lim.ConfirmErasure(again)) == "ACT_DONE"
        [listed] = (await notary.han.ListErasures(pb.ListErasuresRequest())).erasures
        assert listed == done
        await eventually(lambda: told(notary, "dokpamo.notary.v1.OpeningsErased"), seconds=60)
        report = await holds(notary, tmp_path / "export")
        assert report.erased == len(ERASED)
        head = (await record_of(notary.log, notary.settings)).heads[0].head
        assert head.tree_size <= before.head.tree_size
    await nothing_is_left(notary_settings, sheet)


async def told(notary: Notary, kind: str) -> bool:
    """Whether the newest head covers an event of this type, with what it says of people sealed."""
    record = await record_of(notary.log, notary.settings)
    found = [entry for entry in map(decode, leaves_of(record)) if entry.type == kind]
    for entry in found:
        assert not any(person in entry.encode() for person in (b"han", b"lim"))
    return bool(found)


async def nothing_is_left(settings: Settings, event_id: str) -> None:
    """The rows of what was erased hold neither salt nor value, and no row can be changed past the rules."""
    connection = await asyncpg.connect(settings.database_url, server_settings={"search_path": "notary"})
    try:
        rows = await connection.fetch(
            "SELECT salt, value FROM opening WHERE event_id = $1 AND path = ANY ($2)", event_id, ERASED
        )
        assert [tuple(row) for row in rows] == [(None, None)] * len(ERASED)
        for rewriting in (
            "DELETE FROM opening", "TRUNCATE opening", "UPDATE opening SET value = 'x' WHERE salt IS NOT NULL",
            "UPDATE opening SET salt = NULL, value = NULL, erasure_id = gen_random_uuid() WHERE class = 'personal'",
            "UPDATE opening SET salt = NULL, value = NULL, erasure_id = (SELECT erasure_id FROM erasure)",
            "UPDATE opening SET path = path || 'x'", "DELETE FROM embargo_end", "DELETE FROM erasure",
            "UPDATE erasure SET confirmed_by = 'x'", "UPDATE embargo_end SET embargo = 'x'",
        ):  # fmt: skip
            with pytest.raises(asyncpg.RaiseError):
                await connection.execute(rewriting)
    finally:
        await connection.close()


async def test_staff_release_a_value_before_its_time_and_what_is_blind_is_never_erased(
    notary_settings: Settings, kafka_bootstrap: list[str]
) -> None:
    (seated, sheet), stage = event_ids(2), new_stage()
    async with started(notary_settings) as notary:
        await send(kafka_bootstrap, [(seated, seats_of(stage))], PANELS)
        await covered(notary.log, [seated])
        path = "/payload/assessor_ids/1"

        def release(**changes: Any) -> pb.ReleaseOpeningsRequest:
            asked = {"event_id": seated, "paths": [path], "reason": "lee asked for it"} | changes
            return pb.ReleaseOpeningsRequest(request_id=str(uuid4()), **asked)

        assert await refused(notary.han.ReleaseOpenings(release(reason=" "))) == "REASON_MISSING"
        assert await refused(notary.han.ReleaseOpenings(release(paths=["/payload/stage_id"]))) == "OPENING_UNKNOWN"
        assert await refused(notary.han.ReleaseOpenings(release(event_id=str(uuid4())))) == "NOT_LOGGED"
        await notary.han.ReleaseOpenings(release())
        assert await notary.released(seated) == {path: "lee"}
        await send(kafka_bootstrap, [(sheet, sheet_of(stage))], SHEETS)
        await covered(notary.log, [sheet])
        blind = pb.RequestErasureRequest(
            request_id=str(uuid4()), event_id=sheet, paths=["/payload/rows"], reason="why not"
        )
        assert await refused(notary.han.RequestErasure(blind)) == "NOT_ERASABLE"
        await eventually(lambda: told(notary, "dokpamo.notary.v1.OpeningsReleased"), seconds=60)
