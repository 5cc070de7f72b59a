"""What differs between two versions of a decision: places, totals, who goes on, and the values and verdicts used.

Each entry has the value `before` and `after`; null where there was none. What is alike is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules.exact import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules import Decision, Inputs

    from verify.canonical import JsonValue
    from verify.fields import Fields

FORMAT = "dokpamo/difference/1"


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a decision, with what it was computed from and the override that stands in its place."""

    inputs: Inputs
    decision: Decision
    override: Fields | None

    @property
    def advanced(self) -> list[str]:
        """The teams that go on by it, best first."""
        return list(self.decision.advanced) if self.override is None else self.override.texts("advanced")

    def scores(self) -> dict[str, JsonValue]:
        """Every value by source, assessor (empty for a measurement), team and criterion."""
        return {
            **{f"{s.source}/{s.assessor}/{s.team}/{s.criterion}": plain(s.value) for s in self.inputs.scores()},
            **{f"{m.source}//{m.team}/{m.criterion}": plain(m.value) for m in self.inputs.measurements},
        }

    def verdicts(self) -> dict[str, JsonValue]:
        """Every verdict by gate and team."""
        return {f"{v.gate}/{v.team}": {"passed": v.passed, "reason": v.reason} for v in self.inputs.verdicts}


def difference(old: Version, new: Version) -> JsonValue:
    """The document of what differs, as it must be in the log."""
    before, after = old.decision, new.decision
    return {
        "format": FORMAT,
        "stage": after.stage,
        "rule_set_sha256": _pair(before.rule_set_sha256, after.rule_set_sha256),
        "ranks": _changed({row.team: row.rank for row in before.table}, {row.team: row.rank for row in after.table}),
        "totals": _changed(before.totals(), after.totals()),
        "outcome": _pair(before.outcome, after.outcome),
        "advanced": _pair(old.advanced, new.advanced),
        "joined": sorted(set(new.advanced) - set(old.advanced)),
        "left": sorted(set(old.advanced) - set(new.advanced)),
        "scores": _changed(old.scores(), new.scores()),
        "verdicts": _changed(old.verdicts(), new.verdicts()),
        "overridden": _pair(old.override is not None, new.override is not None),
    }


def _pair(before: JsonValue, after: JsonValue) -> JsonValue:
    return None if before == after else {"before": before, "after": after}


def _changed(before: Mapping[str, JsonValue], after: Mapping[str, JsonValue]) -> JsonValue:
    names = sorted(before.keys() | after.keys())
    pairs = {name: _pair(before.get(name), after.get(name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair is not None}
