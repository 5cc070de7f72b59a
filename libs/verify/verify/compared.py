"""Comparisons of two teams as the log has them: which of two an assessor preferred on an item, each counted once.

No version of a decision corrects a comparison. One without a name, because its assessor was erased, is of somebody who
made the very same one.

Source: docs/decisions/0010: teams compared with one another
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rules import Comparison

    from verify.chronicle import Logged

_TWO = 2
Cell = tuple[str, ...]
"""Source, assessor, item and both teams."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison, with the contract's name of its mark; `winner` is empty for a tie."""

    winner: str
    mark: str


def used_comparisons(comparisons: Iterable[Comparison]) -> dict[Cell, str]:
    """Who won by what each comparison is of."""
    return {(each.source, each.assessor, each.item, each.first, each.second): each.winner for each in comparisons}


def logged_comparisons(events: Iterable[Logged], used: Mapping[Cell, str]) -> dict[Cell, Compared]:
    """The comparisons of the log by what each is of; `used` tells whose the nameless are.

    Raises `NotOpenError` where one is sealed.
    """
    found: dict[Cell, Compared] = {}
    nameless: list[tuple[Logged, Cell, Compared]] = []
    for event in events:
        fields = event.fields
        of: Cell = (fields.text("item"), *_pair(fields.texts("team_ids")))
        told_of = Compared(fields.text("preferred_team_id"), fields.text("provenance"))
        if fields.is_open("assessor_id"):
            found[fields.text("source_id"), fields.text("assessor_id"), *of] = told_of
        else:
            nameless.append((event, of, told_of))
    for event, of, told_of in nameless:
        source = event.fields.text("source_id")
        same = [
            cell
            for cell, winner in used.items()
            if cell not in found and (cell[0], cell[2:], winner) == (source, of, told_of.winner)
        ]
        found[min(same, default=(source, f"somebody in entry {event.index}", *of))] = told_of
    return found


def _pair(teams: Iterable[str]) -> tuple[str, str]:
    """Both teams in order of their names; of another number of teams a pair that nobody compared."""
    found = sorted(teams)
    return (found[0], found[1]) if len(found) == _TWO else (", ".join(found), "")
