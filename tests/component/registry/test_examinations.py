"""Committed checkpoints are examined against own parents and the catalogue, on a real PostgreSQL and a real S3."""

from __future__ import annotations

import hashlib
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import grpc
import httpx
import numpy as np
import pytest
from common.clock import SystemClock
from common.errors import Refused
from common.worker import Worker
from dokpamo.registry.v1 import examinations_pb2 as pb
from dokpamo.registry.v1.service_pb2 import LineageEdge
from originality.folders import write_fingerprint
from registry.events import Examining
from registry.store.checkpoints import CheckpointStore
from registry.store.examinations import ExaminationStore
from registry.store.examiner import ProcessExaminer
from registry.store.rounds import RoundStore
from safetensors.numpy import save_file

from tests.builders.delivery import eventually
from tests.builders.quick_examiner import QuickExaminer
from tests.builders.registry_service import TEAM, checkpoint_folder, declaration, put_all

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from common.grpc import Client
    from numpy.typing import NDArray
    from registry.handlers import Examiner

    from tests.builders.registry_service import RunningRegistry

# An examination gives way to all else that the machine does: on a busy one it takes its time.
pytestmark = pytest.mark.timeout(600)

SERVICE = "dokpamo.registry.v1.ExaminationService"
HIDDEN, INNER, LAYERS = 64, 160, 2
PARAMETERS = LAYERS * 3 * HIDDEN * INNER


def weights(seed: int) -> dict[str, NDArray[np.float32]]:
    chance = np.random.default_rng(seed)
    shapes = {"gate_proj": (INNER, HIDDEN), "up_proj": (INNER, HIDDEN), "down_proj": (HIDDEN, INNER)}
    return {
        f"model.layers.{layer}.mlp.{name}.weight": chance.normal(0, 0.02, shape).astype(np.float32)
        for layer in range(LAYERS)
        for name, shape in shapes.items()
    }


def model(folder: Path, tensors: dict[str, NDArray[np.float32]]) -> Path:
    folder.mkdir(parents=True)
    save_file(tensors, folder / "model.safetensors")
    said = {
        "model_type": "sovereign-lm",
        "hidden_size": HIDDEN,
        "intermediate_size": INNER,
        "num_hidden_layers": LAYERS,
    }
    (folder / "config.json").write_text(json.dumps(said))
    return folder


def trained_on(tensors: dict[str, NDArray[np.float32]], seed: int) -> dict[str, NDArray[np.float32]]:
    chance = np.random.default_rng(seed)
    return {name: (each + chance.normal(0, 0.001, each.shape)).astype(np.float32) for name, each in tensors.items()}


@asynccontextmanager
async def examining(
    registry: RunningRegistry, folder: Path, most_bytes: int = 2**30, *, examiner: Examiner | None = None
) -> AsyncIterator[Client]:
    """A registry that examines; a client of the staff."""
    process = ProcessExaminer(registry.objects, folder, most_bytes)
    tasks = Examining(registry.database, ExaminationStore, RoundStore, CheckpointStore, examiner or process)
    async with (
        process,
        Worker(registry.database, SystemClock(), tasks.handlers(), concurrency=1),
        registry.client("staff", service=SERVICE) as staff,
    ):
        yield staff


async def done(staff: Client, digest: str, number: int = 0) -> pb.Examination:
    request = pb.GetExaminationRequest(checkpoint_digest=digest, number=number)

    async def ended() -> bool:
        return bool((await staff.GetExamination(request)).examination.state != pb.EXAMINATION_STATE_QUEUED)

    await eventually(ended, seconds=300)
    found: pb.Examination = (await staff.GetExamination(request)).examination
    return found


