"""The files of a folder, and whether they are still the same: nothing is followed out of it, nothing is left unsaid."""

from __future__ import annotations

import os
import stat
import unicodedata
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from client.sdk.transfer.errors import FileChangedError, FolderRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTIAL_FOLDER: Final = ".dokpamo-partial"
"""Where a pull keeps what has arrived of a file."""

LEFT_OUT: Final = frozenset({PARTIAL_FOLDER, ".git", ".gitattributes", ".gitignore", ".cache", ".DS_Store"})
"""What tools keep beside a model's files and no checkpoint has."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of a checkpoint: relative path with "/" in Unicode form NFC, size in bytes, SHA-256 in lower-case hex."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Found:
    """A file on disk: its path in the checkpoint, where it is, and what tells whether it was changed since."""

    path: str
    where: Path
    size_bytes: int
    mark: tuple[int, ...]


def scan(folder: Path) -> tuple[list[Found], list[str]]:
    """Return the files below `folder` by path, and the names that were left out.

    Raises `FolderRefusedError` for a link, for what is no file, for two names that Unicode takes for one, for a name
    that is no text, and where there is no file at all.
    """
    if not folder.is_dir():
        raise FolderRefusedError("folder", str(folder), "must be a folder")
    found: dict[str, Found] = {}
    left_out: list[str] = []
    for entry in _walk(folder, left_out, folder):
        path = _name(Path(entry.path), folder)
        status = entry.stat(follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            raise FolderRefusedError("file.path", path, "must not be a symbolic link")
        if not stat.S_ISREG(status.st_mode):
            raise FolderRefusedError("file.path", path, "must be a file: no socket, pipe or device")
        if path in found:
            raise FolderRefusedError("file.path", path, "is the name of two files, in two Unicode forms")
        found[path] = Found(path, Path(entry.path), status.st_size, mark(status))
    if not found:
        raise FolderRefusedError("folder", str(folder), "must hold at least one file")
    return [found[path] for path in sorted(found)], sorted(left_out)


def require_unchanged(folder: Path, before: list[Found]) -> None:
    """Raise `FileChangedError` unless `folder` holds the files that it held before, as they were."""
    try:
        now = {file.path: file for file in scan(folder)[0]}
    except FolderRefusedError as error:
        raise FileChangedError(error.value, error.rule) from error
    for file in before:
        if file.path not in now:
            raise FileChangedError(file.path, "it is gone")
        if now.pop(file.path) != file:
            raise FileChangedError(file.path, "it was written to")
    for path in now:
        raise FileChangedError(path, "it is new")


def mark(status: os.stat_result) -> tuple[int, ...]:
    """Return what tells whether a file was changed: where it is, its size and when it was last written."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def inside(folder: Path, path: str) -> Path:
    """Return where the file at `path` of a checkpoint lies below `folder`.

    Raises `FolderRefusedError` where that would be outside of it, also by a link that is there.
    """
    parts = path.split("/")
    if "\\" in path or "\0" in path or any(part in {"", ".", ".."} for part in parts):
        raise FolderRefusedError("file.path", path, "must stay inside the folder")
    where = folder
    for part in parts[:-1]:
        where /= part
        if where.is_symlink() or (where.exists() and not where.is_dir()):
            raise FolderRefusedError("file.path", path, f"must stay inside the folder: {where} is no folder of its own")
    where /= parts[-1]
    if where.is_dir() and not where.is_symlink():
        raise FolderRefusedError("file.path", path, "must be a file: a folder is there")
    return where


def _walk(folder: Path, left_out: list[str], root: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name in LEFT_OUT:
                left_out.append(_name(Path(entry.path), root))
            elif entry.is_dir(follow_symlinks=False):
                yield from _walk(Path(entry.path), left_out, root)
            else:
                yield entry


def _name(path: Path, folder: Path) -> str:
    name = PurePosixPath(path.relative_to(folder)).as_posix()
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise FolderRefusedError("file.path", ascii(name), "must be a name in UTF-8") from error
    return unicodedata.normalize("NFC", name)
