"""Two model folders as they are examined, and what is said of the pair."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from originality import Finding
from originality.folders.comparing import compare
from originality.folders.subject import subject

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from originality import ComponentFinding
    from originality.folders.report import FolderReport

LEVEL = 0.001
# The widest level at which false findings are counted: a p of moved units is told only where it is below the level.
WIDEST = 0.05
EVIDENCE = {Finding.IDENTICAL, Finding.DERIVED, Finding.PARTLY_DERIVED, Finding.SHARED_INITIALISATION}
# A model that stays is taken apart once.
_opened = lru_cache(128)(subject)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is said of a pair: log10 of the least adjusted p of the exact tests and of those for moved units (0: none).

    `findings` are those of its components, `counts` those of each exact test of one block of units, and `pearson` the
    greatest correlation of flattened weights, which is no evidence and stands beside it.
    """

    exact: float
    moved: float
    findings: tuple[Finding, ...]
    counts: tuple[int, ...]
    pearson: float

    @property
    def score(self) -> float:
        """How strong the evidence is by either test: the greater, the less likely by chance."""
        return -min(self.exact, self.moved)

    def found(self, level: float = LEVEL) -> bool:
        """Whether either test rejects at the level."""
        return self.score >= -math.log10(level)


def examined(
    first: Path, second: Path, seed: int, *, level: float = LEVEL, initial: Path | None = None
) -> FolderReport:
    """Examine two folders, of which the first one and the initialisation stay where they are."""
    again = None if initial is None else _opened(initial)
    return compare(_opened(first), subject(second), seed=seed, level=level, initial=again)


def outcome(report: FolderReport, towers: tuple[str, ...] = (), kinds: tuple[str, ...] = ()) -> Outcome:
    """Return what is said of the pair as a whole, or of these `towers` or `kinds` of components of it."""
    return summed(
        one.found
        for one in report.components
        if (not towers or one.tower in towers) and (not kinds or one.kind.startswith(kinds))
    )


def summed(findings: Iterable[ComponentFinding]) -> Outcome:
    """Return what findings of components say of the pair."""
    told, least = list(findings), {True: 0.0, False: 0.0}
    for one in told:
        if one.log10_p_adjusted is not None:
            least[one.test.exact] = min(least[one.test.exact], one.log10_p_adjusted)
    return Outcome(
        exact=least[True],
        moved=least[False],
        findings=tuple(one.finding for one in told),
        pearson=max((one.context.pearson or 0.0 for one in told if one.context), default=0.0),
        counts=tuple(one.count for one in told if one.test.exact and one.count is not None and one.blocks == 1),
    )