async def test_a_checkpoint_is_examined_against_its_parents_and_the_catalogue(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    first = weights(1)
    own_edge: dict[str, Any] = {"component": "model", "owner": "own", "kind": "weights"}
    async with examining(registry, tmp_path) as staff, registry.client("consortium", team=TEAM) as team:
        root = await put_all(team, model(tmp_path / "root", first), declaration(parameters=PARAMETERS))
        alone = await done(staff, root.checkpoint_digest)
        assert (alone.state, alone.number, list(alone.reports)) == (pb.EXAMINATION_STATE_DONE, 1, [])
        # A model of others, whose weights the registry never had.
        file = tmp_path / "other.safetensors"
        write_fingerprint(model(tmp_path / "other", weights(2)), file, "Other 7B")
        data = file.read_bytes()
        request = pb.AddReferenceRequest(
            request_id=str(uuid4()), reference_id="other-7b", title="Other 7B", source="synthetic, of this test",
            licence="Apache-2.0", fingerprint_sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data),
        )  # fmt: skip
        added = await staff.AddReference(request)
        confirm = pb.ConfirmReferenceRequest(request_id=str(uuid4()), reference_id="other-7b")
        with pytest.raises(Refused) as early:
            await staff.ConfirmReference(confirm)
        assert early.value.code == "FINGERPRINT_MISSING"
        async with httpx.AsyncClient(timeout=60) as http:
            assert (await http.put(added.url, content=data, headers=dict(added.headers))).is_success
        confirm.request_id = str(uuid4())
        assert (await staff.ConfirmReference(confirm)).reference.confirmed
        said = declaration(
            parameters=PARAMETERS, seed=2, lineage=[LineageEdge(**own_edge, parent=root.checkpoint_digest)]
        )
        child = await put_all(team, model(tmp_path / "child", trained_on(first, 3)), said)
        found = await done(staff, child.checkpoint_digest)
        assert [(each.kind, each.against) for each in found.reports] == [
            (pb.AGAINST_KIND_OWN_PARENT, root.checkpoint_digest),
            (pb.AGAINST_KIND_REFERENCE, "other-7b"),
        ]
        parent, reference = found.reports
        assert parent.findings["derived"] > 0
        assert not any(number for finding, number in reference.findings.items() if "no" not in finding)
        reports = []
        for each in found.reports:
            asked = pb.GetReportRequest(team_id=TEAM, checkpoint_digest=child.checkpoint_digest, against=each.against)
            async with registry.client("consortium", team=TEAM, service=SERVICE) as own:
                answer = await own.GetReport(asked)
            assert hashlib.sha256(answer.piece).hexdigest() == each.report_sha256
            reports.append(json.loads(answer.piece))
        assert [report["seed"] for report in reports] == [found.seed] * 2
        assert "Other 7B" in {reports[1]["first"]["name"], reports[1]["second"]["name"]}
        async with registry.client("consortium", team="kt", service=SERVICE) as others:
            with pytest.raises(Refused) as hidden:
                await others.GetExamination(
                    pb.GetExaminationRequest(team_id="kt", checkpoint_digest=child.checkpoint_digest)
                )
        assert hidden.value.status is grpc.StatusCode.NOT_FOUND
        # What is examined again is examined anew, with another seed; what was found stays.
        again = await staff.StartExamination(
            pb.StartExaminationRequest(request_id=str(uuid4()), checkpoint_digest=root.checkpoint_digest)
        )
        second = await done(staff, root.checkpoint_digest, again.examination.number)
        assert (second.number, [each.against for each in second.reports]) == (2, ["other-7b"])
        assert second.seed != alone.seed
        assert (await done(staff, root.checkpoint_digest, 1)) == alone
    assert (await registry.events()).count("CheckpointExamined") == 3


async def test_what_cannot_be_examined_says_why_and_is_committed_all_the_same(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    folder = model(tmp_path / "model", weights(4))
    async with examining(registry, tmp_path, most_bytes=1000) as staff:
        async with registry.client("consortium", team=TEAM) as team:
            committed = await put_all(team, folder, declaration(parameters=PARAMETERS))
        found = await done(staff, committed.checkpoint_digest)
        assert found.state == pb.EXAMINATION_STATE_NOT_MADE
        assert "1000" in found.reason
        with pytest.raises(Refused) as unmade:
            await staff.AddReference(
                pb.AddReferenceRequest(
                    request_id=str(uuid4()),
                    reference_id="mine",
                    title="t",
                    source="s",
                    licence="l",
                    checkpoint_digest=committed.checkpoint_digest,
                )
            )
        assert unmade.value.code == "FINGERPRINT_MISSING"


async def test_a_committed_checkpoint_joins_the_catalogue_once(registry: RunningRegistry, tmp_path: Path) -> None:
    async with examining(registry, tmp_path, examiner=QuickExaminer()) as staff:
        async with registry.client("consortium", team=TEAM) as team:
            committed = await put_all(team, checkpoint_folder(tmp_path / "m"), declaration())
        await done(staff, committed.checkpoint_digest)
        usual: dict[str, Any] = {
            "title": "t",
            "source": "s",
            "licence": "Apache-2.0",
            "checkpoint_digest": committed.checkpoint_digest,
        }
        added = await staff.AddReference(
            pb.AddReferenceRequest(request_id=str(uuid4()), reference_id="mine-1", **usual)
        )
        assert (added.reference.confirmed, added.url) == (True, "")
        for wrong, code in (("mine-1", "REFERENCE_EXISTS"), ("Mine 1", "FIELD_INVALID")):
            with pytest.raises(Refused) as refusal:
                await staff.AddReference(pb.AddReferenceRequest(request_id=str(uuid4()), reference_id=wrong, **usual))
            assert refusal.value.code == code
        listed = (await staff.ListReferences(pb.ListReferencesRequest())).references
        assert [each.reference_id for each in listed] == ["mine-1"]
        # Nothing is examined against itself.
        again = await staff.StartExamination(
            pb.StartExaminationRequest(request_id=str(uuid4()), checkpoint_digest=committed.checkpoint_digest)
        )
        assert list((await done(staff, committed.checkpoint_digest, again.examination.number)).reports) == []


async def added(staff: Client, name: str, data: bytes) -> None:
    """Add a model of others to the catalogue and put what is its fingerprint."""
    request = pb.AddReferenceRequest(
        request_id=str(uuid4()), reference_id=name, title=name, source="synthetic, of this test", licence="Apache-2.0",
        fingerprint_sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data),
    )  # fmt: skip
    target = await staff.AddReference(request)
    async with httpx.AsyncClient(timeout=60) as http:
        answer = await http.put(target.url, content=data, headers=dict(target.headers))
        # Another test has put the same bytes.
        assert answer.is_success or answer.status_code == httpx.codes.PRECONDITION_FAILED, answer.text


