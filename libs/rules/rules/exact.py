"""Exact numbers: what a score is between its sheet and its rounding.

A mean of seven or a ratio to a leader has no finite decimal form, so the arithmetic in between is done in fractions;
decimals come in from people and go out after a rounding that the rule set names. Binary floats never occur.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

Exact = int | Fraction
LARGEST_DIGITS = 12
"""Most digits after the point that a number from outside may have."""
_WHOLE_DIGITS = 15
_PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,12})?")


class NotExactError(ValueError):
    """A value is no exact number; `value` is what came instead, `rule` what a number looks like."""

    rule = f"a plain decimal number, at most {_WHOLE_DIGITS} digits before and {LARGEST_DIGITS} after the point"

    def __init__(self, value: object) -> None:
        self.value = value
        super().__init__(f"{value!r}: {self.rule}")


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


def added(values: Collection[Exact]) -> Fraction:
    """The sum of any number of values; in units of their least common denominator, ten times faster than one by one."""
    unit = math.lcm(*(value.denominator for value in values))
    return Fraction(sum(value.numerator * (unit // value.denominator) for value in values), unit)


def round_half_up(value: Exact, digits: int) -> Fraction:
    """Rounded to `digits` decimals, halves away from zero, as the ministry's tables are."""
    return Fraction(_units(value, digits), 10**digits)


def root_half_up(value: Exact, digits: int) -> Fraction:
    """The square root of a value from 0 on, correctly rounded half up to `digits` decimals.

    In whole numbers: ⌊2√x⌋ is the integer root of ⌊4x⌋, and half up of √x is half of that and one, rounded down.
    """
    scaled = 4 * value.numerator * 10 ** (2 * digits) // value.denominator
    return Fraction((math.isqrt(scaled) + 1) // 2, 10**digits)


def fixed(value: Exact, digits: int) -> str:
    """The text with exactly `digits` decimals, rounded half up: 69 with one digit is "69.0"."""
    units = _units(value, digits)
    whole, rest = divmod(abs(units), 10**digits)
    sign = "-" if units < 0 else ""
    return f"{sign}{whole}.{rest:0{digits}d}" if digits else f"{sign}{whole}"


def exact_text(value: Exact) -> str:
    """The full value for a reader: a plain decimal where one of at most 12 digits exists, else `p/q`."""
    if 10**12 % value.denominator == 0:
        text = fixed(value, 12).rstrip("0").rstrip(".")
        return text if text != "-0" else "0"
    return f"{value.numerator}/{value.denominator}"


def _units(value: Exact, digits: int) -> int:
    """How many 10^-digits the value is, halves away from zero. In integers: many times faster than in fractions."""
    twice: int = 2 * abs(value.numerator) * 10**digits
    units = (twice + value.denominator) // (2 * value.denominator)
    return units if value.numerator >= 0 else -units
