"""Blocks of a score file for what is neither a sheet nor a measurement: comparisons of two teams, carried figures.

```yaml
comparisons:
  - source: arena
    provenance: synthetic
    rows: {judge-01: {q1: "ant > bee, bee = cat", q2: "ant < cat"}}
carried:
  - {source: round-1, stage: round-1, provenance: synthetic, criteria: [total], values: {ant: [78.5]}}
```
A row has an item with its comparisons: `>` and `<` point away from the better team, `=` is a tie. A carried block may
name the decision its figures come from (`decision_sha256`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from rules.fields import Amount, Line, Sha256, Slug  # noqa: TC001 - pydantic reads these annotations
from rules.inputs import CarriedFigure, Comparison, Provenance
from rules.violations import Violation, violation

if TYPE_CHECKING:
    from collections.abc import Iterator

Mark = Annotated[Provenance, Field(strict=False)]
_COMPARED = re.compile(r"\s*([a-z0-9-]+)\s*([<>=])\s*([a-z0-9-]+)\s*")


class _Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class ComparisonBlock(_Block):
    """All comparisons of one source: by assessor and item, as text."""

    source: Slug
    provenance: Mark
    note: Line | None = None
    rows: dict[str, dict[str, str]]


class CarriedBlock(_Block):
    """Figures of an earlier stage: by team, in the order of `criteria`."""

    source: Slug
    stage: Slug
    decision_sha256: Sha256 | None = None
    provenance: Mark
    note: Line | None = None
    criteria: tuple[Slug, ...]
    values: dict[Slug, tuple[Amount, ...]]


def comparisons_of(block: ComparisonBlock, problems: list[Violation]) -> Iterator[Comparison]:
    """The comparisons of a block; what is none is noted in `problems`."""
    for assessor, items in block.rows.items():
        for item, text in items.items():
            for each in text.split(","):
                found = _COMPARED.fullmatch(each)
                if found is None:
                    path = f"comparisons.{block.source}.rows.{assessor}.{item}"
                    problems.append(violation(path, each, "one > other, one < other or one = other", "NO_COMPARISON"))
                    continue
                first, sign, second = found.groups()
                winner = {">": first, "<": second, "=": ""}[sign]
                yield Comparison(block.source, assessor, item, first, second, winner, block.provenance)


def figures_of(block: CarriedBlock, problems: list[Violation]) -> Iterator[CarriedFigure]:
    """The figures of a block; a row of another length is noted in `problems`."""
    for team, values in block.values.items():
        if len(values) != len(block.criteria):
            rule = f"{len(block.criteria)} values"
            problems.append(violation(f"carried.{block.source}.{team}", len(values), rule, "ROW_LENGTH"))
            continue
        for criterion, value in zip(block.criteria, values, strict=True):
            yield CarriedFigure(
                block.source, block.stage, block.decision_sha256 or "", team, criterion, value, block.provenance
            )
