"""Decimal text: exact, plain, finite. Binary floats never touch a score (programme-facts.md, "Rounding")."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from evaluation.domain.refusal import RuleBrokenError

if TYPE_CHECKING:
    from fractions import Fraction

# No exponent, no sign but minus, ASCII digits only: everything else has a second spelling or no end.
MOST_DIGITS: Final = 12
"""Digits after the point that any score may have at most."""

_PLAIN: Final = re.compile(rf"-?[0-9]{{1,15}}(\.[0-9]{{1,{MOST_DIGITS}}})?")
_SHOWN: Final = 40


class ScoreNotANumberError(RuleBrokenError):
    """A score is NaN, infinite or no plain decimal number."""


def decimal(field: str, text: str) -> Decimal:
    """Return the number that `text` writes; raise `ScoreNotANumberError` for NaN, infinities and whatever else."""
    if not _PLAIN.fullmatch(text):
        raise ScoreNotANumberError(
            field, text[:_SHOWN], "must be a plain decimal number of at most 15 digits before and 12 after the point"
        )
    return Decimal(text)


def text(value: Decimal) -> str:
    """Return `value` as plain decimal text."""
    return format(value, "f")


def rounded_half_up(value: Fraction, digits: int) -> Decimal:
    """Return `value` rounded to `digits` after the point, a half away from zero."""
    scaled = abs(value) * 10**digits
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole if value >= 0 else -whole).scaleb(-digits)
