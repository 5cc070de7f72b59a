"""Where two documents part is told by names that people know."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from verify.parting import MOST, partings

DECISION: dict[str, Any] = {
    "stage": "trial",
    "advanced": ["gamma"],
    "table": [
        {
            "team": "gamma",
            "total": "71.6",
            "parts": [{"part": "plan", "points": "47.0"}, {"part": "b", "points": "24.6"}],
        },
        {
            "team": "beta",
            "total": "68.6",
            "parts": [{"part": "plan", "points": "44.0"}, {"part": "b", "points": "24.6"}],
        },
    ],
}


def changed() -> dict[str, Any]:
    return copy.deepcopy(DECISION)


def told(found: dict[str, Any]) -> list[str]:
    return [f"{each.place}: {each}" for each in partings(DECISION, found)]


def test_equal_documents_do_not_part() -> None:
    assert partings(DECISION, changed()) == []


def test_a_changed_score_is_told_with_team_and_part_and_both_values() -> None:
    found = changed()
    found["table"][1]["parts"][0]["points"] = "45.0"
    assert told(found) == ["table[team beta].parts[part plan].points: '45.0' here, '44.0' expected"]


def test_a_row_that_is_missing_and_one_that_nobody_expected_are_told() -> None:
    found = changed()
    found["table"][1]["team"] = "delta"
    first, second = told(found)
    assert first.startswith("table[team beta]: nothing here, ")
    assert second.startswith("table[team delta]: {")


def test_another_order_is_told_once() -> None:
    found = changed()
    found["table"].reverse()
    assert told(found) == ["table: team beta, team gamma here, team gamma, team beta expected"]


@pytest.mark.parametrize(
    ("member", "value", "said"),
    [
        ("advanced", ["beta"], "advanced[0]: 'beta' here, 'gamma' expected"),
        ("stage", None, "stage: null here, 'trial' expected"),
        ("stage", True, "stage: true here, 'trial' expected"),
        ("table", "none", "table: 'none' here, [{"),
        ("more", 1, "more: 1 here, nothing expected"),
    ],
)
def test_any_other_change_is_told_at_its_place(member: str, value: object, said: str) -> None:
    (only,) = told(changed() | {member: value})
    assert only.startswith(said)


def test_one_is_not_true_and_not_a_fraction() -> None:
    assert [str(each) for each in partings([1], [True])] == ["true here, 1 expected"]
    assert [str(each) for each in partings([1], [1.0])] == ["1.0 here, 1 expected"]


def test_no_more_are_told_than_anyone_reads() -> None:
    assert len(partings({str(number): 0 for number in range(90)}, {str(number): 1 for number in range(90)})) == MOST


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["id", "team", "a", "b"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(documents, documents)
def test_documents_part_where_and_only_where_they_differ(one: object, other: object) -> None:
    assert bool(partings(one, other)) == (repr(one) != repr(other) and not same(one, other))


def same(one: object, other: object) -> bool:
    """Equal as JSON: members in any order, true apart from one."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other