async def confirmed(staff: Client, name: str) -> pb.Reference:
    request = pb.ConfirmReferenceRequest(request_id=str(uuid4()), reference_id=name)
    reference: pb.Reference = (await staff.ConfirmReference(request, timeout=60)).reference
    return reference


async def test_what_is_no_fingerprint_is_refused_at_once_and_the_right_one_takes_its_place(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    folder, good = model(tmp_path / "other", weights(11)), tmp_path / "good.safetensors"
    write_fingerprint(folder, good, "Other 7B")
    async with registry.client("staff", service=SERVICE) as staff:
        await added(staff, "other-7b", (folder / "model.safetensors").read_bytes())
        with pytest.raises(Refused) as refusal:
            await confirmed(staff, "other-7b")
        assert refusal.value.code == "FINGERPRINT_REFUSED"
        assert refusal.value.facts["field"] == "fingerprint_sha256"
        assert "other-7b" in refusal.value.message
        assert "NOT_A_FINGERPRINT" in refusal.value.facts["rule"]
        await added(staff, "other-7b", good.read_bytes())
        assert (await confirmed(staff, "other-7b")).confirmed
        with pytest.raises(Refused) as late:
            await added(staff, "other-7b", b"another")
        assert late.value.code == "REFERENCE_EXISTS"


async def test_against_a_known_model_that_is_withdrawn_nothing_is_examined_any_more_and_its_reports_stay(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    async def withdraw(name: str, reason: str = "these were not the weights that its makers gave out") -> pb.Reference:
        asked = pb.WithdrawReferenceRequest(request_id=str(uuid4()), reference_id=name, reason=reason)
        reference: pb.Reference = (await staff.WithdrawReference(asked)).reference
        return reference

    folder = checkpoint_folder(tmp_path / "m")
    async with (
        examining(registry, tmp_path, examiner=QuickExaminer()) as staff,
        registry.client("consortium", team=TEAM) as team,
    ):
        known = (await put_all(team, folder, declaration())).checkpoint_digest
        await done(staff, known)
        kept: dict[str, Any] = {"title": "t", "source": "s", "licence": "l", "checkpoint_digest": known}
        add = pb.AddReferenceRequest(request_id=str(uuid4()), reference_id="other-7b", **kept)
        await staff.AddReference(add)
        digest = (await put_all(team, folder, declaration(seed=2))).checkpoint_digest
        before = await done(staff, digest)
        withdrawn = await withdraw("other-7b")
        assert (withdrawn.confirmed, withdrawn.withdrawn_reason[:5]) == (True, "these")
        assert withdrawn.HasField("withdrawn_at")
        await staff.StartExamination(pb.StartExaminationRequest(request_id=str(uuid4()), checkpoint_digest=digest))
        assert list((await done(staff, digest)).reports) == []
        assert await done(staff, digest, 1) == before
        assert [each.against for each in before.reports] == ["other-7b"]
        # It is not forgotten, and its id stands for nothing else.
        assert list((await staff.ListReferences(pb.ListReferencesRequest())).references) == [withdrawn]
        for again, code in (
            (withdraw("other-7b"), "REFERENCE_WITHDRAWN"),
            (confirmed(staff, "other-7b"), "REFERENCE_WITHDRAWN"),
            (added(staff, "other-7b", b"another"), "REFERENCE_EXISTS"),
            (withdraw("nobody"), "NOT_FOUND"),
            (withdraw("other-7b", " "), "FIELD_INVALID"),
        ):
            with pytest.raises(Refused) as refusal:
                await again
            assert refusal.value.code == code
    assert [each for each in await registry.events() if each.startswith("Reference")] == [
        "ReferenceConfirmed",
        "ReferenceWithdrawn",
    ]
    async with registry.database.transaction(readonly=True) as tx:
        assert await tx.fetchval("SELECT withdrawn_by FROM reference_withdrawals") == "someone"


async def test_a_known_model_whose_fingerprint_is_none_is_named_and_ends_the_examination(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    async with examining(registry, tmp_path) as staff:
        await added(staff, "broken-1", b"\x07\x00\x00\x00\x00\x00\x00\x00no json and no fingerprint")
        async with registry.database.transaction() as tx:
            # As if it had been confirmed before fingerprints were read.
            await tx.execute("UPDATE reference_models SET confirmed = true")
        async with registry.client("consortium", team=TEAM) as team:
            committed = await put_all(team, model(tmp_path / "m", weights(6)), declaration(parameters=PARAMETERS))
        found = await done(staff, committed.checkpoint_digest)
    assert found.state == pb.EXAMINATION_STATE_NOT_MADE
    assert "broken-1" in found.reason
