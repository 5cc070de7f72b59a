"""The rules of places in an entry: JSON pointers (RFC 6901), each filled once."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from verify.pointer import PlaceRefusedError, order_of, pointer, put, tokens_of


@given(st.lists(st.text(max_size=6), min_size=1, max_size=4))
def test_a_pointer_names_what_it_was_made_of(tokens: list[str]) -> None:
    assert list(tokens_of(pointer(tokens))) == tokens


@given(
    st.lists(st.text("a/~01", max_size=4), min_size=1, max_size=3), st.lists(st.text("a/~01", max_size=4), min_size=1)
)
def test_two_places_never_have_one_pointer(one: list[str], other: list[str]) -> None:
    assert (pointer(one) == pointer(other)) == (one == other)


@pytest.mark.parametrize("path", ["", "x", "/~", "/~2", "a/b"])
def test_what_is_no_pointer_is_refused(path: str) -> None:
    with pytest.raises(PlaceRefusedError):
        tokens_of(path)


def test_elements_of_a_list_come_in_order_of_their_indexes() -> None:
    paths = [pointer(["x", number]) for number in (10, 9, 2, 0, 11, 1)]
    assert [tokens_of(path)[1] for path in sorted(paths, key=order_of)] == ["0", "1", "2", "9", "10", "11"]


def test_a_value_is_put_where_its_pointer_leads() -> None:
    document: dict[str, Any] = {"a": {"list": [{"b": 1}]}}
    for path, value in [("/a/list/0/c", 2), ("/a/new/0", "x"), ("/a/new/1", "y"), ("/a/ ~1", 3), ("/d", 4)]:
        put(document, path, value)
    assert document == {"a": {"list": [{"b": 1, "c": 2}], "new": ["x", "y"], " /": 3}, "d": 4}


@pytest.mark.parametrize(
    "path", ["/a", "/a/list", "/a/list/0", "/a/list/0/b", "/a/list/2", "/a/no/where/0", "/a/list/x"]
)
def test_a_place_that_is_none_or_taken_is_refused(path: str) -> None:
    with pytest.raises(PlaceRefusedError):
        put({"a": {"list": [{"b": 1}]}}, path, 0)


@given(st.recursive(st.none() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text("a01"), inner)),
       st.text("/a01~", max_size=8))  # fmt: skip
def test_no_path_crashes(document: Any, path: str) -> None:
    with contextlib.suppress(PlaceRefusedError):
        put({"a": document}, path, 0)
