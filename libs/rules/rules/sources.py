"""Where the values of a stage come from: sheets, measurements, comparisons of two teams, an earlier stage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rules.fields import Amount, Count, Digits, Rule, Slug, Title


class Criterion(Rule):
    """One question that is answered by a number between `minimum` and `maximum` with at most `digits` decimals."""

    id: Slug
    title: Title
    minimum: Amount
    maximum: Amount
    digits: Digits = 0


class Panel(Rule):
    """Size of a panel: `planned` seats, valid from `minimum` assessors who scored every team."""

    planned: Count
    minimum: Count


class SheetSource(Rule):
    """Scores that each assessor of a panel gives to each team on each criterion."""

    kind: Literal["sheets"]
    id: Slug
    title: Title
    provider: Slug
    panel: Panel
    criteria: tuple[Criterion, ...]


class MeasurementSource(Rule):
    """One measured value per team and criterion, from the named provider."""

    kind: Literal["measurements"]
    id: Slug
    title: Title
    provider: Slug
    criteria: tuple[Criterion, ...]


class CarriedSource(Rule):
    """Figures of an earlier stage's final decision; each criterion is a part of that stage, or `total`.

    A team that was not in that stage has no figure, and none is made up for it.
    """

    kind: Literal["carried"]
    id: Slug
    title: Title
    stage: Slug
    criteria: tuple[Criterion, ...]


class ComparisonSource(Rule):
    """Which of two teams an assessor finds better on one item, or that neither is, where `ties_allowed`.

    Complete once `panel.minimum` assessors compared and every two teams were compared `per_pair` times or more.
    """

    kind: Literal["comparisons"]
    id: Slug
    title: Title
    provider: Slug
    panel: Panel
    ties_allowed: bool
    per_pair: Count


ScoredSource = SheetSource | MeasurementSource | CarriedSource
"""Sources that give a number for each criterion."""
AnySource = ScoredSource | ComparisonSource
Source = Annotated[AnySource, Field(discriminator="kind")]
