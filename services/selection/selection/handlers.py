"""Use cases of selection: each loads, decides by the domain, saves and says so, in one transaction of its caller."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol, assert_never

from rules import decision_from_json

from selection.domain import consequences, rule_set
from selection.domain import stage as stages
from selection.domain.deciding import Decided, Evidence, Waiting, attempt
from selection.domain.events import (
    DecisionFinalized,
    DecisionProvisional,
    DecisionRecord,
    GateVerdictRecorded,
    RuleSetFrozen,
    RuleSetPublished,
    SelectionEvent,
    StageOpened,
    StagePlanned,
)
from selection.domain.refusal import RuleSetUnknownError, StageTakenError, StageUnknownError
from selection.domain.scores import cell, check_scores, new_ones
from selection.domain.stage import Stage, StageState
from selection.domain.verdict import check_verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from rules import Measurement, Score, Verdict

    from selection.domain.rule_set import KeptRuleSet

STAGE_PROCESS: Final = "stage"
"""Kind of the process manager; its id is the stage's."""

DECISION_GRACE: Final = timedelta(days=3)
"""How long a stage may stay undecided after its date before people are told."""

FINAL_GRACE: Final = timedelta(days=1)
"""How long after the objection window a decision may stay provisional before people are told."""


class Records(Protocol):
    """What the use cases need to remember, and how they tell others."""

    @property
    def now(self) -> datetime:
        """The instant of this transaction (UTC)."""

    async def rule_set(self, sha256: str) -> KeptRuleSet | None:
        """A rule set, locked against a change of its state; `None` where none has this hash."""

    async def rule_set_to_change(self, sha256: str) -> KeptRuleSet | None:
        """A rule set, locked for a change of its state; `None` where none has this hash."""

    async def versions(self, rule_set_id: str) -> list[KeptRuleSet]:
        """All versions of a rule set, locked."""

    async def add_rule_set(self, kept: KeptRuleSet) -> None:
        """Keep a new rule set."""

    async def save_rule_set(self, kept: KeptRuleSet) -> None:
        """Keep the state of a rule set; its document never changes."""

    async def governs_a_stage(self, sha256: str) -> bool:
        """Whether a stage was planned under the rule set."""

    async def stage(self, stage_id: str) -> Stage | None:
        """A stage, locked; `None` where there is none."""

    async def add_stage(self, stage: Stage) -> bool:
        """Keep a new stage; `False` where its id is taken."""

    async def save_stage(self, stage: Stage) -> None:
        """Keep a stage that changed."""

    async def waiting_for_call(self, call_id: str) -> list[str]:
        """Planned stages whose teams come from this call."""

    async def waiting_for_stage(self, stage_id: str) -> list[str]:
        """Planned stages whose teams come from this stage, among others."""

    async def schedule(self, stage: Stage, *, owner: str, wake_at: datetime | None, deadline: datetime | None) -> None:
        """Note who must act on a stage, when it wakes by itself and when it is overdue; a final one never again."""

    async def wake(self, stage_id: str) -> None:
        """Wake a stage now."""

    async def add_closed_call(self, call_id: str, teams: Sequence[str]) -> None:
        """Keep a call's list of applicants."""

    async def closed_call(self, call_id: str) -> tuple[str, ...] | None:
        """Applicants of a closed call; `None` while it is not known to be closed."""

    async def known_scores(
        self, stage_id: str, source: str, assessors: Collection[str]
    ) -> Mapping[tuple[str, str, str], Decimal]:
        """Values that these assessors gave (empty: measured ones), by assessor, team and criterion."""

    async def add_scores(self, stage_id: str, given: Sequence[Score | Measurement]) -> None:
        """Keep scores."""

    async def add_verdict(self, stage_id: str, verdict: Verdict) -> None:
        """Keep a verdict."""

    async def verdicts(self, stage_id: str) -> Sequence[Verdict]:
        """The verdicts given in a stage."""

    async def evidence(self, stage_id: str) -> Evidence:
        """Everything given to a stage."""

    async def add_decision(self, decision: DecisionRecord) -> None:
        """Keep a decision."""

    async def decision(self, stage_id: str) -> DecisionRecord | None:
        """The decision of a stage; `None` before it."""

    async def publish(self, event: SelectionEvent) -> None:
        """Tell others."""


