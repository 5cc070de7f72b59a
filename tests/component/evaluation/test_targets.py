"""The catalogue of references and the targets pinned on it."""

from __future__ import annotations

import json
from hashlib import sha256
from uuid import uuid4

from dokpamo.common.v1 import provenance_pb2
from dokpamo.evaluation.v1 import events_pb2
from dokpamo.evaluation.v1 import service_pb2 as pb

from tests.builders.evaluation_service import STAGE, Evaluation, opened, refusal


def reference(name: str, value: str, day: str) -> pb.ReferenceModel:
    return pb.ReferenceModel(
        model_id=name,
        organisation="org",
        family=name,
        releases=[pb.Release(kind="api", date=day, source="publisher")],
        scores=[pb.ReferenceScore(index="AAII", edition="2026-06", value=value, source="index")],
        provenance=provenance_pb2.PROVENANCE_PUBLISHED,
    )


def pin(target: str = "stage-2") -> pb.PinTargetRequest:
    return pb.PinTargetRequest(
        request_id=str(uuid4()),
        target_id=target,
        stage_id=STAGE,
        index="AAII",
        edition="2026-06",
        as_of="2026-06-30",
        window_months=6,
        release_kind="api",
        ratio="0.95",
        candidates=[
            pb.CandidateScore(team_id="upstage", value="37.4", declared_model_id="open"),
            pb.CandidateScore(team_id="lg-ai-research", value="31.0"),
        ],
    )


async def load(evaluation: Evaluation, *models: pb.ReferenceModel) -> pb.ImportReferenceModelsResponse:
    staff = await evaluation.as_("kim", "staff")
    request = pb.ImportReferenceModelsRequest(request_id=str(uuid4()), models=models)
    answer: pb.ImportReferenceModelsResponse = await staff.ImportReferenceModels(request)
    return answer


async def test_a_pinned_target_keeps_both_ratios_and_a_snapshot_that_proves_it(evaluation: Evaluation) -> None:
    await evaluation.hear(opened())
    await load(
        evaluation,
        reference("frontier", "63.1", "2025-12-30"),
        reference("open", "59.7", "2026-06-30"),
        reference("old", "90", "2025-12-29"),
    )
    staff = await evaluation.as_("kim", "staff")
    target = (await staff.PinTarget(pin())).target
    assert (target.best_model_id, target.threshold, target.window_from) == ("frontier", "59.945", "2025-12-30")
    ratios = {each.team_id: (each.ratio_to_best, each.ratio_to_declared) for each in target.candidates}
    assert ratios == {"upstage": ("0.5927", "0.6265"), "lg-ai-research": ("0.4913", "")}
    assert sha256(target.snapshot_json).hexdigest() == target.snapshot_sha256
    assert [each["model_id"] for each in json.loads(target.snapshot_json)["references"]] == ["frontier", "open"]
    assert list((await staff.ListTargets(pb.ListTargetsRequest())).targets) == [target]
    assert [each.target for each in await evaluation.events(events_pb2.TargetPinned)] == [target]
    assert (await refusal(staff.PinTarget(pin()))).code == "TARGET_TAKEN"


async def test_a_later_fact_does_not_change_a_pinned_target(evaluation: Evaluation) -> None:
    await evaluation.hear(opened())
    await load(evaluation, reference("frontier", "63.1", "2026-05-01"), reference("open", "59.7", "2026-05-01"))
    staff = await evaluation.as_("kim", "staff")
    first = (await staff.PinTarget(pin("before"))).target
    await load(evaluation, reference("late", "80", "2026-06-01"))
    assert (await staff.PinTarget(pin("after"))).target.best_model_id == "late"
    assert (await staff.ListTargets(pb.ListTargetsRequest())).targets[0] == first


async def test_a_target_without_a_reference_in_its_window_is_refused(evaluation: Evaluation) -> None:
    await evaluation.hear(opened())
    await load(evaluation, reference("old", "90", "2025-12-29"))
    staff = await evaluation.as_("kim", "staff")
    refused = await refusal(staff.PinTarget(pin()))
    assert (refused.code, refused.facts["value"]) == ("NO_REFERENCE_IN_WINDOW", "2025-12-30..2026-06-30")


async def test_an_import_adds_extends_and_refuses_what_contradicts(evaluation: Evaluation) -> None:
    known = reference("frontier", "63.1", "2026-05-01")
    assert (await load(evaluation, known)).added == 1
    again = await load(evaluation, known)
    assert (again.added, again.extended) == (0, 0)
    more = reference("frontier", "63.1", "2026-05-01")
    more.scores[0].edition = "2026-07"
    assert (await load(evaluation, more, reference("open", "5", "2026-01-01"))).extended == 1
    assert (await refusal(load(evaluation, reference("frontier", "63.1", "2026-05-02")))).code == "REFERENCE_CONFLICT"
    assert (await refusal(load(evaluation, reference("new", "NaN", "2026-05-02")))).code == "SCORE_NOT_A_NUMBER"
    assert (await refusal(load(evaluation, reference("new", "1", "2026-02-30")))).code == "DAY_INVALID"
    staff = await evaluation.as_("kim", "staff")
    page = await staff.ListReferenceModels(pb.ListReferenceModelsRequest(page_size=1))
    rest = await staff.ListReferenceModels(pb.ListReferenceModelsRequest(page_token=page.next_page_token))
    assert [(each.model_id, len(each.scores)) for each in [*page.models, *rest.models]] == [
        ("frontier", 2),
        ("open", 1),
    ]
    assert len(await evaluation.events(events_pb2.ReferenceModelsImported)) == 2
