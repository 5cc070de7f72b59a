"""What is done about what a panel found: named values are corrected, or named sources scored again by fresh people.

Source: design page "Selection and notary", "Objections": remedy (uphold, recompute, re-score), every step an event
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rules import InputsIncompleteError, InputsRefusedError, Measurement, Score, Verdict, collect
from rules.completeness import check_inputs
from rules.exact import plain
from rules.inputs import weakest

from selection.domain.objection_panel import require_fresh
from selection.domain.objection_proceeding import Remedy, State, due_after, require_reason, require_state
from selection.domain.objection_refusal import (
    FreshScoresInvalidError,
    FreshScoresTakenError,
    RemedyInvalidError,
    ScorerNotNamedError,
)
from selection.domain.versions import Corrections, ScoreChange, check_redecision

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from decimal import Decimal

    from rules import Inputs, Provenance, RuleSet

    from selection.domain.objection_panel import Barred
    from selection.domain.objection_proceeding import Proceeding


@dataclass(frozen=True, slots=True)
class FreshScoring:
    """A source or a gate (the other one empty) that `scorers` score again."""

    source: str
    gate: str
    scorers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FreshValue:
    """What a fresh scorer gives a team on a criterion."""

    team: str
    criterion: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class FreshJudgement:
    """What a fresh judge of a gate finds of one team."""

    team: str
    passed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class FreshSheet:
    """What one fresh scorer hands in: values of a source, or judgements of a gate."""

    source: str
    gate: str
    scorer: str
    values: tuple[FreshValue, ...]
    judgements: tuple[FreshJudgement, ...]
    provenance: Provenance


def order_recompute(
    found: Proceeding, corrections: Corrections, reason: str, inputs: Inputs | None
) -> Proceeding:  # fmt: skip
    """Return the proceeding with what is read otherwise; `inputs` are the decision's that counts, `None` before one.

    Before a decision what was handed in stands: a finding of a case can then only give a verdict. Raises the refusal of
    the first rule that the order breaks.
    """
    _require_ordered(found, Remedy.RECOMPUTE, reason)
    check_redecision(reason, corrections)
    if not corrections.scores and not corrections.verdicts:
        raise RemedyInvalidError("score_changes", "nothing", "must name what is corrected")
    if inputs is None and corrections.scores:
        raise RemedyInvalidError("score_changes", len(corrections.scores), "are of a decision, and there is none yet")
    before = _before(corrections, inputs)
    after = {"/".join(each.cell): "" if each.value is None else plain(each.value) for each in corrections.scores}
    after |= {f"{each.gate}/{each.team}": _passed(each) for each in corrections.verdicts}
    if before == after:
        raise RemedyInvalidError("score_changes", ", ".join(after), "must differ from what is read now")
    return replace(found, remedy_reason=reason, corrections=corrections, before=tuple(sorted(before.items())))


def order_rescore(
    found: Proceeding,
    fresh: Sequence[FreshScoring],
    reason: str,
    rules: RuleSet,
    inputs: Inputs,
    bars: Barred,
    now: datetime,
) -> Proceeding:
    """Return the proceeding as fresh people score again: as many as the rule set's panel or quorum demands.

    Measurements are taken by one person. Raises the refusal of the first rule that the order breaks.
    """
    _require_ordered(found, Remedy.RESCORE, reason)
    if not fresh:
        raise RemedyInvalidError("fresh", "nothing", "must name what is scored again")
    for number, each in enumerate(fresh):
        field = f"fresh[{number}]"
        if any((each.source, each.gate) == (one.source, one.gate) for one in fresh[:number]):
            raise RemedyInvalidError(field, each.source or each.gate, "must be named once")
        least, most = _numbers(each, rules, field)
        require_fresh(each.scorers, bars, f"{field}.scorer_ids")
        if not least <= len(each.scorers) <= most:
            raise RemedyInvalidError(f"{field}.scorer_ids", len(each.scorers), f"must be {least} to {most}")
        if not _asked(each, inputs):
            raise RemedyInvalidError(field, each.source or each.gate, "has nothing that could be scored again")
    due = due_after(State.RESCORING, now, rules.zone)
    ordered = tuple(replace(each, scorers=tuple(sorted(each.scorers))) for each in fresh)
    return replace(found, state=State.RESCORING, remedy_reason=reason, fresh=ordered, due=due)


def hand_in(found: Proceeding, sheet: FreshSheet, rules: RuleSet, inputs: Inputs, bars: Barred) -> Proceeding:
    """Return the proceeding with what a fresh scorer hands in: whole, on the scale, once.

    Raises the refusal of the first rule that it breaks.
    """
    require_state(found, State.RESCORING)
    place = (sheet.source, sheet.gate)
    named = next((each for each in found.fresh if (each.source, each.gate) == place), None)
    if named is None or sheet.scorer not in named.scorers:
        raise ScorerNotNamedError("scorer_id", sheet.scorer, f"must be named for {sheet.source or sheet.gate}")
    require_fresh([sheet.scorer], bars, "scorer_id")
    if any((each.source, each.gate, each.scorer) == (*place, sheet.scorer) for each in found.sheets):
        raise FreshScoresTakenError("scorer_id", sheet.scorer, "hands in once")
    _check_whole(sheet, _asked(named, inputs))
    _check_scales(sheet, rules, inputs)
    return replace(found, sheets=(*found.sheets, sheet))


def all_handed_in(found: Proceeding) -> bool:
    """Whether every fresh scorer has handed in."""
    return len(found.sheets) == sum(len(each.scorers) for each in found.fresh)


def fresh_corrections(found: Proceeding, rules: RuleSet, inputs: Inputs) -> Corrections:
    """Return what a re-score changes: fresh sheets in the place of all that the source had, a new verdict of a gate.

    A team passes where more than half of the fresh judges say so, as with the first ones.
    """
    changes: list[ScoreChange] = []
    verdicts: list[Verdict] = []
    for each in found.fresh:
        sheets = [one for one in found.sheets if (one.source, one.gate) == (each.source, each.gate)]
        if each.gate:
            teams = sorted(team for team, _ in _asked(each, inputs))
            verdicts += [_verdict(found, each.gate, team, sheets) for team in teams]
            continue
        given = [change for sheet in sheets for change in _changes(sheet, rules)]
        anew = {change.cell for change in given}
        old = [
            ScoreChange(one.source, one.assessor, one.team, one.criterion, None, one.provenance)
            for one in inputs.scores()
            if one.source == each.source
        ]
        changes += [change for change in old if change.cell not in anew]
        changes += given
    return Corrections(tuple(changes), tuple(verdicts))


def _require_ordered(found: Proceeding, remedy: Remedy, reason: str) -> None:
    require_state(found, State.FOUND)
    if found.remedy is not remedy:
        was = found.remedy.value if found.remedy else "nothing"
        raise RemedyInvalidError("remedy", remedy.value, f"must be what the panel found: {was}")
    require_reason(reason)


def _before(corrections: Corrections, inputs: Inputs | None) -> dict[str, str]:
    values: dict[str, str] = {}
    verdicts: dict[str, str] = {}
    if inputs is not None:
        given: list[Score | Measurement] = [*inputs.scores(), *inputs.measurements]
        for each in given:
            assessor = each.assessor if isinstance(each, Score) else ""
            values[f"{each.source}/{assessor}/{each.team}/{each.criterion}"] = plain(each.value)
        verdicts = {f"{each.gate}/{each.team}": _passed(each) for each in inputs.verdicts}
    found = {"/".join(each.cell): values.get("/".join(each.cell), "") for each in corrections.scores}
    names = [f"{each.gate}/{each.team}" for each in corrections.verdicts]
    return found | {name: verdicts.get(name, "") for name in names}


def _passed(verdict: Verdict) -> str:
    return "passed" if verdict.passed else "failed"


def _numbers(each: FreshScoring, rules: RuleSet, field: str) -> tuple[int, int]:
    """How many people at least and at most score a source or judge a gate."""
    if bool(each.source) == bool(each.gate):
        raise RemedyInvalidError(field, f"{each.source} {each.gate}", "must name either a source or a gate")
    for gate in rules.gates:
        if each.gate and gate.id == each.gate and gate.kind == "verdict":
            return gate.quorum, max(gate.quorum, len(each.scorers))
    for source in rules.sources:
        if each.source == source.id and source.kind == "sheets":
            return source.panel.minimum, source.panel.planned
        if each.source == source.id and source.kind == "measurements":
            return 1, 1
    raise RemedyInvalidError(
        field, each.source or each.gate, "must be sheets, measurements or a judged gate of the rules"
    )


def _asked(each: FreshScoring, inputs: Inputs) -> frozenset[tuple[str, str]]:
    """The teams and criteria that a source has values of now; the teams that a gate has verdicts of."""
    if each.gate:
        return frozenset((one.team, "") for one in inputs.verdicts if one.gate == each.gate)
    given: list[Score | Measurement] = [*inputs.scores(), *inputs.measurements]
    return frozenset((one.team, one.criterion) for one in given if one.source == each.source)


def _check_whole(sheet: FreshSheet, asked: frozenset[tuple[str, str]]) -> None:
    given = [(each.team, each.criterion) for each in sheet.values] + [(each.team, "") for each in sheet.judgements]
    name = "judgements" if sheet.gate else "values"
    twice = next((each for each, number in Counter(given).items() if number > 1), None)
    if twice:
        raise FreshScoresInvalidError(name, " ".join(twice), "must be given once")
    for wrong, rule in ((set(given) - asked, "is not asked for"), (asked - set(given), "must be given too")):
        if wrong:
            raise FreshScoresInvalidError(name, " ".join(min(wrong)).strip(), rule)
    for number, judged in enumerate(sheet.judgements):
        require_reason(judged.reason, f"judgements[{number}].reason")


def _check_scales(sheet: FreshSheet, rules: RuleSet, inputs: Inputs) -> None:
    scores: list[Score] = []
    measurements: list[Measurement] = []
    measured = any(source.id == sheet.source and source.kind == "measurements" for source in rules.sources)
    for each in sheet.values:
        if measured:
            measurements.append(Measurement(sheet.source, each.team, each.criterion, each.value))
        else:
            scores.append(Score(sheet.source, sheet.scorer, each.team, each.criterion, each.value))
    try:
        check_inputs(rules, collect(inputs.stage, inputs.entrants, scores=scores, measurements=measurements))
    except InputsIncompleteError:
        return  # of course: these are some of the values
    except InputsRefusedError as error:
        first = error.violations[0]
        raise FreshScoresInvalidError(first.path, first.value, first.rule) from error


def _changes(sheet: FreshSheet, rules: RuleSet) -> list[ScoreChange]:
    sheets = {source.id for source in rules.sources if source.kind == "sheets"}
    # A measured value has no assessor.
    assessor = sheet.scorer if sheet.source in sheets else ""
    return [
        ScoreChange(sheet.source, assessor, each.team, each.criterion, each.value, sheet.provenance)
        for each in sheet.values
    ]


def _verdict(found: Proceeding, gate: str, team: str, sheets: Sequence[FreshSheet]) -> Verdict:
    judged = [one for sheet in sheets for one in sheet.judgements if one.team == team]
    passed = 2 * sum(one.passed for one in judged) > len(judged)
    reasons = dict.fromkeys(one.reason for one in judged if one.passed is passed)
    mark = weakest(sheet.provenance for sheet in sheets)
    return Verdict(gate, team, passed, "; ".join(reasons), (found.id,), len(judged), mark)
