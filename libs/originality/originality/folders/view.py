"""Matrices that are read through: rows added up, and inputs along the residual axis as another model has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from weights.stored import StoredMatrix

from originality.moved import Alignment

if TYPE_CHECKING:
    from weights.folder import ModelFolder

    from originality.matching import Floats, Places


class View:
    """A matrix over a stored one, of which only what is asked for is read.

    Row i is the sum of its rows `terms[i]` (None: each stands for itself), column j its column `columns[j]` (None: all,
    as they stand) times `signs[j]`.
    """

    ndim: Literal[2] = 2
    dtype = np.dtype(np.float32)

    def __init__(
        self,
        matrix: Units,
        terms: Places | None = None,
        columns: Places | None = None,
        signs: Floats | None = None,
    ) -> None:
        self._matrix, self._terms, self._columns, self._signs = matrix, terms, columns, signs

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self), self._matrix.shape[1] if self._columns is None else len(self._columns)

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.shape[0] * self.shape[1]

    def __len__(self) -> int:
        return len(self._matrix) if self._terms is None else len(self._terms)

    def __getitem__(self, key: Any) -> Floats:
        rows, asked = key if isinstance(key, tuple) else (key, slice(None))
        columns = asked if self._columns is None else self._columns[asked]
        terms = (rows,) if self._terms is None else tuple(self._terms[rows].T)
        made = self._matrix[terms[0], columns]
        for one in terms[1:]:
            made = made + self._matrix[one, columns]
        return made if self._signs is None else made * self._signs[asked]

    def with_columns(self, columns: Places) -> View:
        """Return the matrix with only these columns, none of which is read yet."""
        return View(
            self._matrix,
            self._terms,
            columns if self._columns is None else self._columns[columns],
            None if self._signs is None else self._signs[columns],
        )

    def part(self, rows: slice) -> View:
        """Return some rows."""
        if self._terms is None:
            return View(self._matrix.part(rows), None, self._columns, self._signs)
        return View(self._matrix, self._terms[rows], self._columns, self._signs)


class Image:
    """Units × what each one reads along the columns of a basis (residual axis × columns)."""

    ndim: Literal[2] = 2
    dtype = np.dtype(np.float32)

    def __init__(self, matrix: Units, basis: Floats) -> None:
        self._matrix, self._basis = matrix, basis

    @property
    def shape(self) -> tuple[int, int]:
        """Units and columns of the basis."""
        return len(self._matrix), int(self._basis.shape[1])

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.shape[0] * self.shape[1]

    def __len__(self) -> int:
        return len(self._matrix)

    def __getitem__(self, key: Any) -> Floats:
        rows, columns = key if isinstance(key, tuple) else (key, slice(None))
        with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is refused by whoever reads it
            made: Floats = self._matrix[rows] @ self._basis[:, columns]
        return made

    def with_columns(self, columns: Places) -> Image:
        """Return only these columns."""
        return Image(self._matrix, self._basis[:, columns])

    def part(self, rows: slice) -> Image:
        """Return some units."""
        return Image(self._matrix.part(rows), self._basis)


Axis = Alignment | NDArray[np.float32]
"""How a residual axis is to be read: moved channels put back, or a basis (axis × columns) that turns with it."""
Units = StoredMatrix | View | Image


def along(matrix: StoredMatrix, axis: Axis | None) -> Units:
    """Return a matrix of units × residual axis as the axis is to be read; any other matrix as it is."""
    if isinstance(axis, Alignment):
        return View(matrix, None, axis.place, axis.sign) if matrix.shape[1] == len(axis.place) else matrix
    return matrix if axis is None or matrix.shape[1] != len(axis) else Image(matrix, axis)


def units(folder: ModelFolder, name: str, axis: Axis | None, *, turned: bool) -> Units:
    """Return a tensor as units × inputs; `turned`: it is stored inputs × units."""
    matrix = folder.matrix(name)
    return along(matrix.T if turned else matrix, axis)
