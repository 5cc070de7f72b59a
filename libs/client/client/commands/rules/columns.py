"""Tables for a terminal in which Korean stands straight: its letters are two columns wide."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def aligned(rows: Iterable[Sequence[str]], *, right: frozenset[int] = frozenset(), indent: str = "") -> list[str]:
    """Lines with the rows' fields under each other, two spaces apart; columns in `right` end under each other."""
    table = [list(row) for row in rows]
    widths = [max(width(row[number]) for row in table) for number in range(len(table[0]))] if table else []
    lines = []
    for row in table:
        cells = [
            " " * (widths[number] - width(cell)) + cell
            if number in right
            else cell + " " * (widths[number] - width(cell))
            for number, cell in enumerate(row)
        ]
        lines.append((indent + "  ".join(cells)).rstrip())
    return lines
