"""The picture of the sensitivity report: what stands close together can still be read."""

from fractions import Fraction
from itertools import pairwise
from xml.etree import ElementTree as ET

from rules.sensitivity_chart import _LABEL, _winner_flips
from rules.sensitivity_trials import Outcome
from rules.sensitivity_weights import Flip, Stretch, WeightReport

ONE, OTHER = (Outcome(("ant", "bee"), (team,)) for team in ("ant", "bee"))


def report(*points: int) -> WeightReport:
    """A part of 100 points, with other winners from each of these points on."""
    ends = [0, *points, 100]
    stretches = [
        Stretch(Fraction(low), Fraction(high), Fraction(low + high, 2), OTHER if number % 2 else ONE)
        for number, (low, high) in enumerate(pairwise(ends))
    ]
    flips = [
        Flip(Fraction(at), below, above, ()) for at, below, above in zip(points, stretches, stretches[1:], strict=False)
    ]
    return WeightReport("part", Fraction(50), Fraction(100), ONE, tuple(stretches), tuple(flips))


def labels(*points: int) -> list[tuple[str, Fraction, str]]:
    """The numbers over the lines: text, place and height."""
    shapes = [ET.fromstring(line) for line in _winner_flips(report(*points), 300)]
    return [(str(each.text), Fraction(each.get("x", "")), each.get("y", "")) for each in shapes if each.text]


def test_numbers_that_stand_apart_are_on_one_line() -> None:
    assert [(text, height) for text, _, height in labels(10, 30, 50)] == [
        ("10.00", "48"),
        ("30.00", "48"),
        ("50.00", "48"),
    ]


def test_of_two_that_are_close_the_second_stands_higher() -> None:
    found = labels(40, 42, 60)
    assert [height for _, _, height in found] == ["48", "34", "48"]
    for text, x, height in found:
        others = [place for name, place, line in found if name != text and line == height]
        assert all(abs(place - x) >= _LABEL for place in others)
