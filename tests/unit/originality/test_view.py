"""Matrices that are read through give what the whole ones would, in the part asked for."""

from __future__ import annotations

import numpy as np
import pytest
from originality.folders.view import Image, View, along
from originality.moved import Alignment
from weights.stored import StoredMatrix

VALUES = np.random.default_rng(1).standard_normal((12, 7)).astype(np.float32)
STORED = StoredMatrix(VALUES, "F32")
ROWS, COLUMNS = np.array([3, 0, 2]), np.array([5, 1])
ORDER, SIGNS = np.random.default_rng(2).permutation(7), np.array([1, -1, 1, 1, -1, -1, 1], np.float32)
AXIS = Alignment(ORDER, SIGNS, np.ones(7, np.float32))
BASIS = np.random.default_rng(3).standard_normal((7, 9)).astype(np.float32)
TERMS = np.array([[0, 4], [5, 5], [11, 2], [7, 8]])


@pytest.mark.parametrize(
    ("matrix", "whole"),
    [
        (View(STORED, TERMS), VALUES[TERMS[:, 0]] + VALUES[TERMS[:, 1]]),
        (along(STORED, AXIS), VALUES[:, ORDER] * SIGNS),
        (View(along(STORED, AXIS), TERMS), (VALUES[TERMS[:, 0]] + VALUES[TERMS[:, 1]])[:, ORDER] * SIGNS),
        (along(STORED, BASIS), VALUES @ BASIS),
        (View(Image(STORED, BASIS), TERMS), (VALUES[TERMS[:, 0]] + VALUES[TERMS[:, 1]]) @ BASIS),
    ],
)
def test_what_is_read_is_a_part_of_the_whole(matrix: View | Image, whole: np.ndarray) -> None:
    assert (matrix.shape, matrix.size, len(matrix), matrix.ndim) == (whole.shape, whole.size, len(whole), 2)
    assert matrix[:] == pytest.approx(whole, abs=1e-5)
    assert matrix[ROWS] == pytest.approx(whole[ROWS], abs=1e-5)
    assert matrix[ROWS, 1:4] == pytest.approx(whole[ROWS, 1:4], abs=1e-5)
    assert matrix.with_columns(COLUMNS)[ROWS] == pytest.approx(whole[ROWS][:, COLUMNS], abs=1e-5)
    assert matrix.with_columns(COLUMNS)[:, :1] == pytest.approx(whole[:, COLUMNS[:1]], abs=1e-5)
    assert matrix.part(slice(1, 3))[:] == pytest.approx(whole[1:3], abs=1e-5)


def test_what_does_not_lie_on_the_axis_stays_as_it_is() -> None:
    narrow = StoredMatrix(VALUES[:, :3], "F32")
    assert along(narrow, AXIS) is along(narrow, BASIS) is along(narrow, None) is narrow
