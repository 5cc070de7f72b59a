"""Why a stage is where it is, as data: a code and its parameters, from which each reader makes words of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Final

from rules import Lacking

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rules.completeness import Missing

_MOST_NAMES: Final = 10


class WaitCode(Enum):
    """What a stage waits for."""

    OPENING = "opening"
    SCORING = "scoring"
    OBJECTIONS = "objections"
    PROCEEDINGS_OPEN = "proceedings-open"
    FINDINGS_MISSING = "findings-missing"
    REDECISION_IMPOSSIBLE = "redecision-impossible"
    CALL_OPEN = "call-open"
    STAGE_NOT_FINAL = "stage-not-final"
    STAGE_CANCELLED = "stage-cancelled"
    TRIGGER_MISSING = "trigger-missing"
    WINDOW_MISSED = "window-missed"
    RULE_SET_FROZEN_LATE = "rule-set-frozen-late"
    SCORING_NOT_CLOSED = "scoring-not-closed"
    SCORES_UNDERWAY = "scores-underway"
    LATE_PICKS_UNREVEALED = "late-picks-unrevealed"
    ASSESSORS_MISSING = "assessors-missing"
    SCORES_MISSING = "scores-missing"
    MEASUREMENTS_MISSING = "measurements-missing"
    COMPARISONS_MISSING = "comparisons-missing"
    VERDICTS_MISSING = "verdicts-missing"
    JUDGES_MISSING = "judges-missing"
    SEED_MISSING = "seed-missing"
    FIGURES_MISSING = "figures-missing"
    INPUTS_REFUSED = "inputs-refused"


_CODES: Final = {
    Lacking.ASSESSORS: WaitCode.ASSESSORS_MISSING,
    Lacking.SHEETS: WaitCode.SCORES_MISSING,
    Lacking.SCORES: WaitCode.SCORES_MISSING,
    Lacking.SCORE: WaitCode.SCORES_MISSING,
    Lacking.MEASUREMENT: WaitCode.MEASUREMENTS_MISSING,
    Lacking.COMPARISONS: WaitCode.COMPARISONS_MISSING,
    Lacking.FIGURE: WaitCode.FIGURES_MISSING,
    Lacking.VERDICT: WaitCode.VERDICTS_MISSING,
    Lacking.SEED: WaitCode.SEED_MISSING,
}


@dataclass(frozen=True, slots=True)
class Wait:
    """One reason; `facts` are sorted pairs of name and text, instants in ISO 8601 UTC, several values by commas."""

    code: WaitCode
    facts: tuple[tuple[str, str], ...] = ()


def wait(code: WaitCode, **facts: object) -> Wait:
    """Return a reason with its facts."""
    return Wait(code, tuple(sorted((name, _text(value)) for name, value in facts.items())))


def waits_of(missing: Iterable[Missing]) -> tuple[Wait, ...]:
    """Return what is missing by source or gate: how many things, of which teams and assessors."""
    groups: dict[tuple[WaitCode, str], list[Missing]] = {}
    for each in missing:
        groups.setdefault((_CODES[each.what], each.source), []).append(each)
    return tuple(_of_group(code, source, found) for (code, source), found in groups.items())


def _of_group(code: WaitCode, source: str, found: list[Missing]) -> Wait:
    teams = sorted({team for each in found for team in each.teams})
    match code:
        case WaitCode.SEED_MISSING:
            return wait(code, rule_set=source, teams=teams)
        case WaitCode.ASSESSORS_MISSING:
            return wait(code, source=source, have=found[0].have, need=found[0].need)
        case WaitCode.VERDICTS_MISSING:
            return wait(code, gate=source, teams=_some(teams))
        case _:
            return wait(code, source=source, teams=_some(teams), count=len(found))


def _some(names: list[str]) -> list[str]:
    return names[:_MOST_NAMES]


def _text(value: object) -> str:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case list() | tuple():
            return ",".join(_text(each) for each in value)
        case _:
            return str(value)
