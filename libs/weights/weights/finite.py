"""Whether every element of a tensor is a finite number, and whether all are zero, told from its bytes as they pass by.

Without their sign, the bit patterns of a binary floating type are in the order of the numbers: NaN and infinities are
the greatest (IEEE 754; for F8_E4M3 only the pattern of NaN, OCP 8-bit formats), and zero is the least. So the greatest
pattern of a block says both, and no element is ever made a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from weights.safetensors import DTYPE_BITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from weights.safetensors import Tensor

# Elements looked at together: small enough to stay in a core's cache.
_BLOCK: Final = 2**16


class TensorNotFiniteError(Exception):
    """A tensor holds NaN or an infinity."""

    def __init__(self, path: str, tensor: str, element: int) -> None:
        """Keep file and tensor as `field`, the number of the first such element as `value`, and the `rule`."""
        super().__init__(f"{path}: {tensor}: element {element} is NaN or infinite")
        self.field = f"{path}: {tensor}"
        self.value = f"element {element}"
        self.rule = "every element must be a finite number"


@dataclass(frozen=True, slots=True)
class _Patterns:
    """How elements of a type are read: without the bits not in `size`, those from `not_finite` on are no numbers."""

    unsigned: np.dtype[Any]
    size: int
    not_finite: int | None


def _floating(bits: int, least: int) -> _Patterns:
    return _Patterns(np.dtype(f"<u{bits // 8}"), 2 ** (bits - 1) - 1, least)


_FLOATING: Final = {
    "F64": _floating(64, 0x7FF0 << 48),
    "F32": _floating(32, 0x7F80 << 16),
    "BF16": _floating(16, 0x7F80),
    "F16": _floating(16, 0x7C00),
    "F8_E5M2": _floating(8, 0x7C),
    "F8_E4M3": _floating(8, 0x7F),
}
_PATTERNS: Final = {
    dtype: _FLOATING.get(dtype, _Patterns(np.dtype(f"<u{bits // 8}"), 2**bits - 1, None))
    for dtype, bits in DTYPE_BITS.items()
}


def first_not_finite(dtype: str, data: bytes | memoryview) -> int | None:
    """Return the number of the first element of `data` that is NaN or infinite; `None` if there is none."""
    return _look(_PATTERNS[dtype], data, np.empty(_BLOCK, _PATTERNS[dtype].unsigned))[0]


def _look(patterns: _Patterns, data: bytes | memoryview, room: NDArray[Any]) -> tuple[int | None, bool]:
    """Return the first element that is not finite, and whether one is not zero (up to the first that is not finite)."""
    elements = np.frombuffer(data, dtype=patterns.unsigned)
    some = False
    for start in range(0, len(elements), _BLOCK):
        block = elements[start : start + _BLOCK]
        sizes = np.bitwise_and(block, patterns.unsigned.type(patterns.size), out=room[: len(block)])
        greatest = int(sizes.max())
        some = some or greatest > 0
        if patterns.not_finite is not None and greatest >= patterns.not_finite:
            return start + int((sizes >= patterns.not_finite).argmax()), some
    return None, some


class FiniteCheck:
    """Checks the data part of a safetensors file as it streams by, in chunks of any size.

    `all_zero` names the tensors, of those that have passed by and have an element at all, with nothing but zeros in
    them. It is a flag and no refusal: a bias that was never trained is zero.
    """

    def __init__(self, path: str, tensors: Sequence[Tensor]) -> None:
        """Check the file at `path`, whose `tensors` are in the order of their bytes."""
        self._path = path
        self._tensors = iter(tensors)
        self._room = {patterns.unsigned: np.empty(_BLOCK, patterns.unsigned) for patterns in _PATTERNS.values()}
        self._left_over = b""
        self.all_zero: list[str] = []
        self._some = False
        self._begin()

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes; raise `TensorNotFiniteError` at the first element that is not finite."""
        data = memoryview(self._left_over + chunk if self._left_over else chunk)
        while self._tensor is not None:
            width = DTYPE_BITS[self._tensor.dtype] // 8
            wanted = (self._tensor.elements - self._element) * width
            whole = min(wanted, len(data) - len(data) % width)
            patterns = _PATTERNS[self._tensor.dtype]
            bad, some = _look(patterns, data[:whole], self._room[patterns.unsigned])
            if bad is not None:
                raise TensorNotFiniteError(self._path, self._tensor.name, self._element + bad)
            self._element += whole // width
            self._some = self._some or some
            data = data[whole:]
            if whole < wanted:
                break
            if self._tensor.elements and not self._some:
                self.all_zero.append(self._tensor.name)
            self._begin()
        self._left_over = bytes(data)

    def _begin(self) -> None:
        self._tensor: Tensor | None = next(self._tensors, None)
        self._element, self._some = 0, False
