"""Both ways of writing canonical JSON give the same bytes."""

import json
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from rules import Score, canonical_json, collect, sha256_hex
from rules.canonical import canonical_document

KEYS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(KEYS, below, max_size=4),
    max_leaves=20,
)
CELLS = st.tuples(
    st.sampled_from(["ant", "bee", "a1"]),
    st.sampled_from(["p1", "p2"]),
    st.sampled_from("xyz"),
    st.decimals(-50, 50, places=1),
)


@given(VALUES)
def test_the_fast_form_of_a_document_is_rfc_8785(value: object) -> None:
    assert canonical_document(value) == canonical_json(value)


@given(st.lists(CELLS, unique_by=lambda row: row[:3]))
def test_inputs_are_written_in_parts_and_are_rfc_8785_as_a_whole(rows: list[tuple[str, str, str, Decimal]]) -> None:
    scores = [Score("panel", assessor, team, name, value) for team, assessor, name, value in rows]
    written = collect("final", ["ant", "bee", "a1"], scores=scores, seed="가").canonical_bytes()
    assert canonical_json(json.loads(written)) == written


def test_keys_are_sorted_and_nothing_is_spaced() -> None:
    assert canonical_json({"b": [1, "가"], "a": None}) == '{"a":null,"b":[1,"가"]}'.encode()


def test_a_hash_is_64_hexadecimal_digits() -> None:
    assert sha256_hex(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
