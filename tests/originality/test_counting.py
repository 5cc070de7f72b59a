"""Intervals and areas against what books and counting say."""

from __future__ import annotations

import pytest
from scipy.stats import binom

from tests.originality.counting import area, interval


@pytest.mark.parametrize(("found", "of"), [(0, 10), (1, 10), (37, 100), (96, 96), (3, 1128)])
def test_the_ends_of_an_interval_are_where_a_tail_is_a_fortieth(found: int, of: int) -> None:
    low, high = interval(found, of)
    if found:
        assert binom.sf(found - 1, of, low) == pytest.approx(0.025)
    else:
        assert low == 0
    if found < of:
        assert binom.cdf(found, of, high) == pytest.approx(0.025)
    else:
        assert high == 1


def test_no_events_of_a_hundred_is_the_rule_of_the_book() -> None:
    assert interval(0, 100)[1] == pytest.approx(1 - 0.025**0.01)


@pytest.mark.parametrize(("found", "of"), [(-1, 3), (4, 3), (0, 0)])
def test_what_is_no_rate_is_refused(found: int, of: int) -> None:
    with pytest.raises(ValueError, match="no rate"):
        interval(found, of)


def test_the_area_is_the_share_of_pairs_in_the_right_order() -> None:
    derived, independent = [3.0, 1.0, 2.0], [0.0, 2.0]
    pairs = [(one > other) + 0.5 * (one == other) for one in derived for other in independent]
    assert area(derived, independent) == pytest.approx(sum(pairs) / 6)
    assert area([1, 1], [0, 0, 0]) == 1
    assert area([0, 0], [0, 0]) == 0.5
