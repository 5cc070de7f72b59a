"""The strict reader of safetensors headers."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save
from weights import members
from weights.safetensors import (
    MOST_HEADER_BYTES,
    CheckpointFileTruncatedError,
    SafetensorsRefusedError,
    header_length,
    read_header,
)

GOOD = {"w": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}


def read(document: Any, data_bytes: int = 16) -> Any:
    header = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_header("model.safetensors", header, 8 + len(header) + data_bytes)


def tensor(**changes: Any) -> dict[str, Any]:
    return {"w": {**GOOD["w"], **changes}}


def test_a_file_of_the_common_library_is_read() -> None:
    data = save({"a": np.zeros((3, 4), np.float32), "b": np.ones(5, np.float16)})
    length = header_length("m", data[:8], len(data))
    tensors = read_header("m", data[8 : 8 + length], len(data))
    assert {(one.name, one.dtype, one.shape) for one in tensors} == {("a", "F32", (3, 4)), ("b", "F16", (5,))}
    assert sum(one.elements for one in tensors) == 17


def test_a_scalar_and_an_empty_tensor_are_read() -> None:
    document = {
        "scalar": {"dtype": "F64", "shape": [], "data_offsets": [0, 8]},
        "empty": {"dtype": "F32", "shape": [0, 7], "data_offsets": [8, 8]},
    }
    assert [one.elements for one in read(document, 8)] == [1, 0]


@pytest.mark.parametrize(
    ("header", "rule"),
    [
        (b" " + json.dumps(GOOD).encode(), "must start with"),
        (b"[]", "must start with"),
        (b'{"w": ', "must be JSON"),
        (b'{"w": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}, "w": {}}', "named twice"),
        (b'{"w": {"dtype": "F32", "dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}', "named twice"),
        (b'{"w": {"dtype": "F32", "shape": [NaN], "data_offsets": [0, 16]}}', "no place"),
        (b'{"w": {"dtype": "F32", "shape": [4.0], "data_offsets": [0, 16]}}', "no place"),
        (b'{"w": \xff}', "must be JSON"),
        (b'{"w": {"dtype": "F32", "shape": [-0], "data_offsets": [0, 0]}}', "no place"),
        (b"{" + b'"a":{' * 100_000, "must be JSON"),
        (b'{"w": {"dtype": "F32", "shape": [' + b"9" * 5000 + b'], "data_offsets": [0, 16]}}', "must be JSON"),
        (json.dumps(GOOD).encode() + b"\n\x00", "must be JSON"),
        ({}, "at least one tensor"),
        ({"__metadata__": {"format": "np"}}, "at least one tensor"),
        ({"__metadata__": {"format": 1}, **GOOD}, "object of texts"),
        ({"__metadata__": [], **GOOD}, "object of texts"),
        ({"__metadata__": {"a": {}}, **GOOD}, "object of texts"),
        (b'{"__metadata__": {"a": "", "a": ""}, "w": {}}', "named twice"),
        (
            json.dumps({"__metadata__": {}})[:-1].encode() + b"," + json.dumps({"__metadata__": {}})[1:].encode(),
            "twice",
        ),
        (json.dumps(GOOD).encode() + b"{}", "nothing but spaces"),
        (tensor(shape=[[[]]]), "whole numbers"),
        (tensor(shape=[1] * 5000), "4096 characters"),
        (b'{"w"' + b" " * 100_000 + b": 1}", "exactly the fields"),
        ({"w": 1}, "exactly the fields"),
        (tensor(extra=1), "exactly the fields"),
        ({"w": {"dtype": "F32", "shape": [4]}}, "exactly the fields"),
        (tensor(dtype="F33"), "must be one of"),
        (tensor(dtype=["F32"]), "must be one of"),
        (tensor(shape=[-2, -2]), "whole numbers"),
        (tensor(shape=[True, 4]), "whole numbers"),
        (tensor(shape="4"), "whole numbers"),
        (tensor(shape=[1] * 17), "whole numbers"),
        (tensor(shape=[2**64]), "whole numbers"),
        (tensor(data_offsets=[16, 0]), "begin and end"),
        (tensor(data_offsets=[0]), "begin and end"),
        (tensor(data_offsets=[0, 16, 32]), "begin and end"),
        (tensor(shape=[2**40, 2**40]), "must span"),
        (tensor(data_offsets=[0, 15]), "must span"),
        ({"../w": GOOD["w"]}, "path tricks"),
        ({"/w": GOOD["w"]}, "path tricks"),
        ({"": GOOD["w"]}, "path tricks"),
        ({"w\n": GOOD["w"]}, "path tricks"),
        ({"\ud800": GOOD["w"]}, "path tricks"),
        (tensor(data_offsets=[4, 20]), "gap"),
        ({**GOOD, "v": {"dtype": "F32", "shape": [1], "data_offsets": [8, 12]}}, "overlaps"),
        ({**GOOD, "v": {"dtype": "F32", "shape": [1], "data_offsets": [20, 24]}}, "gap"),
    ],
)
def test_a_hostile_header_is_refused_by_name(header: Any, rule: str) -> None:
    with pytest.raises(SafetensorsRefusedError) as refusal:
        read(header)
    assert rule in refusal.value.rule
    assert refusal.value.field.startswith("model.safetensors")


@pytest.mark.parametrize("metadata", ["", '"__metadata__": {"a": "b"}, '])
def test_more_tensors_than_the_limit_are_refused_by_their_number(
    metadata: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "MOST_TENSORS", 3)
    empty = [f'"{name}": {{"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}}' for name in "abcd"]
    assert len(read(f"{{{metadata}{','.join(empty[:3])}}}".encode(), 0)) == 3
    with pytest.raises(SafetensorsRefusedError, match="more than 3") as refusal:
        read(f"{{{metadata}{','.join(empty)}}}".encode(), 0)
    assert refusal.value.field == "model.safetensors: tensors"


def test_more_texts_of_metadata_than_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "MOST_TENSORS", 3)
    with pytest.raises(SafetensorsRefusedError, match="more than 3"):
        read({"__metadata__": dict.fromkeys("abcd", ""), **GOOD})


def test_a_file_that_ends_before_its_last_tensor_is_truncated() -> None:
    with pytest.raises(CheckpointFileTruncatedError) as refusal:
        read(GOOD, data_bytes=15)
    assert refusal.value.field == "model.safetensors"
    header = len(json.dumps(GOOD)) + 8
    assert refusal.value.value == header + 15
    assert str(header + 16) in refusal.value.rule


def test_bytes_after_the_last_tensor_are_refused() -> None:
    with pytest.raises(SafetensorsRefusedError, match="must end with the last tensor"):
        read(GOOD, data_bytes=17)


@pytest.mark.parametrize("length", [0, 1, MOST_HEADER_BYTES + 1, 2**63, 2**64 - 1])
def test_a_header_length_out_of_bounds_is_refused(length: int) -> None:
    with pytest.raises(SafetensorsRefusedError, match="header length"):
        header_length("m", struct.pack("<Q", length), 2**62)


@pytest.mark.parametrize(("prefix", "size"), [(b"", 0), (b"\x10\0\0\0\0\0\0", 7), (struct.pack("<Q", 16), 23)])
def test_a_file_that_ends_in_its_header_is_truncated(prefix: bytes, size: int) -> None:
    with pytest.raises(CheckpointFileTruncatedError):
        header_length("m", prefix, size)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_by_name(noise: bytes) -> None:
    with pytest.raises((SafetensorsRefusedError, CheckpointFileTruncatedError)):
        read(noise)


@given(st.integers(0, len(json.dumps(GOOD)) - 1), st.integers(0, 255))
def test_a_changed_byte_of_a_good_header_is_read_or_refused_by_name(place: int, byte: int) -> None:
    header = bytearray(json.dumps(GOOD).encode())
    header[place] = byte
    try:
        tensors = read(bytes(header))
    except (SafetensorsRefusedError, CheckpointFileTruncatedError):
        return
    assert sum(one.end - one.begin for one in tensors) == 16