async def publish_rule_set(document: str, records: Records) -> KeptRuleSet:
    """Keep a valid rule set; earlier versions that govern no stage are superseded.

    Raises `RuleSetRefusedError` and `VersionNotNewError`.
    """
    rules = rule_set.read(document)
    earlier = await records.versions(rules.id)
    kept = rule_set.publish(rules, earlier, records.now)
    if kept in earlier:
        return kept
    await records.add_rule_set(kept)
    for each in earlier:
        if not await records.governs_a_stage(each.sha256):
            await records.save_rule_set(rule_set.supersede(each))
    await records.publish(RuleSetPublished(kept))
    return kept


async def freeze_rule_set(sha256: str, records: Records) -> KeptRuleSet:
    """Freeze a rule set. Raises `RuleSetUnknownError` and `RuleSetSupersededError`."""
    kept = _published(await records.rule_set_to_change(sha256), sha256)
    frozen = rule_set.freeze(kept, records.now)
    if frozen != kept:
        await records.save_rule_set(frozen)
        await records.publish(RuleSetFrozen(frozen))
    return frozen


async def plan_stage(stage_id: str, sha256: str, from_call: str, from_stages: Sequence[str], records: Records) -> Stage:
    """Plan a stage, which then opens, is decided and becomes final at the dates of its rule set.

    Raises `RuleSetUnknownError`, `StageTakenError`, `StageUnknownError` and what `stages.plan` raises.
    """
    kept = await _kept(sha256, records)
    for number, each in enumerate(from_stages):
        if await records.stage(each) is None:
            raise StageUnknownError(f"from_stage_ids[{number}]", each, "must be a planned stage")
    planned = stages.plan(stage_id, kept, from_call, from_stages)
    if not await records.add_stage(planned):
        raise StageTakenError("stage_id", stage_id, "is planned already")
    await records.schedule(planned, owner="selection", wake_at=planned.opens_at, deadline=planned.closes_at)
    await records.publish(StagePlanned(planned))
    return planned


async def close_call(call_id: str, teams: Sequence[str], records: Records) -> None:
    """Keep a call's applicants and wake the stages that wait for them."""
    await records.add_closed_call(call_id, teams)
    await _wake_due(await records.waiting_for_call(call_id), records)


async def take_scores(stage_id: str, source: str, given: Sequence[Score | Measurement], records: Records) -> None:
    """Keep scores and try a decision that waited for them; those of a stage not known yet are kept all the same.

    Raises `ScoreRefusedError`, `ScoreTakenError` and `StageNotCollectingError`.
    """
    stage = await records.stage(stage_id)
    assessors = {cell(each)[0] for each in given}
    new = new_ones(given, await records.known_scores(stage_id, source, assessors))
    if not new:
        return
    if stage is not None:
        check_scores(new, stage, (await _kept(stage.rule_set_sha256, records)).rules)
    await records.add_scores(stage_id, new)
    if stage is not None:
        await _try_again(stage, records)


async def record_verdict(stage_id: str, verdict: Verdict, records: Records) -> None:
    """Keep a gate's verdict and try a decision that waited for it. Raises what `check_verdict` raises."""
    stage = await records.stage(stage_id)
    if stage is None:
        raise StageUnknownError("stage_id", stage_id, "must be a planned stage")
    rules = (await _kept(stage.rule_set_sha256, records)).rules
    check_verdict(verdict, stage, rules, await records.verdicts(stage_id))
    await records.add_verdict(stage_id, verdict)
    await records.publish(GateVerdictRecorded(stage_id, verdict))
    await _try_again(stage, records)


async def step(stage_id: str, records: Records) -> None:
    """Take a stage as far as it can go at this instant; called when it wakes."""
    stage = await records.stage(stage_id)
    if stage is None:
        raise StageUnknownError("stage_id", stage_id, "must be a planned stage")
    match stage.state:
        case StageState.PLANNED:
            await _open(stage, records)
        case StageState.COLLECTING:
            await _decide(stage, records)
        case StageState.OBJECTION:
            await _finalize(stage, records)
        case StageState.FINAL:
            return
        case _:
            assert_never(stage.state)


