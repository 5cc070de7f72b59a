"""Exact numbers: what a score is between its sheet and its rounding.

A mean of seven or a ratio to a leader has no finite decimal form, so the arithmetic in between is done in fractions;
decimals come in from people and go out after a rounding that the rule set names. Binary floats never occur.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

Exact = int | Fraction
_PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,12})?")


class NotExactError(ValueError):
    """A value is no exact number; `value` is what came instead."""

    def __init__(self, value: object) -> None:
        self.value = value
        super().__init__(f"{value!r} is no plain decimal number (at most 15 digits before and 12 after the point)")


def decimal_of(value: object) -> Decimal:
    """The exact decimal of an integer, a finite decimal or its plain text; raises NotExactError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise NotExactError(value)
    text = format(value, "f") if isinstance(value, Decimal) and value.is_finite() else str(value)
    if _PLAIN_NUMBER.fullmatch(text) is None:
        raise NotExactError(value)
    return Decimal(text)


def exact(value: Decimal | Exact) -> Fraction:
    """The fraction that equals a number; raises NotExactError for NaN, infinities, floats and truth values."""
    if isinstance(value, Fraction):
        return value
    return Fraction(decimal_of(value))


def plain(value: Decimal) -> str:
    """The one text of a decimal: no exponent, no trailing zeros, no negative zero."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def round_half_up(value: Exact, digits: int) -> Fraction:
    """Rounded to `digits` decimals, halves away from zero, as the ministry's tables are."""
    scale = 10**digits
    magnitude = (2 * abs(Fraction(value)) * scale + 1) // 2
    return Fraction(magnitude if value >= 0 else -magnitude, scale)


def fixed(value: Exact, digits: int) -> str:
    """The text with exactly `digits` decimals, rounded half up: 69 with one digit is "69.0"."""
    scaled = round_half_up(value, digits) * 10**digits
    whole, rest = divmod(abs(scaled.numerator), 10**digits)
    sign = "-" if scaled < 0 else ""
    return f"{sign}{whole}.{rest:0{digits}d}" if digits else f"{sign}{whole}"


def exact_text(value: Exact) -> str:
    """The full value for a reader: a plain decimal where one of at most 12 digits exists, else `p/q`."""
    fraction = Fraction(value)
    if (10**12 * fraction).denominator == 1:
        return plain(Decimal(fixed(fraction, 12)))
    return f"{fraction.numerator}/{fraction.denominator}"
