"""Decisions in versions: a later one supersedes, never overwrites, and what differs is computed and told.

Source: design page "Selection and notary", "Objections": a re-decision supersedes and shows the difference
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rules import Measurement, Score, canonical_json, decision_from_json, inputs_from_json
from rules.exact import plain

from selection.domain.refusal import CorrectionInvalidError, ReasonMissingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from rules import Inputs, Provenance, Verdict

    from selection.domain.deciding import Evidence
    from selection.domain.events import DecisionRecord


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """A value that is read otherwise than it was handed in: corrected, added, or withdrawn (`value` is `None`).

    `assessor` is empty for a measurement.
    """

    source: str
    assessor: str
    team: str
    criterion: str
    value: Decimal | None
    provenance: Provenance

    @property
    def cell(self) -> tuple[str, str, str, str]:
        """What it is about."""
        return (self.source, self.assessor, self.team, self.criterion)


@dataclass(frozen=True, slots=True)
class Corrections:
    """What a version reads otherwise."""

    scores: tuple[ScoreChange, ...] = ()
    verdicts: tuple[Verdict, ...] = ()


NO_CORRECTIONS = Corrections()


def check_redecision(reason: str, corrections: Corrections) -> None:
    """Raise `ReasonMissingError` or `CorrectionInvalidError` for what no re-decision can rest on."""
    if not reason.strip():
        raise ReasonMissingError("reason", reason, "a stage is decided again for a reason")
    cells: set[tuple[str, ...]] = set()
    for number, each in enumerate(corrections.scores):
        if each.cell in cells:
            raise CorrectionInvalidError(f"score_changes[{number}]", ", ".join(each.cell), "must be named once")
        cells.add(each.cell)
    for number, verdict in enumerate(corrections.verdicts):
        if (verdict.gate, verdict.team) in cells:
            value = f"{verdict.gate}, {verdict.team}"
            raise CorrectionInvalidError(f"verdict_changes[{number}]", value, "must be named once")
        if not verdict.reason.strip():
            raise ReasonMissingError(f"verdict_changes[{number}].reason", verdict.reason, "must not be empty")
        cells.add((verdict.gate, verdict.team))


def corrected(evidence: Evidence, corrections: Iterable[Corrections]) -> Evidence:
    """Return the evidence as it is read after `corrections`, oldest first."""
    values: dict[tuple[str, str, str, str], Score | Measurement] = {_cell(each): each for each in _given(evidence)}
    verdicts = {(each.gate, each.team): each for each in evidence.verdicts}
    for each in corrections:
        for change in each.scores:
            source, assessor, team, criterion = change.cell
            if change.value is None:
                values.pop(change.cell, None)
            elif assessor:
                values[change.cell] = Score(source, assessor, team, criterion, change.value, change.provenance)
            else:
                values[change.cell] = Measurement(source, team, criterion, change.value, change.provenance)
        verdicts |= {(verdict.gate, verdict.team): verdict for verdict in each.verdicts}
    return replace(
        evidence,
        scores=[each for each in values.values() if isinstance(each, Score)],
        measurements=[each for each in values.values() if isinstance(each, Measurement)],
        verdicts=list(verdicts.values()),
    )


def _given(evidence: Evidence) -> list[Score | Measurement]:
    return [*evidence.scores, *evidence.measurements]


def _cell(given: Score | Measurement) -> tuple[str, str, str, str]:
    return (given.source, getattr(given, "assessor", ""), given.team, given.criterion)


def difference(old: DecisionRecord, new: DecisionRecord) -> bytes:
    """Return what differs between two decisions of a stage, as canonical JSON: places, totals, winners and inputs.

    Each entry has the value `before` and `after`; null where there was none. What is alike is left out.
    """
    before, after = decision_from_json(old.document), decision_from_json(new.document)
    given, taken = inputs_from_json(old.inputs), inputs_from_json(new.inputs)
    return canonical_json(
        {
            "format": "dokpamo/difference/1",
            "stage": new.stage,
            "rule_set_sha256": _pair(old.rule_set_sha256, new.rule_set_sha256),
            "ranks": _changed(
                {row.team: row.rank for row in before.table}, {row.team: row.rank for row in after.table}
            ),
            "totals": _changed(before.totals(), after.totals()),
            "outcome": _pair(before.outcome, after.outcome),
            "advanced": _pair(list(old.advanced), list(new.advanced)),
            "joined": sorted(set(new.advanced) - set(old.advanced)),
            "left": sorted(set(old.advanced) - set(new.advanced)),
            "scores": _changed(_values(given), _values(taken)),
            "verdicts": _changed(_verdicts(given), _verdicts(taken)),
            "overridden": _pair(old.override is not None, new.override is not None),
        }
    )


def _pair(before: Any, after: Any) -> dict[str, Any] | None:
    return None if before == after else {"before": before, "after": after}


def _changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    names = sorted(before.keys() | after.keys())
    pairs = {name: _pair(before.get(name), after.get(name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair is not None}


def _values(inputs: Inputs) -> dict[str, str]:
    given: Sequence[Score | Measurement] = [*inputs.scores(), *inputs.measurements]
    return {"/".join(_cell(each)): plain(each.value) for each in given}


def _verdicts(inputs: Inputs) -> dict[str, Any]:
    return {f"{each.gate}/{each.team}": {"passed": each.passed, "reason": each.reason} for each in inputs.verdicts}