async def _open(stage: Stage, records: Records) -> None:
    if records.now < stage.opens_at:
        await records.schedule(stage, owner="selection", wake_at=stage.opens_at, deadline=stage.closes_at)
        return
    teams, missing = await _entrants(stage, records)
    if missing:
        waiting = replace(stage, waits_for=missing)
        await records.save_stage(waiting)
        # No wake-up: what is missing wakes it.
        await records.schedule(waiting, owner="staff", wake_at=None, deadline=stage.closes_at)
        return
    opened = stages.open_with(stage, teams, records.now)
    rules = (await _kept(stage.rule_set_sha256, records)).rules
    await records.save_stage(opened)
    await records.publish(StageOpened(opened, rules))
    await records.schedule(
        opened, owner="evaluation", wake_at=stage.decides_at, deadline=stage.decides_at + DECISION_GRACE
    )


async def _entrants(stage: Stage, records: Records) -> tuple[list[str], str]:
    if stage.from_call:
        applicants = await records.closed_call(stage.from_call)
        return list(applicants or ()), "" if applicants is not None else f"call {stage.from_call} is not closed"
    teams: list[str] = []
    missing: list[str] = []
    for source in stage.from_stages:
        before = await records.stage(source)
        decision = await records.decision(source)
        if before is None or before.state is not StageState.FINAL or decision is None:
            missing.append(f"the final decision of {source}")
        else:
            teams += decision_from_json(decision.document).advanced
    return teams, "; ".join(missing)


async def _decide(stage: Stage, records: Records) -> None:
    deadline = stage.decides_at + DECISION_GRACE
    if records.now < stage.decides_at:
        await records.schedule(stage, owner="evaluation", wake_at=stage.decides_at, deadline=deadline)
        return
    kept = await _kept(stage.rule_set_sha256, records)
    rules = kept.rules
    outcome = attempt(stage, kept, rules, await records.evidence(stage.id))
    match outcome:
        case Waiting(reason):
            waiting = replace(stage, waits_for=reason)
            await records.save_stage(waiting)
            # No wake-up: the next score or verdict wakes it.
            await records.schedule(waiting, owner="staff", wake_at=None, deadline=deadline)
        case Decided(inputs, decision):
            record = DecisionRecord(
                stage.id,
                kept.sha256,
                inputs.sha256(),
                inputs.canonical_bytes(),
                decision.sha256(),
                decision.canonical_bytes(),
            )
            await _decided(stages.decided(stage, rules, records.now), record, records)
        case _:
            assert_never(outcome)


async def _decided(stage: Stage, record: DecisionRecord, records: Records) -> None:
    final_at = stage.final_at or records.now
    await records.add_decision(record)
    await records.save_stage(stage)
    await records.publish(DecisionProvisional(stage, record))
    await records.schedule(stage, owner="selection", wake_at=final_at, deadline=final_at + FINAL_GRACE)
    if final_at <= records.now:
        await _finalize(stage, records)


async def _finalize(stage: Stage, records: Records) -> None:
    final_at = stage.final_at or records.now
    record = await records.decision(stage.id)
    if record is None or records.now < final_at:
        await records.schedule(stage, owner="selection", wake_at=final_at, deadline=final_at + FINAL_GRACE)
        return
    rules = (await _kept(stage.rule_set_sha256, records)).rules
    decision = decision_from_json(record.document)
    final = stages.finalized(stage)
    await records.save_stage(final)
    await records.schedule(final, owner="selection", wake_at=None, deadline=None)
    await records.publish(
        DecisionFinalized(
            record,
            decision.advanced,
            consequences.losses(decision, rules),
            consequences.awards(decision, rules, final_at),
        )
    )
    await _wake_due(await records.waiting_for_stage(stage.id), records)


async def _wake_due(stage_ids: Sequence[str], records: Records) -> None:
    for stage_id in stage_ids:
        stage = await records.stage(stage_id)
        if stage is not None and stage.state is StageState.PLANNED and stage.opens_at <= records.now:
            await records.wake(stage_id)


async def _try_again(stage: Stage, records: Records) -> None:
    if stage.state is StageState.COLLECTING and stage.decides_at <= records.now:
        await records.wake(stage.id)


async def _kept(sha256: str, records: Records) -> KeptRuleSet:
    return _published(await records.rule_set(sha256), sha256)


def _published(kept: KeptRuleSet | None, sha256: str) -> KeptRuleSet:
    if kept is None:
        raise RuleSetUnknownError("rule_set_sha256", sha256, "must be a published rule set")
    return kept
