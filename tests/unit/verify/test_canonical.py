"""The rules of canonical JSON: one spelling for one document."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from verify.canonical import NotCanonicalError, decode, encode, parse

VECTORS = Path(__file__).resolve().parents[4] / "shared" / "data" / "audit" / "jcs" / "testdata"


def pairs() -> list[object]:
    """The public pairs; one skipped parameter where the folder is absent."""
    files = sorted((VECTORS / "input").glob("*.json"))
    if not files:
        return [pytest.param("", marks=pytest.mark.skip(reason="the public JCS vectors are not here"))]
    return [file.name for file in files]


@pytest.mark.parametrize("name", pairs())
def test_every_public_vector_has_its_canonical_form(name: str) -> None:
    wanted = (VECTORS / "output" / name).read_bytes()
    document = parse((VECTORS / "input" / name).read_bytes())
    assert encode(document) == wanted
    assert decode(wanted) == document


def test_no_public_vector_is_left_out() -> None:
    every = [file for file in VECTORS.rglob("*") if file.is_file() and file.name != "README.md"]
    if not every:
        pytest.skip("the public JCS vectors are not here")
    assert len(every) == 2 * len(pairs())


@pytest.mark.parametrize(
    ("bits", "text"),
    [
        (0x0000000000000001, "5e-324"),
        (0x8000000000000000, "0"),
        (0x7FEFFFFFFFFFFFFF, "1.7976931348623157e+308"),
        (0x4340000000000001, "9007199254740994"),
        (0x444B1AE4D6E2EF50, "1e+21"),
        (0x444B1AE4D6E2EF4F, "999999999999999900000"),
        (0x3EB0C6F7A0B5ED8D, "0.000001"),
        (0x3EB0C6F7A0B5ED8C, "9.999999999999997e-7"),
    ],
)
def test_a_double_has_the_shortest_text_that_gives_it_again(bits: int, text: str) -> None:
    """RFC 8785, 3.2.2.3: numbers are written as ECMAScript writes them."""
    assert encode(struct.unpack(">d", bits.to_bytes(8, "big"))[0]).decode() == text


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        (b'{"a":1,"a":1}', 0),
        (b'{"b":1,"a":2}', 2),
        (b'{"a": 1}', 5),
        (b'{"a":1.0}', 6),
        (b'{"a":1}\n', 7),
        (b'{"a":"\\u0041"}', 6),
        (b"NaN", 0),
        (b"[Infinity]", 0),
        (b'{"a":', 5),
        (b'"\xff"', 1),
        (b"[" * 100_000, 0),
        (b"9" * 5000, 0),
        (b"1e999", 0),
        (b"9007199254740993", 0),
        (b'"\\ud800"', 0),
        (b"", 0),
    ],
)
def test_any_other_spelling_is_refused_with_its_place(data: bytes, offset: int) -> None:
    with pytest.raises(NotCanonicalError) as refused:
        decode(data)
    assert refused.value.offset == offset


@given(st.binary(max_size=60))
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    try:
        document = decode(data)
    except NotCanonicalError:
        return
    assert encode(document) == data


documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=10,
)


@given(documents)
def test_what_is_written_is_read_back(document: object) -> None:
    assert decode(encode(document)) == document


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.text(st.characters(), max_size=12)
    | st.integers(-(2**53) - 2, 2**53 + 2)
    | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=8,
)


@given(anything)
def test_what_is_written_the_quick_way_has_the_same_form_as_any_other(document: object) -> None:
    try:
        wanted = rfc8785.dumps(document)  # type: ignore[arg-type] # it refuses what it does not take
    except rfc8785.CanonicalizationError:
        with pytest.raises(rfc8785.CanonicalizationError):
            encode(document)
    else:
        assert encode(document) == wanted
