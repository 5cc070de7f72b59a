"""Files on their way into a folder, and what the files that are there hold already."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from client.sdk.transfer.cutting import spans_of
from client.sdk.transfer.errors import BytesDifferError
from client.sdk.transfer.scanning import PARTIAL_FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from client.sdk.transfer.scanning import LocalFile

_READ_BYTES: Final = 2**20


class Local:
    """Parts that files in the folder hold, by SHA-256: where to copy them from."""

    def __init__(self) -> None:
        """It knows none."""
        self._parts: dict[bytes, tuple[Path, int]] = {}

    def note(self, sha256: bytes, where: Path, offset: int) -> None:
        """Remember where a part lies."""
        self._parts[sha256] = where, offset

    def copy(self, sha256: bytes, size: int, into: Callable[[int, bytes], None]) -> bool:
        """Give the bytes of a part to `into` by offset; return whether it was them."""
        place = self._parts.get(sha256)
        if place is None:
            return False
        digest, done = hashlib.sha256(), 0
        try:
            with _reading(place[0]) as descriptor:
                for data in _pieces(descriptor, place[1], size):
                    digest.update(data)
                    into(done, data)
                    done += len(data)
        except OSError:  # replaced or removed since: it is fetched
            return False
        return digest.digest() == sha256


def same_file(file: LocalFile, where: Path, local: Local) -> bool:
    """Return whether `file` is at `where` as it should be; if it is another, note its parts in `local`."""
    if where.is_symlink() or not where.is_file():
        return False
    whole, parts = hashlib.sha256(), []
    with _reading(where) as descriptor:
        size = os.fstat(descriptor).st_size
        for span in spans_of(file.path, descriptor, size):
            part = hashlib.sha256()
            for data in _pieces(descriptor, span.offset, span.size):
                part.update(data)
                whole.update(data)
            parts.append((part.digest(), span.offset))
    if size == file.size_bytes and whole.hexdigest() == file.sha256:
        return True
    for sha256, offset in parts:
        local.note(sha256, where, offset)
    return False


class Partial:
    """A file that arrives part by part, in any order, and takes its place once it is whole."""

    def __init__(self, folder: Path, file: LocalFile, where: Path) -> None:
        """Write `file` below `folder`, to be moved to `where`; what an earlier pull wrote of it is used."""
        self.file = file
        self._where = where
        name = f"{hashlib.sha256(file.path.encode()).hexdigest()[:16]}-{file.sha256}"
        self._partial = folder / PARTIAL_FOLDER / f"{name}.partial"
        self._partial.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._descriptor = os.open(self._partial, flags, 0o666)
        self._resumed = os.fstat(self._descriptor).st_size > 0
        os.ftruncate(self._descriptor, file.size_bytes)
        self._listed = self._arrived = 0
        self._lock = threading.Lock()
        self._whole: bytes | None = None

    def expect(self, offset: int, size: int) -> None:
        """Note that a part follows; raise `BytesDifferError` unless it is the next of the file."""
        if offset != self._listed or not 0 < size <= self.file.size_bytes - offset:
            raise BytesDifferError(
                self.file.path, offset, size, f"that byte {self._listed} follows", f"a part of {size} at {offset}"
            )
        self._listed += size

    def require_listed(self) -> None:
        """Raise `BytesDifferError` unless the parts make up the file."""
        if self._listed != self.file.size_bytes:
            raise BytesDifferError(
                self.file.path, 0, self.file.size_bytes, f"{self.file.size_bytes} bytes", f"parts of {self._listed}"
            )

    def has(self, offset: int, size: int, sha256: bytes) -> bool:
        """Return whether an earlier pull wrote this part."""
        if not self._resumed or self._hole(offset, size):
            return False
        return _hashed(self._descriptor, offset, size) == sha256

    def write(self, offset: int, data: bytes | memoryview) -> None:
        """Write bytes of a part."""
        view = memoryview(data)
        while view:
            count = os.pwrite(self._descriptor, view, offset)
            view, offset = view[count:], offset + count

    def arrived(self, size: int, sha256: bytes) -> bool:
        """Note that a part is there and right; return whether that was the last. Called by many threads."""
        with self._lock:
            self._arrived += size
            if size == self.file.size_bytes:
                self._whole = sha256
            return self._arrived == self.file.size_bytes

    def finish(self) -> None:
        """Verify the whole file and put it in its place, durably; raise `BytesDifferError`."""
        whole = self._whole or _hashed(self._descriptor, 0, self.file.size_bytes)
        if whole.hex() != self.file.sha256:
            # Its parts are as they should be, so nothing of it is worth keeping.
            self.close()
            self._partial.unlink()
            raise BytesDifferError(self.file.path, 0, self.file.size_bytes, self.file.sha256, whole.hex())
        os.fsync(self._descriptor)
        self.close()
        self._where.parent.mkdir(parents=True, exist_ok=True)
        self._partial.replace(self._where)

    def close(self) -> None:
        """Leave it as it is for the next pull."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _hole(self, offset: int, size: int) -> bool:
        """Return whether nothing was ever written there."""
        try:
            return os.lseek(self._descriptor, offset, os.SEEK_DATA) >= offset + size
        except OSError as error:
            if error.errno == errno.ENXIO:
                return True
            raise


@contextmanager
def _reading(where: Path) -> Iterator[int]:
    descriptor = os.open(where, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _pieces(descriptor: int, offset: int, size: int) -> Iterator[bytes]:
    end = offset + size
    while offset < end and (data := os.pread(descriptor, min(_READ_BYTES, end - offset), offset)):
        yield data
        offset += len(data)


def _hashed(descriptor: int, offset: int, size: int) -> bytes:
    digest = hashlib.sha256()
    for data in _pieces(descriptor, offset, size):
        digest.update(data)
    return digest.digest()
