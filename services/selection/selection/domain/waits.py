"""Why a stage is where it is, as data: a code and its parameters, from which each reader makes words of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Final

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
    OTHER_MISSING = "other-missing"
    INPUTS_REFUSED = "inputs-refused"


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
        groups.setdefault((_code(each.what), each.source), []).append(each)
    return tuple(_of_group(code, source, found) for (code, source), found in groups.items())


def _code(what: str) -> WaitCode:
    codes = {
        "assessors": WaitCode.ASSESSORS_MISSING,
        "sheets": WaitCode.SCORES_MISSING,
        "scores": WaitCode.SCORES_MISSING,
        "score": WaitCode.SCORES_MISSING,
        "measurement": WaitCode.MEASUREMENTS_MISSING,
        "comparisons": WaitCode.COMPARISONS_MISSING,
        "verdict": WaitCode.VERDICTS_MISSING,
    }
    return WaitCode.SEED_MISSING if what.startswith("seed") else codes.get(what, WaitCode.OTHER_MISSING)


def _of_group(code: WaitCode, source: str, found: list[Missing]) -> Wait:
    teams = sorted({each.team for each in found if each.team})
    match code:
        case WaitCode.SEED_MISSING:
            _, _, level = found[0].what.partition(" between ")
            return wait(code, rule_set=source, teams=level.replace(", ", ","))
        case WaitCode.ASSESSORS_MISSING:
            have, _, need = found[0].assessor.partition(" of at least ")
            return wait(code, source=source, have=have, need=need)
        case WaitCode.VERDICTS_MISSING:
            return wait(code, gate=source, teams=_some(teams))
        case WaitCode.OTHER_MISSING:
            return wait(code, what=found[0].what, source=source, teams=_some(teams), count=len(found))
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
