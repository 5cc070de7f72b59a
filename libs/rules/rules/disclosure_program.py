"""The integer program of what views say, and how far it lets a sum of points reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, sparse

from rules.disclosure import TOTAL
from rules.disclosure_statements import Ahead, Between, GreatestBetween, Kept, Placed, SpreadBetween

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rules.disclosure_statements import Cell, Facts, Statement, Sum

_SECONDS = 20.0
"""Most time for one end of one range. One that takes longer counts as not refuted."""


class StatementsContradictError(ValueError):
    """No table of points fits all that was shown."""

    def __init__(self) -> None:
        super().__init__("no table of points fits all the views: they are not of one decision")


class Program:
    """Variables are the units of every team in every leaf, and choices (0 or 1) of who is first, last or decisive."""

    def __init__(self, facts: Facts) -> None:
        """Write down every statement. Raises StatementsContradictError where nothing fits them."""
        self._facts = facts
        self._columns: dict[Cell, int] = {}
        self._lower: list[int] = []
        self._upper: list[int] = []
        self._rows: list[tuple[dict[int, int], int, int]] = []
        for team in facts.teams:
            for leaf in facts.most:
                self._columns[team, leaf] = self._variable(facts.least[leaf], facts.most[leaf])
        # More than any sum or difference can be: what makes a row hold whatever the points are.
        self._much = 2 * facts.widest(TOTAL) + 1
        for statement in facts.statements:
            self._state(statement)
        self._matrix = _matrix(self._rows, len(self._upper))
        self._seen: list[dict[Cell, int]] = []
        if self._solve({}) is None:
            raise StatementsContradictError
        # Everything as low and as high as can be at once: where nothing ties points together, that is all it takes.
        for sign in (1, -1):
            self._solve(dict.fromkeys(self._columns, sign))

    def range_of(self, terms: Sum, wide: int) -> tuple[int, int]:
        """The least and the greatest that a sum can be; only that they are `wide` apart where they are."""
        values = [_value(terms, table) for table in self._seen]
        for sign in (1, -1):
            if values and max(values) - min(values) >= wide:
                break
            solved = self._solve({cell: sign * times for cell, times in terms.items()})
            if solved is not None:
                values.append(_value(terms, solved))
        return min(values), max(values)

    def _variable(self, lower: int, upper: int) -> int:
        self._lower.append(lower)
        self._upper.append(upper)
        return len(self._upper) - 1

    def _row(self, terms: Sum, choices: Mapping[int, int], low: int, high: int) -> None:
        row = {self._columns[cell]: times for cell, times in terms.items() if times}
        self._rows.append(({**row, **choices}, low, high))

    def _state(self, statement: Statement) -> None:
        match statement:
            case Between(terms, low, high):
                self._row(dict(terms), {}, low, high)
            case GreatestBetween(sums, low, high):
                first = self._extreme(sums, greatest=True)
                self._rows.append(({first: 1}, low, high))
            case SpreadBetween(sums, low, high):
                first, last = self._extreme(sums, greatest=True), self._extreme(sums, greatest=False)
                self._rows.append(({first: 1, last: -1}, low, high))
            case Ahead(keys):
                self._ahead(keys, None)
            case Kept():
                self._kept(statement)
            case Placed(others, ahead):
                which = [self._variable(0, 1) for _ in others]
                self._rows.append((dict.fromkeys(which, 1), ahead, ahead))
                for keys, chosen in zip(others, which, strict=True):
                    behind = self._variable(0, 1)
                    self._rows.append(({chosen: 1, behind: 1}, 1, 1))
                    self._ahead(keys, chosen)
                    self._ahead([{cell: -times for cell, times in key.items()} for key in keys], behind)

    def _kept(self, statement: Kept) -> None:
        """Choices of who was kept and who was cut; each two of whom one was kept and one cut are in order."""
        kept = {team: self._variable(0, 1) for team in statement.teams}
        cut = {team: self._variable(0, 1) for team in statement.teams}
        for team in statement.teams:
            self._rows.append(({kept[team]: 1, cut[team]: 1}, 1, 1))
            if missed := statement.missed[team]:
                self._missed(missed, kept[team])
        if statement.number is not None:
            self._rows.append((dict.fromkeys(kept.values(), 1), statement.number, statement.number))
        for (one, other), keys in statement.ahead.items():
            if one in kept:
                both = self._variable(0, 1)
                self._rows.append(({both: 1, kept[one]: -1, cut[other]: -1}, -1, 1))
                self._ahead(keys, both)
            else:
                self._ahead(keys, cut[other])

    def _missed(self, missed: Sequence[tuple[Sum, int]], only_if: int) -> None:
        """One of some sums is at most so much, if a choice is made."""
        choices = [self._variable(0, 1) for _ in missed]
        self._rows.append(({**dict.fromkeys(choices, 1), only_if: -1}, 0, len(choices)))
        for (terms, most), choice in zip(missed, choices, strict=True):
            self._row(terms, {choice: 2 * self._much}, -2 * self._much, most + 2 * self._much)

    def _extreme(self, sums: Sequence[Sum], *, greatest: bool) -> int:
        """A variable that is the greatest or the least of some sums: beyond none, and one of them is chosen as it."""
        much = self._much
        extreme = self._variable(-much, much)
        choices = [self._variable(0, 1) for _ in sums]
        self._rows.append((dict.fromkeys(choices, 1), 1, 1))
        sign = 1 if greatest else -1
        for terms, choice in zip(sums, choices, strict=True):
            beyond = {cell: -sign * times for cell, times in terms.items()}
            # 0 ≤ ±(extreme - sum) ≤ 2 × much × (1 - choice)
            self._row(beyond, {extreme: sign}, 0, 2 * much)
            self._row(beyond, {extreme: sign, choice: 2 * much}, -2 * much, 2 * much)
        return extreme

    def _ahead(self, keys: Sequence[Sum], only_if: int | None) -> None:
        """Exactly one key decides, or the lot; every key before it is equal. `only_if` is a choice that it hangs on."""
        much = self._much
        choices = [self._variable(0, 1) for _ in keys]
        lot = self._variable(0, 1)
        condition, one = ({}, 1) if only_if is None else ({only_if: -1}, 0)
        self._rows.append(({**dict.fromkeys([*choices, lot], 1), **condition}, one, one))
        for number, terms in enumerate(keys):
            before, later = choices[:number], [*choices[number + 1 :], lot]
            # Decided here: at least 1. Decided later: exactly 0. Decided before, or not at all: anything.
            free = {choice: much * times for choice, times in condition.items()}
            least = 0 if only_if is None else -much
            self._row(terms, {choices[number]: -1, **dict.fromkeys(before, much), **free}, least, 2 * much)
            self._row(terms, dict.fromkeys(later, much), -2 * much, much)

    def _solve(self, terms: Sum) -> dict[Cell, int] | None:
        """A table that makes a sum as small as can be, checked exactly; None where none was found in time."""
        costs = np.zeros(len(self._upper))
        for cell, times in terms.items():
            costs[self._columns[cell]] = times
        low = np.array([row[1] for row in self._rows], dtype=float)
        high = np.array([row[2] for row in self._rows], dtype=float)
        constraints = [optimize.LinearConstraint(self._matrix, low, high)] if self._rows else []
        found = optimize.milp(
            costs,
            integrality=np.ones(len(self._upper)),
            bounds=optimize.Bounds(np.array(self._lower, dtype=float), np.array(self._upper, dtype=float)),
            constraints=constraints,
            options={"time_limit": _SECONDS, "mip_rel_gap": 0},
        )
        if found.x is None:
            return None
        whole = [round(float(value)) for value in found.x]
        if not self._holds(whole):
            return None
        table = {cell: whole[column] for cell, column in self._columns.items()}
        self._seen.append(table)
        return table

    def _holds(self, whole: Sequence[int]) -> bool:
        """Whether whole numbers hold every row and bound exactly: a float's tolerance proves nothing."""
        bounds = zip(self._lower, whole, self._upper, strict=True)
        if any(not lower <= value <= upper for lower, value, upper in bounds):
            return False
        return all(
            low <= sum(times * whole[column] for column, times in row.items()) <= high for row, low, high in self._rows
        )


def _value(terms: Sum, table: Mapping[Cell, int]) -> int:
    return sum(times * table[cell] for cell, times in terms.items())


def _matrix(rows: Sequence[tuple[dict[int, int], int, int]], width: int) -> sparse.csr_array:
    places = [(number, column, times) for number, (row, _, _) in enumerate(rows) for column, times in row.items()]
    values = [times for _, _, times in places]
    at = ([number for number, _, _ in places], [column for _, column, _ in places])
    return sparse.csr_array((values, at), shape=(len(rows), width), dtype=float)
