"""What is asked of a matrix of weights: an array, or something that reads the asked part from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np


class Matrix(Protocol):
    """Units × inputs. Only sampled rows, and blocks of their columns, are ever asked for."""

    @property
    def ndim(self) -> int:
        """Number of axes."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""

    @property
    def size(self) -> int:
        """Number of elements."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements that are read."""

    def __len__(self) -> int: ...

    def __getitem__(self, key: Any, /) -> Any: ...
