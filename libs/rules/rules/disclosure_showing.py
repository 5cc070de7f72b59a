"""What an audience is shown of a decision under a policy: the same for the service, for staff and for a stranger."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, assert_never

from rules.canonical import canonical_document
from rules.disclosure import (
    TOTAL,
    Audience,
    Best,
    Eliminations,
    Formulas,
    Full,
    Gap,
    Gates,
    Mean,
    Moment,
    Order,
    OwnGates,
    OwnPoints,
    OwnSheet,
    Parts,
    Policy,
    Ranks,
    Totals,
    Winners,
    policy_sha256,
)
from rules.disclosure_view import (
    EliminationsShown,
    FormulaShown,
    FullShown,
    GateShown,
    MeasurementShown,
    OrderShown,
    PointsShown,
    RankShown,
    SheetShown,
    SummaryShown,
    View,
    WinnersShown,
)
from rules.exact import exact, fixed, plain
from rules.fields import Title
from rules.formulas import Comparing
from rules.inputs import Provenance, weakest
from rules.sources import MeasurementSource, SheetSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rules.decision import Decision, Row
    from rules.disclosure import Shown
    from rules.disclosure_view import FigureShown, ViewAudience
    from rules.document import RuleSet
    from rules.inputs import Inputs


class TeamNotEnteredError(ValueError):
    """A view was asked for a team that did not enter the stage: `team`."""

    def __init__(self, team: str) -> None:
        self.team = team
        super().__init__(f"team {team!r} did not enter the stage")


def disclose(
    decision: Decision, inputs: Inputs, rule_set: RuleSet, policy: Policy, audience: ViewAudience, team: str = ""
) -> View:
    """The view of an audience: what the public is shown and what the policy shows it beside.

    Staff and auditors are shown all. `team` names the team of the audience "team", and is empty for all others.
    Raises TeamNotEnteredError.
    """
    if (audience == "team") != bool(team) or (team and team not in decision.entered):
        raise TeamNotEnteredError(team)
    shows: list[Shown] = [*policy.shown_to("public")]
    if audience in {"staff", "auditor"}:
        shows = [Full(figure="full")]
    elif audience in {"team", "panel"}:
        shows += [each for each in policy.shown_to(audience) if each not in shows]
    showing = _Showing(decision, inputs, rule_set, team)
    figures = tuple(figure for shown in shows for figure in showing.figures(shown))
    return View(
        format="dokpamo/view/1",
        stage=decision.stage,
        rule_set_sha256=decision.rule_set_sha256,
        policy=policy.id,
        policy_sha256=policy_sha256(policy),
        audience=audience,
        team=team,
        entered=decision.entered,
        figures=figures,
    )


def known_anyway(decision: Decision, inputs: Inputs, rule_set: RuleSet) -> View:
    """What everybody learns without any publication: points that follow from what others publish."""
    elsewhere = rule_set.disclosure.elsewhere
    shows: list[Shown] = [Parts(figure="parts", of=elsewhere)] if elsewhere else []
    title = Title(ko="공지의 사실", en="Known anyway")
    audience = Audience(audience="public", shows=tuple(shows))
    policy = Policy(id="known-anyway", title=title, when=Moment(after="decision"), audiences=(audience,))
    return disclose(decision, inputs, rule_set, policy, "public")


def known_from_sheets(
    decision: Decision, inputs: Inputs, rule_set: RuleSet, policies: Iterable[Policy], team: str
) -> tuple[View, ...]:
    """What a team computes from its own sheets if it sees them: points in parts that are set against no others."""
    if not any(isinstance(shown, OwnSheet) for policy in policies for shown in policy.shown_to("team")):
        return ()
    own = OwnPoints(figure="own-points")
    title = Title(ko="평가표에서 계산됨", en="Follows from the sheets")
    audience = Audience(audience="team", shows=(own,))
    policy = Policy(id="own-sheets", title=title, when=Moment(after="decision"), audiences=(audience,))
    view = disclose(decision, inputs, rule_set, policy, "team", team)
    seen = {source.id for source in rule_set.sources if isinstance(source, SheetSource | MeasurementSource)}
    parts = {
        leaf.id
        for leaf in rule_set.leaves()
        if leaf.source in seen and not any(isinstance(step, Comparing) for step in leaf.steps)
    }
    return (replace(view, figures=tuple(each for each in view.figures if _is_of(each, parts))),)


def _is_of(figure: FigureShown, parts: set[str]) -> bool:
    return isinstance(figure, PointsShown) and figure.part in parts


class _Showing:
    """Makes figures of one decision."""

    def __init__(self, decision: Decision, inputs: Inputs, rule_set: RuleSet, team: str) -> None:
        self._decision, self._inputs, self._rules, self._team = decision, inputs, rule_set, team
        self._verdicts = {(each.gate, each.team): each.provenance for each in inputs.verdicts}

    def figures(self, shown: Shown) -> Iterable[FigureShown]:  # noqa: C901, PLR0911, PLR0912 - one case a figure reads best
        decision = self._decision
        match shown:
            case Winners():
                return [WinnersShown("winners", tuple(sorted(decision.advanced)))]
            case Order():
                return [OrderShown("order", decision.advanced)]
            case Ranks():
                return [RankShown("rank", row.team, row.rank) for row in decision.table if row.rank is not None]
            case Eliminations():
                return [EliminationsShown("eliminations", tuple(sorted(decision.eliminated, key=lambda e: e.team)))]
            case Gates():
                return self._gates(decision.entered, reasons=shown.reasons)
            case Totals():
                return self._points(decision.table, [TOTAL], shown.digits)
            case Parts():
                return self._points(decision.table, shown.of or self._all_parts(), shown.digits)
            case Best():
                return [self._best(part, shown) for part in shown.of]
            case Mean():
                return [self._mean(part, shown.digits) for part in shown.of]
            case Gap():
                return [self._gap(part, shown.digits) for part in shown.of]
            case Formulas():
                return self._formulas()
            case OwnPoints():
                return self._own_points(shown.digits)
            case OwnSheet():
                return [*self._sheets(), *self._measured()]
            case OwnGates():
                return self._gates((self._team,), reasons=True)
            case Full():
                return [FullShown("full", decision.sha256(), decision.inputs_sha256)]
            case _:
                assert_never(shown)

    def _digits(self, digits: int | None) -> int:
        return self._rules.rounding.digits if digits is None else digits

    def _all_parts(self) -> tuple[str, ...]:
        return (*(part.id for part in self._rules.every_part()), TOTAL)

    def _points(self, rows: Iterable[Row], parts: Iterable[str], digits: int | None) -> Iterator[PointsShown]:
        parts = tuple(parts)
        # By name: the table is in order of the ranking, and that may not be shown.
        for row in sorted(rows, key=lambda row: row.team):
            for part in parts:
                value = fixed(points_of(row, part), self._digits(digits))
                yield PointsShown("points", row.team, part, value, _mark(row, part))

    def _own_points(self, digits: int | None) -> Iterator[FigureShown]:
        row = self._decision.row(self._team)
        if row.rank is not None:
            yield RankShown("rank", row.team, row.rank)
        yield from self._points([row], self._all_parts(), digits)

    def _field(self, part: str) -> tuple[list[Fraction], Provenance]:
        """All entrants' points in a part, and the weakest mark among them: a figure of all is as weak as that."""
        table = self._decision.table
        return [points_of(row, part) for row in table], weakest(_mark(row, part) for row in table)

    def _best(self, part: str, shown: Best) -> SummaryShown:
        values, mark = self._field(part)
        best = max(values, default=Fraction(0))
        leaders = [row for row in self._decision.table if points_of(row, part) == best]
        names = tuple(sorted(row.team for row in leaders)) if shown.names else ()
        return SummaryShown("best", part, fixed(best, self._digits(shown.digits)), mark, names)

    def _mean(self, part: str, digits: int | None) -> SummaryShown:
        values, mark = self._field(part)
        mean = sum(values, Fraction(0)) / max(len(values), 1)
        return SummaryShown("mean", part, fixed(mean, self._digits(digits)), mark)

    def _gap(self, part: str, digits: int | None) -> SummaryShown:
        values, mark = self._field(part)
        gap = max(values, default=Fraction(0)) - min(values, default=Fraction(0))
        return SummaryShown("gap", part, fixed(gap, self._digits(digits)), mark)

    def _gates(self, teams: tuple[str, ...], *, reasons: bool) -> Iterator[GateShown]:
        for each in self._decision.gates:
            if each.team in teams:
                mark = self._verdicts.get((each.gate, each.team), Provenance.RECORDED)
                yield GateShown("gate", each.gate, each.team, each.passed, each.reason if reasons else "", mark)

    def _formulas(self) -> Iterator[FormulaShown]:
        for part in self._rules.every_part():
            steps = tuple(
                canonical_document(step.model_dump(mode="json", exclude_none=True)).decode() for step in part.steps
            )
            yield FormulaShown("formula", part.id, plain(part.points), part.source or "", steps)

    def _sheets(self) -> Iterator[SheetShown]:
        for table in self._inputs.sheets:
            rows = table.rows(self._team)
            if rows is not None:
                unit = Decimal(1).scaleb(-table.digits)
                # In order of the scores: that of the panellists would say which rows of two sources are one person's.
                texts = tuple(
                    tuple("" if cell is None else plain(cell * unit) for cell in row)
                    for row in sorted(rows, key=lambda row: [-1 if cell is None else cell for cell in row])
                )
                yield SheetShown("sheet", self._team, table.source, table.criteria, texts, table.provenance)

    def _measured(self) -> Iterator[MeasurementShown]:
        for each in self._inputs.measurements:
            if each.team == self._team:
                value = plain(each.value)
                yield MeasurementShown("measurement", each.team, each.source, each.criterion, value, each.provenance)


def points_of(row: Row, part: str) -> Fraction:
    """A team's points in a part, "total" for the whole, exact as the decision states them."""
    return exact(Decimal(row.total if part == TOTAL else row.points(part)))


def _mark(row: Row, part: str) -> Provenance:
    if part == TOTAL:
        return row.provenance_of_points()
    return {each.part: each.provenance for each in row.parts}[part]
