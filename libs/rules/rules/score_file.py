"""Scores of one stage as a file that people read: the form of the replay's data and of a trial on a rule set.

```yaml
stage: stage-1
entrants: [a, b]
sheets:
  - {source: experts, provenance: synthetic, teams: [a, b], criteria: [x, y], rows: {expert-01: "9 14 / 8 13"}}
measurements:
  - {source: nia, provenance: published, criteria: [score], values: {a: [92], b: [88.5]}}
verdicts:
  - {gate: originality, team: a, passed: true, reason: "...", evidence: [], judged_by: 10, provenance: synthetic}
seed: text
```
An assessor's row has one block a team, in the order of `teams`, blocks apart by `/`, values in the order of `criteria`;
`-` is a score that was not given. Comparisons and figures carried over have the blocks of `rules.score_blocks`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from rules.collecting import collect
from rules.document import Amount, Line, Slug  # noqa: TC001 - pydantic reads these annotations
from rules.exact import NotExactError, decimal_of
from rules.inputs import Inputs, Measurement, Provenance, Score, Verdict
from rules.score_blocks import CarriedBlock, ComparisonBlock, comparisons_of, figures_of
from rules.shape import document_of
from rules.violations import InputsRefusedError, Violation, violation

if TYPE_CHECKING:
    from collections.abc import Iterator

Mark = Annotated[Provenance, Field(strict=False)]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class SheetBlock(_Document):
    """All sheets of one panel."""

    source: Slug
    provenance: Mark
    note: Line | None = None
    teams: tuple[Slug, ...]
    criteria: tuple[Slug, ...]
    rows: dict[str, str]


class MeasurementBlock(_Document):
    """Measured values of one source."""

    source: Slug
    provenance: Mark
    note: Line | None = None
    criteria: tuple[Slug, ...]
    values: dict[Slug, tuple[Amount, ...]]


class VerdictEntry(_Document):
    """A gate's verdict on one team."""

    gate: Slug
    team: Slug
    passed: bool
    reason: Line
    evidence: tuple[Line, ...] = ()
    judged_by: Annotated[int, Field(ge=0)]
    provenance: Mark
    note: Line | None = None


class ScoreFile(_Document):
    """The whole file."""

    stage: Slug
    note: Line | None = None
    entrants: tuple[Slug, ...]
    sheets: tuple[SheetBlock, ...] = ()
    measurements: tuple[MeasurementBlock, ...] = ()
    comparisons: tuple[ComparisonBlock, ...] = ()
    carried: tuple[CarriedBlock, ...] = ()
    verdicts: tuple[VerdictEntry, ...] = ()
    seed: str | None = None


def load_inputs(text: str | bytes) -> Inputs:
    """The inputs of a score file; raises InputsRefusedError with every violation."""
    return _collected(document_of(ScoreFile, text, InputsRefusedError))


def _collected(file: ScoreFile) -> Inputs:
    problems: list[Violation] = []
    scores = [score for block in file.sheets for score in _scores(block, problems)]
    measurements = [each for block in file.measurements for each in _measurements(block, problems)]
    comparisons = [each for block in file.comparisons for each in comparisons_of(block, problems)]
    carried = [each for block in file.carried for each in figures_of(block, problems)]
    if problems:
        raise InputsRefusedError(problems)
    verdicts = (
        Verdict(each.gate, each.team, each.passed, each.reason, each.evidence, each.judged_by, each.provenance)
        for each in file.verdicts
    )
    return collect(
        file.stage,
        file.entrants,
        scores=scores,
        measurements=measurements,
        verdicts=verdicts,
        comparisons=comparisons,
        carried=carried,
        seed=file.seed,
    )


def _scores(block: SheetBlock, problems: list[Violation]) -> Iterator[Score]:
    for assessor, row in block.rows.items():
        path = f"sheets.{block.source}.rows.{assessor}"
        cells = [cell.split() for cell in row.split("/")]
        if len(cells) != len(block.teams) or any(len(cell) != len(block.criteria) for cell in cells):
            rule = f"{len(block.teams)} blocks of {len(block.criteria)} values"
            problems.append(violation(path, row, rule, "ROW_LENGTH"))
            continue
        for team, values in zip(block.teams, cells, strict=True):
            for criterion, text in zip(block.criteria, values, strict=True):
                if text != "-":
                    value = _number(text, f"{path}.{team}.{criterion}", problems)
                    yield Score(block.source, assessor, team, criterion, value, block.provenance)


def _number(text: str, path: str, problems: list[Violation]) -> Decimal:
    try:
        return decimal_of(text)
    except NotExactError as error:
        problems.append(violation(path, text, error.rule, "NUMBER_NOT_EXACT"))
        return Decimal(0)  # stands in until the refusal; never reaches inputs


def _measurements(block: MeasurementBlock, problems: list[Violation]) -> Iterator[Measurement]:
    for team, values in block.values.items():
        if len(values) != len(block.criteria):
            rule = f"{len(block.criteria)} values"
            problems.append(violation(f"measurements.{block.source}.{team}", len(values), rule, "ROW_LENGTH"))
            continue
        for criterion, value in zip(block.criteria, values, strict=True):
            yield Measurement(block.source, team, criterion, value, block.provenance)
