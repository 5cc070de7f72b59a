"""Whether all elements are finite, and whether all are zero, from bytes in chunks of any size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save
from weights.finite import FiniteCheck, first_not_finite
from weights.safetensors import header_length, read_header


@given(st.lists(st.floats(width=32, allow_nan=True, allow_infinity=True), max_size=40))
def test_single_precision_agrees_with_numpy(values: list[float]) -> None:
    array = np.array(values, np.float32)
    bad = np.flatnonzero(~np.isfinite(array))
    assert first_not_finite("F32", array.tobytes()) == (int(bad[0]) if len(bad) else None)


@given(st.lists(st.floats(width=64, allow_nan=True, allow_infinity=True), max_size=40))
def test_double_precision_agrees_with_numpy(values: list[float]) -> None:
    array = np.array(values, np.float64)
    bad = np.flatnonzero(~np.isfinite(array))
    assert first_not_finite("F64", array.tobytes()) == (int(bad[0]) if len(bad) else None)


def test_every_half_precision_pattern_agrees_with_numpy() -> None:
    patterns = np.arange(2**16, dtype=np.uint16)
    finite = np.isfinite(patterns.view(np.float16))
    assert all(
        (first_not_finite("F16", one.tobytes()) is None) == good for one, good in zip(patterns, finite, strict=True)
    )


def test_every_bfloat16_pattern_agrees_with_its_single_precision() -> None:
    patterns = np.arange(2**16, dtype=np.uint16)
    finite = np.isfinite((patterns.astype(np.uint32) << 16).view(np.float32))
    assert all(
        (first_not_finite("BF16", one.tobytes()) is None) == good for one, good in zip(patterns, finite, strict=True)
    )


def test_whole_numbers_are_always_finite() -> None:
    assert first_not_finite("I64", b"\xff" * 80) is None


@pytest.mark.parametrize("chunk", [1, 7, 64, 10**6])
def test_tensors_of_nothing_but_zeros_are_flagged_in_the_same_pass(chunk: int) -> None:
    data = save(
        {
            "bias": np.zeros(90_000, np.float16),
            "empty": np.zeros((0, 3), np.float32),
            "last_one": np.append(np.zeros(300), 1e-300),
            "minus": np.full(5, -0.0, np.float32),
            "whole": np.zeros(9, np.int32),
            "zero_point": np.array([0, 0, -1], np.int8),
        }
    )
    length = header_length("m", data[:8], len(data))
    check = FiniteCheck("m", read_header("m", data[8 : 8 + length], len(data)))
    for start in range(8 + length, len(data), chunk):
        check.feed(data[start : start + chunk])
    assert sorted(check.all_zero) == ["bias", "minus", "whole"]


def test_a_tensor_that_never_passed_by_is_not_flagged() -> None:
    data = save({"a": np.zeros(9, np.float32)})
    length = header_length("m", data[:8], len(data))
    check = FiniteCheck("m", read_header("m", data[8 : 8 + length], len(data)))
    check.feed(data[8 + length : -1])
    assert check.all_zero == []


def test_the_place_of_a_value_that_is_not_finite_is_told_across_blocks() -> None:
    values = np.ones(300_000, np.float32)
    values[200_001:] = np.nan
    assert first_not_finite("F32", values.tobytes()) == 200_001
