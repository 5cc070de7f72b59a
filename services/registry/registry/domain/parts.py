"""Parts: runs of a file's bytes, each stored as one object under its SHA-256. They tile a file without gap or overlap.

Source: design, registry and originality, "Push": part counts and sizes hold for files of 200 GB and more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from registry.domain.checkpoint import RegistryFieldError, check_sha256
from registry.domain.listing import LARGEST_FILE_BYTES, check_kind, check_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weights.manifest import FileEntry

LARGEST_PART_BYTES: Final = 64 * 2**20
"""One PUT of it takes seconds at 10 MiB/s, so a broken one costs little; 5 TiB are 81,920 of them."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a file: path, where it begins and how long it is in bytes, SHA-256 in lower-case hex."""

    path: str
    offset_bytes: int
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Stored:
    """The bytes of a part, wherever they occur: SHA-256 in lower-case hex and size in bytes."""

    sha256: str
    size_bytes: int


class PartsIncompleteError(Exception):
    """The declared parts of a file do not make up the file."""

    def __init__(self, path: str, offset_bytes: int, rule: str) -> None:
        """Keep the file as `field`, the place in bytes as `value`, and the `rule`."""
        super().__init__(f"{path}: the parts are wrong at byte {offset_bytes}: {rule}")
        self.field = path
        self.value = offset_bytes
        self.rule = rule


def check_part(part: Part) -> None:
    """Raise `RegistryFieldError`, or what `check_path` and `check_kind` raise, for the first rule broken."""
    check_path(part.path)
    check_kind(part.path)
    check_sha256(f"part.sha256 of {part.path}", part.sha256)
    if not 1 <= part.size_bytes <= LARGEST_PART_BYTES:
        raise RegistryFieldError(
            f"part.size_bytes of {part.path}", part.size_bytes, f"must be 1 to {LARGEST_PART_BYTES}"
        )
    if not 0 <= part.offset_bytes <= LARGEST_FILE_BYTES - part.size_bytes:
        raise RegistryFieldError(
            f"part.offset_bytes of {part.path}", part.offset_bytes, f"must end within {LARGEST_FILE_BYTES} bytes"
        )


def check_tiles(file: FileEntry, parts: Sequence[Part]) -> None:
    """Raise `PartsIncompleteError` unless `parts`, ordered by offset, make up the bytes of `file`."""
    end = 0
    for part in parts:
        if part.offset_bytes != end:
            what = "overlaps the one before" if part.offset_bytes < end else "leaves a gap after the one before"
            raise PartsIncompleteError(file.path, part.offset_bytes, f"{what}, which ends at {end}")
        end += part.size_bytes
    if end != file.size_bytes:
        raise PartsIncompleteError(file.path, end, f"must end with the file, at {file.size_bytes}")
