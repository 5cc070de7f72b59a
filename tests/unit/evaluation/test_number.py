from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from evaluation.domain.number import ScoreNotANumberError, decimal, rounded_half_up, text


@pytest.mark.parametrize(
    "value",
    ["NaN", "nan", "sNaN", "Infinity", "-inf", "", " 1", "1 ", "1e3", "+1", ".5", "5.", "1,5", "٣", "0x10", "1\n"],
)
def test_what_is_no_plain_decimal_number_is_refused(value: str) -> None:
    with pytest.raises(ScoreNotANumberError) as refused:
        decimal("rows[0].value", value)
    assert refused.value.field == "rows[0].value"


@pytest.mark.parametrize("value", ["0", "4", "37.4", "-1.25", "100.000"])
def test_a_plain_decimal_number_is_kept_as_written(value: str) -> None:
    assert text(decimal("value", value)) == value


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (Fraction(1, 3), "0.3333"),
        (Fraction(2, 3), "0.6667"),
        (Fraction(5, 100_000), "0.0001"),
        (Fraction(49_999_999, 10**12), "0.0000"),
        (Fraction(-5, 100_000), "-0.0001"),
        (Fraction(1), "1.0000"),
    ],
)
def test_a_ratio_is_rounded_half_up_to_four_digits(value: Fraction, rounded: str) -> None:
    assert rounded_half_up(value, 4) == Decimal(rounded)
