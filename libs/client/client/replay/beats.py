"""The beats of a programme: what happens when, as calls to the public APIs by those who would make them."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from common.instants import stamp
from common.provenance import value_of
from dokpamo.evaluation.v1 import service_pb2 as evaluation
from dokpamo.intake.v1 import service_pb2 as intake
from dokpamo.training.v1 import service_pb2 as training

from client.replay.objection_beats import ObjectionBeats
from client.replay.publication_beats import PublicationBeats
from client.replay.rule_beats import RuleBeats
from client.replay.score import Beat, request_id, side_by_side
from client.session import Caller

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from client.replay.document import Applicant, Call, Job, Period, Reference, TargetPlan
    from client.replay.programme import Programme, StagePlan
    from client.session import Session

_STAFF = Caller.staff()
_TESTING_BODY = Caller.testing_body()
# Scores come in shortly before the decision, so that a stage is seen to wait for them.
_SHEETS_BEFORE_CLOSE = timedelta(hours=1)


class Beats:
    """All beats of a programme over a session."""

    def __init__(self, programme: Programme, session: Session) -> None:
        self._programme = programme
        self._session = session
        self._rules = RuleBeats(programme, session)

    def in_order(self) -> list[Beat]:
        """Every beat, by instant; what falls on the same instant keeps the order of the programme's document."""
        beats = [*self._rules.in_order(), *self._calls(), *self._stages(), *self._targets(), *self._periods()]
        beats += PublicationBeats(self._programme, self._session).in_order()
        beats += ObjectionBeats(self._programme, self._session).in_order()
        return sorted(beats, key=lambda beat: beat.at)

    def _calls(self) -> Iterator[Beat]:
        for call in self._programme.calls:
            yield Beat(call.announced_at, f"call {call.call_id}", partial(self._open_call, call))
            for applicant in call.applicants:
                yield Beat(
                    applicant.submitted_at, f"application {applicant.team_id}", partial(self._apply, call, applicant)
                )

    def _stages(self) -> Iterator[Beat]:
        for stage in self._programme.stages:
            dates = stage.rule_set.dates
            yield Beat(
                _shortly_before(dates.closes, dates.opens), f"scores {stage.stage_id}", partial(self._score, stage)
            )

    def _targets(self) -> Iterator[Beat]:
        for target in self._programme.targets:
            yield Beat(target.pinned_at, f"target {target.target_id}", partial(self._pin, target))

    def _periods(self) -> Iterator[Beat]:
        for period in self._programme.periods:
            yield Beat(period.starts_at, f"training {period.period_id}", partial(self._train, period))

    async def _open_call(self, call: Call) -> None:
        message = intake.Call(
            call_id=call.call_id,
            title_ko=call.title_ko,
            title_en=call.title_en,
            opens_at=stamp(call.opens_at),
            closes_at=stamp(call.closes_at),
            requires_students=call.requires_students,
        )
        request = intake.OpenCallRequest(request_id=request_id("call", call.call_id), call=message)
        await self._session.call(_STAFF, "intake", "OpenCall", request)

    async def _apply(self, call: Call, applicant: Applicant) -> None:
        team = applicant.team_id
        application = intake.Application(
            call_id=call.call_id,
            team_id=team,
            lead_ko=applicant.lead_ko,
            lead_en=applicant.lead_en,
            participants=[
                intake.Participant(organisation=each.organisation, kind=each.kind, students=each.students)
                for each in applicant.participants
            ],
            plan=applicant.plan,
            contribution_plan=applicant.contribution_plan,
            target_model=applicant.target_model,
            wished_gpus=applicant.wished_gpus,
            synthetic=applicant.synthetic,
        )
        request = intake.SubmitApplicationRequest(
            request_id=request_id("application", call.call_id, team), team_id=team, application=application
        )
        await self._session.call(Caller.consortium(team), "intake", "SubmitApplication", request)
        eligibility = intake.RecordEligibilityRequest(
            request_id=request_id("eligibility", call.call_id, team),
            call_id=call.call_id,
            team_id=team,
            check="application-complete",
            passed=True,
            evidence="all sections and documents are readable",
        )
        await self._session.call(_STAFF, "intake", "RecordEligibility", eligibility)

    async def _seat(self, stage: StagePlan) -> None:
        for source, assessors in stage.panels.items():
            request = evaluation.SeatPanelRequest(
                request_id=request_id("panel", stage.stage_id, source),
                stage_id=stage.stage_id,
                source_id=source,
                assessor_ids=assessors,
            )
            await self._session.call(_STAFF, "evaluation", "SeatPanel", request)

    async def _score(self, stage: StagePlan) -> None:
        """Seat the panels, then hand in what they and the testing body found and how the gates were judged."""
        await self._seat(stage)
        await side_by_side(partial(self._sheet, stage, source, person) for source, person in stage.sheets)
        for block in stage.measurements:
            await self._session.call(
                _TESTING_BODY,
                "evaluation",
                "RecordMeasurements",
                evaluation.RecordMeasurementsRequest(
                    request_id=request_id("measurements", stage.stage_id, block.source_id, block.provenance.value),
                    stage_id=stage.stage_id,
                    source_id=block.source_id,
                    rows=[evaluation.ScoreRow(team_id=t, criterion=c, value=v) for t, c, v in block.rows],
                    provenance=value_of(block.provenance),
                    origin=f"replay data of {self._programme.programme_id}",
                ),
            )
        await self._rules.judge(stage)

    async def _sheet(self, stage: StagePlan, source: str, person: str) -> None:
        request = evaluation.SubmitScoreSheetRequest(
            request_id=request_id("sheet", stage.stage_id, source, person),
            stage_id=stage.stage_id,
            source_id=source,
            assessor_id=person,
            rows=[evaluation.ScoreRow(team_id=t, criterion=c, value=v) for t, c, v in stage.sheet_rows(source, person)],
            provenance=value_of(stage.sheet_provenance(source)),
        )
        await self._session.call(Caller.assessor(person), "evaluation", "SubmitScoreSheet", request)

    async def _pin(self, target: TargetPlan) -> None:
        imported = evaluation.ImportReferenceModelsRequest(
            request_id=request_id("references", target.target_id),
            models=[_reference(target, each) for each in target.references],
        )
        await self._session.call(_STAFF, "evaluation", "ImportReferenceModels", imported)
        await self._session.call(_STAFF, "evaluation", "PinTarget", _pinning(target))

    async def _train(self, period: Period) -> None:
        await side_by_side(partial(self._submit, period, job) for job in period.jobs)

    async def _submit(self, period: Period, job: Job) -> None:
        spec = training.JobSpec(
            job_id=job.job_id,
            team_id=job.team_id,
            period=period.period_id,
            model=job.model,
            gpus=job.gpus,
            max_seconds=job.max_seconds,
            gpu_source=training.GPU_SOURCE_OWN if job.own_gpus else training.GPU_SOURCE_GRANTED,
            seed=job.seed,
            steps=job.steps,
        )
        request = training.SubmitJobRequest(request_id=request_id("job", job.job_id), team_id=job.team_id, spec=spec)
        await self._session.call(Caller.consortium(job.team_id), "training", "SubmitJob", request)


