"""The rules of salted commitments: each binds one value of one place of one event, and tells nothing by itself."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from verify.sealing import Opening, OpeningRefusedError, SealClass, check_opening, commitment, seal

EVENT = "00000000-0000-0000-0000-000000000001"
OTHER = "00000000-0000-0000-0000-000000000002"
SALT = bytes(range(32))

salts = st.binary(min_size=32, max_size=32)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
places = st.tuples(st.sampled_from([EVENT, OTHER]), st.sampled_from(["/actor", "/payload/rows", "/payload/rows/0"]))


def same_json(one: Any, other: Any) -> bool:
    """JSON knows true and 1 apart, Python does not."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def test_a_commitment_is_what_the_format_says() -> None:
    """Computed here from the words of README.txt alone."""
    said = b'dokpamo sealed value v1\n{"event_id":"%s","path":"/payload/passed","value":true}' % EVENT.encode()
    wanted = hmac.new(SALT, said, hashlib.sha256).hexdigest()
    assert commitment(Opening(SALT, value=True), event_id=EVENT, path="/payload/passed") == wanted


@given(salts, values, places)
def test_an_opening_opens_its_seal(salt: bytes, value: Any, place: tuple[str, str]) -> None:
    opening = Opening(salt, value)
    sealed = seal(opening, SealClass.BLIND, event_id=place[0], path=place[1])
    check_opening(opening, sealed, event_id=place[0], path=place[1])


@given(salts, values, places, salts, values, places)
def test_nothing_else_opens_it(
    salt: bytes, value: Any, place: tuple[str, str], other_salt: bytes, other_value: Any, other_place: tuple[str, str]
) -> None:
    sealed = seal(Opening(salt, value), SealClass.BLIND, event_id=place[0], path=place[1])
    if (salt, place) == (other_salt, other_place) and same_json(value, other_value):
        return
    with pytest.raises(OpeningRefusedError):
        check_opening(Opening(other_salt, other_value), sealed, event_id=other_place[0], path=other_place[1])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (True, 1),
        (False, None),
        (0, None),
        ("", None),
        ([], None),
        ({}, []),
        ("1", 1),
        ("é", "e\u0301"),
        ("가", "\u1100\u1161"),
    ],
)
def test_values_that_are_alike_have_commitments_of_their_own(one: Any, other: Any) -> None:
    made = {commitment(Opening(SALT, value), event_id=EVENT, path="/payload/x") for value in (one, other)}
    assert len(made) == 2


@given(values, values)
def test_a_commitment_has_one_shape_whatever_is_in_it(one: Any, other: Any) -> None:
    """Its length, its class and its place are the same: what could tell values apart is the salt alone."""
    first = seal(Opening(SALT, one), SealClass.BLIND, event_id=EVENT, path="/payload/x").document()
    second = seal(Opening(bytes(32), other), SealClass.BLIND, event_id=EVENT, path="/payload/x").document()
    assert first.keys() == second.keys()
    assert len(first["commitment"]) == len(second["commitment"]) == 64
    assert first["commitment"] != second["commitment"]


@given(st.binary(max_size=70).filter(lambda salt: len(salt) != 32))
def test_a_salt_of_another_length_is_refused(salt: bytes) -> None:
    """HMAC fills keys up with zeros: a salt and the same with a zero behind it would be one key."""
    with pytest.raises(OpeningRefusedError, match="32 bytes"):
        commitment(Opening(salt, "x"), event_id=EVENT, path="/payload/x")


@pytest.mark.parametrize("value", [float("nan"), 2**60, {1: 2}, "\ud800"])
def test_what_has_no_canonical_form_is_refused_by_name(value: Any) -> None:
    with pytest.raises(OpeningRefusedError, match="canonical"):
        commitment(Opening(SALT, value), event_id=EVENT, path="/payload/x")


def test_only_what_is_personal_is_erased_and_only_what_is_blind_opens_by_itself() -> None:
    assert {c for c in SealClass if c.erasable} == {SealClass.PERSONAL, SealClass.BLIND_PERSONAL}
    assert {c for c in SealClass if c.opens_by_itself} == {SealClass.BLIND, SealClass.BLIND_PERSONAL}
