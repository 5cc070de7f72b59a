"""A strict reader of safetensors headers: what the format says and nothing more.

The common library takes duplicate keys, unknown fields, a header that does not start with "{", no tensors at all and
any tensor name (measured with 0.8.0); each of them is refused here by name.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any, Final

from weights.members import MOST_TENSORS, NotAsTheFormatError, members

__all__ = [
    "DTYPE_BITS",
    "LENGTH_BYTES",
    "MOST_HEADER_BYTES",
    "MOST_TENSORS",
    "CheckpointFileTruncatedError",
    "SafetensorsRefusedError",
    "Tensor",
    "header_length",
    "read_header",
]

LENGTH_BYTES: Final = 8
MOST_HEADER_BYTES: Final = 16 * 2**20
"""Ours; the library allows 100 MB, which takes gigabytes of memory to read as JSON."""
_MOST_DIMENSIONS: Final = 16
_MOST_NAME_CHARACTERS: Final = 512
_LARGEST: Final = 2**63 - 1
_FIELDS: Final = frozenset({"dtype", "shape", "data_offsets"})

DTYPE_BITS: Final = {
    "BOOL": 8,
    "U8": 8,
    "I8": 8,
    "F8_E5M2": 8,
    "F8_E4M3": 8,
    "I16": 16,
    "U16": 16,
    "F16": 16,
    "BF16": 16,
    "I32": 32,
    "U32": 32,
    "F32": 32,
    "F64": 64,
    "I64": 64,
    "U64": 64,
}


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor: name, element type, shape, and where its bytes lie after the header, `begin` to `end` (exclusive)."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int

    @property
    def elements(self) -> int:
        """Number of elements."""
        return _product(self.shape)


class SafetensorsRefusedError(Exception):
    """A safetensors file breaks a rule of the format."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        """Keep the `field` (file, and tensor where it is one's), its `value` and the `rule` it breaks."""
        super().__init__(f"{field} is {value!r}: {rule}")
        self.field = field
        self.value = value
        self.rule = rule


class CheckpointFileTruncatedError(Exception):
    """A file ends before the bytes that are declared."""

    def __init__(self, path: str, actual_bytes: int, declared_bytes: int) -> None:
        """Keep the file as `field`, the actual size as `value`, the declared size in `rule`."""
        super().__init__(f"{path} has {actual_bytes} bytes, but {declared_bytes} are declared")
        self.field = path
        self.value = actual_bytes
        self.rule = f"must have the {declared_bytes} bytes that are declared"


def header_length(path: str, prefix: bytes, file_bytes: int) -> int:
    """Return the length in bytes of the header that the first 8 bytes (`prefix`) of a file of `file_bytes` declare."""
    if len(prefix) < LENGTH_BYTES:
        raise CheckpointFileTruncatedError(path, file_bytes, LENGTH_BYTES)
    length = int.from_bytes(prefix[:LENGTH_BYTES], "little")
    if not len(b"{}") <= length <= MOST_HEADER_BYTES:
        raise SafetensorsRefusedError(f"{path}: header length", length, f"must be 2 to {MOST_HEADER_BYTES} bytes")
    if LENGTH_BYTES + length > file_bytes:
        raise CheckpointFileTruncatedError(path, file_bytes, LENGTH_BYTES + length)
    return length


def read_header(path: str, header: bytes, file_bytes: int) -> tuple[Tensor, ...]:
    """Return the tensors of `header` in the order of their bytes, which fill a file of `file_bytes` exactly.

    Raises `SafetensorsRefusedError`, and `CheckpointFileTruncatedError` where the file ends before its last tensor.
    """
    tensors = _parse(path, header)
    if not tensors:
        raise SafetensorsRefusedError(f"{path}: tensors", 0, "must hold at least one tensor")
    tensors.sort(key=lambda tensor: (tensor.begin, tensor.end))
    data_start = LENGTH_BYTES + len(header)
    end = 0
    for tensor in tensors:
        if tensor.begin != end:
            what = "overlaps the one before" if tensor.begin < end else "leaves a gap after the one before"
            raise SafetensorsRefusedError(f"{path}: {tensor.name}.data_offsets", tensor.begin, f"{what}, at {end}")
        end = tensor.end
    if data_start + end > file_bytes:
        raise CheckpointFileTruncatedError(path, file_bytes, data_start + end)
    if data_start + end < file_bytes:
        raise SafetensorsRefusedError(
            f"{path}: size", file_bytes, f"must end with the last tensor, at {data_start + end}"
        )
    return tuple(tensors)


def _parse(path: str, header: bytes) -> list[Tensor]:
    field = f"{path}: header"
    if not header.startswith(b"{"):
        raise SafetensorsRefusedError(field, header[:1], "must start with '{'")
    try:
        # The format pads the header with spaces at its end, with nothing else.
        text = header.rstrip(b" ").decode("utf-8")
        return [_tensor(path, name, fields) for name, fields in members(text)]
    except NotAsTheFormatError as error:
        raise SafetensorsRefusedError(f"{path}: {error.part}", error.value, error.rule) from error
    except (ValueError, RecursionError) as error:
        raise SafetensorsRefusedError(field, header[:40], f"must be JSON as the format has it: {error}") from error


def _tensor(path: str, name: str, fields: dict[str, Any]) -> Tensor:
    where = f"{path}: {name[:80]}"
    _check_name(path, name)
    if fields.keys() != _FIELDS:
        raise SafetensorsRefusedError(
            where, sorted(fields), f"must have exactly the fields {', '.join(sorted(_FIELDS))}"
        )
    dtype, shape, offsets = fields["dtype"], fields["shape"], fields["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPE_BITS:
        raise SafetensorsRefusedError(f"{where}.dtype", dtype, f"must be one of {', '.join(DTYPE_BITS)}")
    if not _are_sizes(shape) or len(shape) > _MOST_DIMENSIONS:
        raise SafetensorsRefusedError(f"{where}.shape", shape, f"must be at most {_MOST_DIMENSIONS} whole numbers")
    if not _are_sizes(offsets) or len(offsets) != len(("begin", "end")) or offsets[0] > offsets[1]:
        raise SafetensorsRefusedError(f"{where}.data_offsets", offsets, "must be begin and end, in this order")
    tensor = Tensor(name, dtype, tuple(shape), offsets[0], offsets[1])
    wanted = tensor.elements * DTYPE_BITS[dtype] // 8
    if tensor.end - tensor.begin != wanted:
        raise SafetensorsRefusedError(f"{where}.data_offsets", offsets, f"must span {wanted} bytes, as {dtype} {shape}")
    return tensor


def _check_name(path: str, name: str) -> None:
    # The length first: a name may be all of the header.
    plain = 1 <= len(name) <= _MOST_NAME_CHARACTERS and not any(
        unicodedata.category(character).startswith("C") for character in name
    )
    if not plain or ".." in name.split("/") or name.startswith("/"):
        raise SafetensorsRefusedError(
            f"{path}: tensor name", name[:80], f"must be 1 to {_MOST_NAME_CHARACTERS} plain characters, no path tricks"
        )
    # Two names that look the same would be two tensors.
    if not unicodedata.is_normalized("NFC", name):
        raise SafetensorsRefusedError(f"{path}: tensor name", name[:80], "must be in Unicode form NFC")


def _are_sizes(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, int) and not isinstance(item, bool) and 0 <= item <= _LARGEST for item in value
    )


def _product(shape: tuple[int, ...]) -> int:
    elements = 1
    for size in shape:
        elements *= size
    return elements
