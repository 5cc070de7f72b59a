"""Whether every element of a tensor is a finite number, told from its bytes as they pass by.

An element of a binary floating type is NaN or infinite exactly if all bits of its exponent are one (IEEE 754; for
F8_E4M3 only the bit pattern of NaN, OCP 8-bit formats). The two highest bytes of an element hold sign and exponent,
so slices of them are searched and no library of numbers is needed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from registry.domain.safetensors import DTYPE_BITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from registry.domain.safetensors import Tensor


class TensorNotFiniteError(Exception):
    """A tensor holds NaN or an infinity."""

    def __init__(self, path: str, tensor: str, element: int) -> None:
        """Keep file and tensor as `field`, the number of the first such element as `value`, and the `rule`."""
        super().__init__(f"{path}: {tensor}: element {element} is NaN or infinite")
        self.field = f"{path}: {tensor}"
        self.value = f"element {element}"
        self.rule = "every element must be a finite number"


@dataclass(frozen=True, slots=True)
class _Pattern:
    """High bytes that may be those of a non-finite element, and bits of the byte below that must then all be set."""

    high: re.Pattern[bytes]
    below_bits: int


_ALL_ONES_8: Final = re.compile(rb"[\x7f\xff]")
_ALL_ONES_5: Final = re.compile(rb"[\x7c-\x7f\xfc-\xff]")
_PATTERNS: Final = {
    "F64": _Pattern(_ALL_ONES_8, 0xF0),
    "F32": _Pattern(_ALL_ONES_8, 0x80),
    "BF16": _Pattern(_ALL_ONES_8, 0x80),
    "F16": _Pattern(_ALL_ONES_5, 0),
    "F8_E5M2": _Pattern(_ALL_ONES_5, 0),
    "F8_E4M3": _Pattern(_ALL_ONES_8, 0),
}


def first_not_finite(dtype: str, data: bytes) -> int | None:
    """Return the number of the first element of `data` that is NaN or infinite; `None` if there is none."""
    pattern = _PATTERNS.get(dtype)
    if pattern is None:
        return None
    width = DTYPE_BITS[dtype] // 8
    for found in pattern.high.finditer(data[width - 1 :: width]):
        element = found.start()
        below = data[element * width + width - 2] if pattern.below_bits else 0
        if below & pattern.below_bits == pattern.below_bits:
            return element
    return None


class FiniteCheck:
    """Checks the data part of a safetensors file as it streams by, in chunks of any size."""

    def __init__(self, path: str, tensors: Sequence[Tensor]) -> None:
        """Check the file at `path`, whose `tensors` are in the order of their bytes."""
        self._path = path
        self._tensors = iter(tensors)
        self._tensor: Tensor | None = next(self._tensors, None)
        self._element = 0
        self._left_over = b""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes; raise `TensorNotFiniteError` at the first element that is not finite."""
        data = self._left_over + chunk
        while self._tensor is not None:
            width = DTYPE_BITS[self._tensor.dtype] // 8
            wanted = (self._tensor.elements - self._element) * width
            whole = min(wanted, len(data) - len(data) % width)
            bad = first_not_finite(self._tensor.dtype, data[:whole])
            if bad is not None:
                raise TensorNotFiniteError(self._path, self._tensor.name, self._element + bad)
            self._element += whole // width
            data = data[whole:]
            if whole < wanted:
                break
            self._tensor, self._element = next(self._tensors, None), 0
        self._left_over = data
