"""Matrices of weights as they are stored: memory-mapped, made float32 only in the part that is asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Raw = NDArray[Any]
    Floats = NDArray[np.float32]
    Places = NDArray[np.intp]
    Key = Any
    """Rows, or rows and columns: slices, or whole numbers in an array, of which at most one is an array."""

_ROWS: Final = 256  # compared at once
_RAW_TYPES: Final = {
    "BOOL": "?",
    "U8": "u1",
    "I8": "i1",
    "F8_E5M2": "u1",
    "F8_E4M3": "u1",
    "I16": "<i2",
    "U16": "<u2",
    "F16": "<f2",
    "BF16": "<u2",
    "I32": "<i4",
    "U32": "<u4",
    "F32": "<f4",
    "F64": "<f8",
    "I64": "<i8",
    "U64": "<u8",
}


def raw_type(dtype: str) -> np.dtype[Any]:
    """Return numpy's type of the stored elements of a safetensors `dtype`; bits for types that numpy does not have."""
    return np.dtype(_RAW_TYPES[dtype])


def _eight_bits(exponent_bits: int, bias: int, *, infinities: bool) -> Floats:
    """Return the 256 numbers of an 8-bit float (OCP 8-bit formats)."""
    fraction_bits = 7 - exponent_bits
    made = np.empty(256)
    for pattern in range(128):
        exponent, fraction = pattern >> fraction_bits, pattern & (2**fraction_bits - 1)
        share = fraction / 2**fraction_bits
        made[pattern] = 2.0 ** (exponent - bias) * (1 + share) if exponent else 2.0 ** (1 - bias) * share
    if infinities:
        made[0x7C], made[0x7D:128] = np.inf, np.nan
    else:
        made[0x7F] = np.nan
    made[128:] = -made[:128]
    return made.astype(np.float32)


_E5M2: Final = _eight_bits(5, 15, infinities=True)
_E4M3: Final = _eight_bits(4, 7, infinities=False)


def _bfloat16(raw: Raw) -> Floats:
    widened: Floats = (raw.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return widened


def _as_float32(raw: Raw) -> Floats:
    return raw.astype(np.float32)


_WIDEN: Final[dict[str, Callable[[Raw], Floats]]] = {
    "BF16": _bfloat16,
    "F8_E5M2": lambda raw: _E5M2[raw],
    "F8_E4M3": lambda raw: _E4M3[raw],
    "F16": _as_float32,
    "F32": _as_float32,
    "F64": _as_float32,
    "I8": _as_float32,
}


def is_weights(dtype: str) -> bool:
    """Say whether tensors of this type can be read as weights: floats, and signed bytes (with a scale beside them)."""
    return dtype in _WIDEN


@dataclass(frozen=True, slots=True)
class Scale:
    """What stored values are multiplied with: `factors[row[i], column[j]]` for element i, j."""

    factors: Floats
    row: Places
    column: Places

    @staticmethod
    def spread(factors: Floats, shape: tuple[int, int]) -> Scale:
        """Spread factors (blocks of rows × blocks of columns) over a matrix: each for a row, a column or a square."""
        return Scale(factors, *(_blocks(size, count) for size, count in zip(shape, factors.shape, strict=True)))

    def of(self, rows: Key, columns: Key) -> Scale:
        """Return the scale of a part."""
        return Scale(self.factors, self.row[rows], self.column[columns])


def _blocks(size: int, count: int) -> Places:
    """Return the block of each place: blocks of many elements have powers of two of them, and the last may be cut."""
    length = size // count if count in {1, size} else 2 ** math.ceil(math.log2(size / count))
    return np.arange(size) // length


class StoredMatrix:
    """A matrix of float32 values over stored ones of any type: nothing is widened but what is asked for.

    `raw` is rows × columns with any strides, so that views of a mapped file (transposed, cut) cost nothing.
    `columns` are those that it has, where not all.
    """

    ndim: Literal[2] = 2
    dtype = np.dtype(np.float32)

    def __init__(self, raw: Raw, dtype: str, scale: Scale | None = None, columns: Places | None = None) -> None:
        if raw.ndim != self.ndim:
            raise ValueError(f"a matrix has two axes: {raw.shape}")
        self.raw = raw
        self._dtype = dtype
        self._scale = scale
        self._columns = columns

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return int(self.raw.shape[0]), int(self.raw.shape[1] if self._columns is None else len(self._columns))

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.shape[0] * self.shape[1]

    def __len__(self) -> int:
        return int(self.raw.shape[0])

    def __getitem__(self, key: Key) -> Floats:
        rows, columns = key if isinstance(key, tuple) else (key, slice(None))
        if self._columns is not None:
            columns = self._columns[columns]
        made = _WIDEN[self._dtype](self._taken(rows, columns))
        if self._scale is not None:
            some = self._scale.of(rows, columns)
            made *= some.factors[np.ix_(some.row, some.column)]
        return made

    def _taken(self, rows: Key, columns: Key) -> Raw:
        """Cut first along the axis that lies apart in the file, so that no more of it is read than must be."""
        if self._turned:
            return self.raw[:, columns][rows]
        return self.raw[rows][:, columns]

    @property
    def _turned(self) -> bool:
        return abs(self.raw.strides[0]) < abs(self.raw.strides[1])

    def with_columns(self, columns: Places) -> StoredMatrix:
        """Return the matrix with only these columns, none of which is read yet."""
        return StoredMatrix(self.raw, self._dtype, self._scale, columns)

    def equals(self, other: StoredMatrix) -> bool:
        """Say whether all values are equal to those of another one; stops at the first that differ.

        Stored values of one type are compared as they are, bit by bit.
        """
        if self.shape != other.shape:
            return False
        whole = self._scale is other._scale is None and self._columns is other._columns is None
        if whole and self._dtype == other._dtype:
            left, right = (one.raw.T if self._turned else one.raw for one in (self, other))
        else:
            left, right = self, other  # type: ignore[assignment] # both are asked for rows only
        steps = range(0, len(left), _ROWS)
        return all(np.array_equal(left[start : start + _ROWS], right[start : start + _ROWS]) for start in steps)

    @property
    def T(self) -> StoredMatrix:  # noqa: N802 - numpy's own name
        """The matrix with rows and columns exchanged: a view."""
        if self._columns is not None:
            raise ValueError("some columns of a matrix cannot be turned into rows")
        scale = self._scale
        return StoredMatrix(self.raw.T, self._dtype, scale and Scale(scale.factors.T, scale.column, scale.row))

    def part(self, rows: slice, columns: slice = slice(None)) -> StoredMatrix:
        """Return some rows and columns: a view."""
        if self._columns is not None:
            raise ValueError("some columns of a matrix cannot be cut further")
        return StoredMatrix(self.raw[rows, columns], self._dtype, self._scale and self._scale.of(rows, columns))
