"""Many checkpoints examined again, a few at a time, on a real PostgreSQL; weights are compared elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import grpc
import pytest
from common.errors import Refused
from dokpamo.registry.v1 import examination_rounds_pb2 as pb
from dokpamo.registry.v1 import examinations_pb2
from dokpamo.registry.v1.service_pb2 import LineageEdge

from tests.builders.delivery import eventually
from tests.builders.quick_examiner import QuickExaminer
from tests.builders.registry_service import TEAM, checkpoint_folder, declaration, put_all
from tests.component.registry.test_examinations import SERVICE as EXAMINATIONS
from tests.component.registry.test_examinations import examining

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from pathlib import Path

    from common.grpc import Client

    from tests.builders.registry_service import RunningRegistry

SERVICE = "dokpamo.registry.v1.ExaminationRoundService"


async def pushed(registry: RunningRegistry, folder: Path, model: str = "solar", **said: Any) -> str:
    """Commit the same small files with another declaration; return the digest."""
    async with registry.client("consortium", team=TEAM) as team:
        made = await put_all(team, checkpoint_folder(folder), declaration(**said), model=model)
    return str(made.checkpoint_digest)


async def started(staff: Client, request_id: str = "", **scope: str) -> pb.ExaminationRound:
    request = pb.StartExaminationRoundRequest(request_id=request_id or str(uuid4()), **scope)
    found: pb.ExaminationRound = (await staff.StartExaminationRound(request)).round
    return found


async def over(staff: Client, round_id: str) -> pb.ExaminationRound:
    """The round when nothing of it waits any more."""
    request = pb.GetExaminationRoundRequest(round_id=round_id)

    async def ended() -> bool:
        found = (await staff.GetExaminationRound(request)).round
        return not found.queued and not found.to_come

    await eventually(ended, seconds=60)
    found: pb.ExaminationRound = (await staff.GetExaminationRound(request)).round
    return found


async def examined_in(staff: Client, round_id: str, **more: Any) -> list[examinations_pb2.Examination]:
    """The examinations of a round, page by page."""
    found: list[examinations_pb2.Examination] = []
    token = ""
    while True:
        request = pb.ListRoundExaminationsRequest(round_id=round_id, page_size=2, page_token=token, **more)
        page = await staff.ListRoundExaminations(request)
        found += page.examinations
        token = page.next_page_token
        if not token:
            return found


async def refused(call: Awaitable[Any]) -> Refused:
    with pytest.raises(Refused) as refusal:
        await call
    return refusal.value


async def test_all_that_is_committed_is_examined_again_a_few_at_a_time(
    registry: RunningRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.handlers.rounds.AT_ONCE", 2)
    digests = [await pushed(registry, tmp_path / "m", seed=seed) for seed in range(1, 5)]
    other = await pushed(registry, tmp_path / "m", "lunar")
    quick = QuickExaminer()
    async with registry.client("staff", service=SERVICE) as staff:
        # What waits to be examined anyway is not examined twice.
        whole = await started(staff)
        assert (whole.to_come, whole.queued, whole.done) == (3, 2, 0)
        assert [each.number for each in await examined_in(staff, whole.round_id)] == [1, 1]
        async with examining(registry, tmp_path, examiner=quick):
            ended = await over(staff, whole.round_id)
            assert (ended.done, ended.not_made) == (5, 0)
            assert sorted(quick.examined) == sorted([*digests, other])
            later = await pushed(registry, tmp_path / "m", seed=5)
        quick.cannot = {digests[1]}
        asked = str(uuid4())
        mine = await started(staff, asked, team_id=TEAM, model="solar")
        assert (mine.to_come, mine.queued) == (3, 2)
        assert await started(staff, asked, team_id=TEAM, model="solar") == mine
        async with examining(registry, tmp_path, examiner=quick):
            await over(staff, mine.round_id)
        members = await examined_in(staff, mine.round_id)
        assert [each.checkpoint_digest for each in members] == [*digests, later]
        assert [each.number for each in members][:4] == [2, 2, 2, 2]
        not_made = await examined_in(staff, mine.round_id, state=examinations_pb2.EXAMINATION_STATE_NOT_MADE)
        assert [(each.checkpoint_digest, each.reason) for each in not_made] == [(digests[1], "too large")]
        listed = (await staff.ListExaminationRounds(pb.ListExaminationRoundsRequest(page_size=1))).rounds
        assert [(each.round_id, each.done, each.not_made) for each in listed] == [(mine.round_id, 4, 1)]
    async with registry.database.transaction(readonly=True) as tx:
        assert await tx.fetchval("SELECT count(*) FROM examination_rounds WHERE asked_by = 'someone'") == 2


async def test_only_who_was_not_examined_against_a_known_model_is_asked_for(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    digests = [await pushed(registry, tmp_path / "m", seed=seed) for seed in (1, 2)]
    quick = QuickExaminer()
    async with registry.client("staff", service=SERVICE) as staff:
        first = await started(staff)
        async with examining(registry, tmp_path, examiner=quick) as office:
            await over(staff, first.round_id)
            await _asked_for_by_a_known_model(staff, office, digests, quick)


async def _asked_for_by_a_known_model(staff: Client, office: Client, digests: list[str], quick: QuickExaminer) -> None:
    kept: dict[str, Any] = {"title": "t", "source": "s", "licence": "l", "checkpoint_digest": digests[0]}
    await office.AddReference(
        examinations_pb2.AddReferenceRequest(request_id=str(uuid4()), reference_id="solar-1", **kept)
    )
    # The known model itself is never examined against itself.
    ended = await over(staff, (await started(staff, not_against="solar-1")).round_id)
    assert (ended.done, quick.examined.count(digests[0]), quick.examined.count(digests[1])) == (1, 1, 2)
    nothing = await started(staff, not_against="solar-1")
    assert (nothing.to_come, nothing.queued, nothing.done) == (0, 0, 0)
    for scope, code in (
        ({"model": "solar"}, "FIELD_INVALID"),
        ({"team_id": TEAM, "model": "nothing"}, "NOT_FOUND"),
        ({"not_against": "nobody"}, "NOT_FOUND"),
    ):
        assert (await refused(started(staff, **scope))).code == code
    assert (await refused(over(staff, "no-round"))).status is grpc.StatusCode.NOT_FOUND


async def test_what_was_restored_without_its_examinations_is_examined_parents_first(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    parent = await pushed(registry, tmp_path / "m")
    edge = LineageEdge(component="model", owner="own", kind="weights", parent=parent)
    child = await pushed(registry, tmp_path / "m", seed=2, lineage=[edge])
    async with registry.database.transaction() as tx:
        await tx.execute("DELETE FROM examinations")
        await tx.execute("DELETE FROM task WHERE kind = 'examine-checkpoint'")
    quick = QuickExaminer()
    async with examining(registry, tmp_path, examiner=quick) as staff:
        # Only the child is asked for: it says what it waits for, and has it examined.
        request = examinations_pb2.StartExaminationRequest(request_id=str(uuid4()), checkpoint_digest=child)
        await staff.StartExamination(request)
        asked = examinations_pb2.GetExaminationRequest(checkpoint_digest=child)

        async def made() -> bool:
            state = (await staff.GetExamination(asked)).examination.state
            return bool(state == examinations_pb2.EXAMINATION_STATE_DONE)

        await eventually(made, seconds=60)
    assert quick.examined == [parent, child]
    async with registry.client("staff", service=EXAMINATIONS) as staff:
        found = (await staff.GetExamination(asked)).examination
    assert [each.against for each in found.reports] == [parent]
