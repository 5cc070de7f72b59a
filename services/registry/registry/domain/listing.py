"""Which files a checkpoint may list. Source: design, registry and originality, "Validation at commit"."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from registry.domain.checkpoint import RegistryFieldError, check_sha256

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weights.manifest import FileEntry

ALLOWED_SUFFIXES: Final = frozenset(
    {".safetensors", ".json", ".jsonl", ".md", ".txt", ".model", ".vocab", ".merges", ".jinja"}
)
"""What tokenizers, configurations, cards and weights are kept in; nothing of it can be run."""

BARE_NAMES: Final = frozenset({"LICENSE", "LICENCE", "NOTICE"})
"""Files that by custom have no suffix."""

PICKLES: Final = frozenset({".pkl", ".pickle", ".pt", ".pth", ".bin", ".ckpt", ".npy", ".npz", ".joblib", ".h5"})
"""Forms that hold or may hold pickled objects: loading one runs its code. Refused, not scanned."""

MOST_FILES: Final = 20_000
MOST_PATH_BYTES: Final = 512
_MOST_PART_BYTES: Final = 255
MOST_LISTED_BYTES: Final = 2**21
"""Bytes of all paths together, so that a manifest stays below 8 MiB."""

LARGEST_FILE_BYTES: Final = 5 * 2**40
"""5 TiB: parts of 64 MiB of one are 81,920."""


class PathRefusedError(RegistryFieldError):
    """A path is not one that a checkpoint may list."""


class FileKindRefusedError(RegistryFieldError):
    """A file is of a kind that a checkpoint may not hold."""


def check_file(file: FileEntry) -> None:
    """Raise for the first rule that a file breaks: `PathRefusedError`, `FileKindRefusedError`, `RegistryFieldError`."""
    check_path(file.path)
    check_kind(file.path)
    check_sha256(f"file.sha256 of {file.path}", file.sha256)
    if not 0 <= file.size_bytes <= LARGEST_FILE_BYTES:
        raise RegistryFieldError(
            f"file.size_bytes of {file.path}", file.size_bytes, f"must be 0 to {LARGEST_FILE_BYTES}"
        )


def check_listing(files: Sequence[FileEntry]) -> None:
    """Raise for the first rule that `files` break together: `PathRefusedError` or `RegistryFieldError`."""
    if not 1 <= len(files) <= MOST_FILES:
        raise RegistryFieldError("files", len(files), f"must be 1 to {MOST_FILES} files")
    listed_bytes = sum(len(file.path.encode()) for file in files)
    if listed_bytes > MOST_LISTED_BYTES:
        raise RegistryFieldError("files", listed_bytes, f"must have paths of {MOST_LISTED_BYTES} bytes in all at most")
    seen: set[str] = set()
    sizes: dict[str, int] = {}
    for file in files:
        # Two names that one file system takes for one would overwrite each other when pulled.
        folded = file.path.casefold()
        if folded in seen:
            raise PathRefusedError("file.path", file.path, "is listed twice (upper and lower case count as the same)")
        seen.add(folded)
        check_size(file, sizes.setdefault(file.sha256, file.size_bytes))
    _check_folders(seen)
    _check_needed({file.path for file in files})


def _check_folders(folded: set[str]) -> None:
    for path in folded:
        for parent in PurePosixPath(path).parents:
            if str(parent) in folded:
                raise PathRefusedError("file.path", str(parent), f"is a file and a folder at once, that of {path}")


def check_size(file: FileEntry, size_bytes: int) -> None:
    """Raise `RegistryFieldError` unless `file` declares `size_bytes`, the size of the bytes with its digest."""
    if file.size_bytes != size_bytes:
        raise RegistryFieldError(
            f"file.size_bytes of {file.path}",
            file.size_bytes,
            f"must be {size_bytes}, as of what has its SHA-256",
        )


def check_path(path: str) -> None:
    """Raise `PathRefusedError` unless `path` is relative, stays inside, is in NFC and has no odd characters."""
    rule = _path_rule_broken(path)
    if rule:
        raise PathRefusedError("file.path", path, rule)


def check_kind(path: str) -> None:
    """Raise `FileKindRefusedError` unless the name of `path` is of an allowed kind."""
    name = PurePosixPath(path)
    if name.suffix.lower() in PICKLES:
        raise FileKindRefusedError("file.path", path, "may hold pickled code, which is refused: use safetensors")
    # Spelled exactly: what is inspected as weights is known by the same suffix.
    if name.suffix not in ALLOWED_SUFFIXES and name.name not in BARE_NAMES:
        raise FileKindRefusedError("file.path", path, f"must end in one of {', '.join(sorted(ALLOWED_SUFFIXES))}")


def _path_rule_broken(path: str) -> str | None:
    if not path or len(path.encode("utf-8", "surrogatepass")) > MOST_PATH_BYTES:
        return f"must be 1 to {MOST_PATH_BYTES} bytes long"
    if path.startswith("/") or "\\" in path or ":" in path:
        return "must be relative, with '/' between the parts"
    if any(unicodedata.category(character).startswith("C") for character in path):
        return "must have no control, format or unassigned characters"
    if unicodedata.normalize("NFC", path) != path:
        return "must be in Unicode form NFC"
    return next(filter(None, map(_part_rule_broken, path.split("/"))), None)


def _part_rule_broken(part: str) -> str | None:
    if part in {"", ".", ".."}:
        return "must have no empty, '.' or '..' part"
    if part.endswith((".", " ")):
        return "must have no part that ends in a dot or a space: some systems leave it out, and two files are one"
    if len(part.encode()) > _MOST_PART_BYTES:
        return f"must have parts of at most {_MOST_PART_BYTES} bytes, the length of a name on most systems"
    return None


def _check_needed(paths: set[str]) -> None:
    if "config.json" not in paths:
        raise RegistryFieldError("files", "config.json", "must be listed: it says how to build the model")
    if not any(path.endswith(".safetensors") for path in paths):
        raise RegistryFieldError("files", "*.safetensors", "must be listed: a checkpoint without weights is none")
