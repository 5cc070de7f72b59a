"""Inspection of a file as its bytes stream by."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from registry.domain.content import ContentRefusedError
from registry.domain.inspection import (
    CheckpointFileDiffersError,
    ConfigurationRefusedError,
    FileInspection,
    ParametersDifferError,
    check_parameters,
)
from safetensors.numpy import save
from weights.finite import TensorNotFiniteError
from weights.manifest import FileEntry
from weights.safetensors import CheckpointFileTruncatedError, SafetensorsRefusedError


def entry(path: str, data: bytes) -> FileEntry:
    return FileEntry(path, len(data), hashlib.sha256(data).hexdigest())


def inspect(declared: FileEntry, data: bytes, chunk: int = 7) -> int:
    inspection = FileInspection(declared)
    for start in range(0, len(data), chunk):
        inspection.feed(data[start : start + chunk])
    return inspection.finish()


@given(st.integers(1, 300))
def test_weights_are_read_whatever_the_chunks(chunk: int) -> None:
    data = save({"a": np.linspace(-3, 3, 30, dtype=np.float32), "b": np.ones((3, 3), np.float16)})
    assert inspect(entry("m.safetensors", data), data, chunk) == 39


@pytest.mark.parametrize("cut", [1, 7, 8, 40, 100])
def test_truncated_weights_are_refused_although_their_digest_is_declared(cut: int) -> None:
    data = save({"a": np.ones(30, np.float32)})[:-cut]
    with pytest.raises((CheckpointFileTruncatedError, SafetensorsRefusedError)) as refusal:
        inspect(entry("m.safetensors", data), data)
    assert isinstance(refusal.value, CheckpointFileTruncatedError)
    assert refusal.value.field == "m.safetensors"
    assert refusal.value.value == len(data)


def test_an_empty_file_of_weights_is_truncated() -> None:
    with pytest.raises(CheckpointFileTruncatedError):
        inspect(entry("m.safetensors", b""), b"")


def test_fewer_bytes_than_declared_are_truncated() -> None:
    declared = entry("README.md", b"whole")
    with pytest.raises(CheckpointFileTruncatedError):
        inspect(declared, b"who")


def test_other_bytes_than_declared_are_refused() -> None:
    declared = entry("README.md", b"whole")
    for stored in (b"other", b"whole and more"):
        with pytest.raises(CheckpointFileDiffersError) as refusal:
            inspect(declared, stored)
        assert refusal.value.field == "README.md"


@pytest.mark.parametrize("position", [0, 8, 9, 60, -1])
def test_altered_weights_are_named_as_altered_whatever_the_alteration_looks_like(position: int) -> None:
    data = save({"a": np.ones(30, np.float32)})
    altered = bytearray(data)
    altered[position] ^= 0xFF
    with pytest.raises(CheckpointFileDiffersError) as refusal:
        inspect(entry("m.safetensors", data), bytes(altered))
    assert refusal.value.field == "m.safetensors"
    assert refusal.value.value == hashlib.sha256(altered).hexdigest()


def test_a_long_tail_beyond_the_declared_bytes_is_told_by_its_size_and_not_kept() -> None:
    data = save({"a": np.ones(30, np.float32)})
    inspection = FileInspection(entry("m.safetensors", data))
    inspection.feed(data)
    for _ in range(100):
        inspection.feed(bytes(2**16))
    with pytest.raises(CheckpointFileDiffersError, match=f"{len(data) + 100 * 2**16} bytes"):
        inspection.finish()


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"1", b"{" * 100_000])
def test_a_configuration_that_is_no_object_is_refused(content: bytes) -> None:
    with pytest.raises(ConfigurationRefusedError):
        inspect(entry("config.json", content), content)


def test_a_huge_configuration_is_refused() -> None:
    content = b'{"a": "' + b"x" * 2**21 + b'"}'
    with pytest.raises(ConfigurationRefusedError):
        inspect(entry("config.json", content), content, chunk=2**16)


def test_a_wrong_number_of_parameters_is_refused() -> None:
    check_parameters(5, [2, 3])
    with pytest.raises(ParametersDifferError, match="5 parameters are declared, the weights hold 6"):
        check_parameters(5, [2, 3, 1])


def test_other_content_than_the_name_promises_is_refused_only_once_the_bytes_are_the_declared_ones() -> None:
    for path in ("config.json", "README.md", "tokenizer.json"):
        with pytest.raises(ContentRefusedError) as refusal:
            inspect(entry(path, b"PK\x03\x04" + bytes(9)), b"PK\x03\x04" + bytes(9))
        assert refusal.value.field == path
        with pytest.raises(CheckpointFileDiffersError):
            inspect(entry(path, bytes(13)), b"PK\x03\x04" + bytes(9))


def test_all_zero_tensors_are_a_finding_and_no_refusal() -> None:
    data = save({"a": np.zeros(9, np.float32), "b": np.ones(3, np.float32)})
    inspection = FileInspection(entry("m.safetensors", data))
    inspection.feed(data)
    assert inspection.finish() == 12
    assert [(finding.code, finding.field) for finding in inspection.findings] == [("TENSOR_ALL_ZERO", "a")]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_value_that_is_not_finite_is_named(bad: float, dtype: type[np.floating]) -> None:
    values = np.ones(50, dtype)
    values[23] = bad
    data = save({"a": np.ones(9, np.float32), "b": values})
    with pytest.raises(TensorNotFiniteError) as refusal:
        inspect(entry("m.safetensors", data), data)
    assert refusal.value.field == "m.safetensors: b"
    assert refusal.value.value == "element 23"