def _shortly_before(closes: datetime, opens: datetime) -> datetime:
    return max(opens, closes - _SHEETS_BEFORE_CLOSE)


def _reference(target: TargetPlan, reference: Reference) -> evaluation.ReferenceModel:
    release = evaluation.Release(
        kind=target.release_kind, date=reference.released_on.isoformat(), source=reference.source
    )
    score = evaluation.ReferenceScore(
        index=target.index, edition=target.edition, value=reference.value, source=reference.source
    )
    return evaluation.ReferenceModel(
        model_id=reference.model_id,
        organisation=reference.organisation,
        family=reference.family,
        open_weights=reference.open_weights,
        releases=[release],
        scores=[score],
        provenance=value_of(reference.provenance),
    )


def _pinning(target: TargetPlan) -> evaluation.PinTargetRequest:
    return evaluation.PinTargetRequest(
        request_id=request_id("target", target.target_id),
        target_id=target.target_id,
        stage_id=target.stage_id,
        index=target.index,
        edition=target.edition,
        as_of=target.as_of.isoformat(),
        window_months=target.window_months,
        release_kind=target.release_kind,
        ratio=target.ratio,
        candidates=[
            evaluation.CandidateScore(team_id=each.team_id, value=each.value, declared_model_id=each.declared_model_id)
            for each in target.candidates
        ],
    )
