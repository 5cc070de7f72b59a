"""Moving a checkpoint's bytes by presigned URLs: verified on arrival, tried again while the store is away."""

from __future__ import annotations

import asyncio
import hashlib
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, TypeVar

import httpx

T = TypeVar("T")

CHUNK_BYTES: Final = 1 << 20
PATIENCE_SECONDS: Final = 120.0
"""How long a store or service may be away before a transfer gives up."""

_FIRST_PAUSE_SECONDS: Final = 0.2
_LONGEST_PAUSE_SECONDS: Final = 3.0
_TIMEOUT: Final = httpx.Timeout(30.0, write=120.0)


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of a folder: relative path with "/" in Unicode form NFC, size in bytes, SHA-256 in lower-case hex."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Target:
    """Where one file's bytes go: a presigned URL for one PUT, and the headers that it must carry."""

    path: str
    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Source:
    """Where one file's bytes come from, and what they must be."""

    file: LocalFile
    url: str


@dataclass(frozen=True, slots=True)
class Moved:
    """Progress: `bytes_moved` more bytes of `path` are across."""

    path: str
    bytes_moved: int


Progress = Callable[[Moved], None]


class FolderRefusedError(Exception):
    """A folder cannot be pushed as a checkpoint."""

    def __init__(self, field: str, value: str, rule: str) -> None:
        """Keep the `field`, its `value` and the `rule` it breaks."""
        super().__init__(f"{field} is {value!r}: {rule}")
        self.field = field
        self.value = value
        self.rule = rule


class TransferRefusedError(Exception):
    """The object store refused a transfer for good."""

    def __init__(self, path: str, status: int, answer: str) -> None:
        """Keep the file's `path`, the HTTP `status` and the store's `answer`."""
        super().__init__(f"{path}: the object store answered HTTP {status}: {answer}")
        self.path = path
        self.status = status
        self.answer = answer


class BytesDifferError(Exception):
    """What arrived is not what was promised."""

    def __init__(self, path: str, declared: str, actual: str) -> None:
        """Keep the file's `path`, the `declared` SHA-256 or size and the `actual` one."""
        super().__init__(f"{path}: declared {declared}, received {actual}")
        self.path = path
        self.declared = declared
        self.actual = actual


class StoreAwayError(Exception):
    """The object store did not answer for longer than a transfer waits."""

    def __init__(self, path: str, problem: str) -> None:
        """Keep the file's `path` and the `problem` in words."""
        super().__init__(f"{path}: the object store is away: {problem}")
        self.path = path
        self.problem = problem


def scan(folder: Path) -> list[LocalFile]:
    """Return the files below `folder` by path, hashed; raise `FolderRefusedError` for links and for an empty folder."""
    found: dict[str, LocalFile] = {}
    for path in sorted(folder.rglob("*")):
        name = unicodedata.normalize("NFC", path.relative_to(folder).as_posix())
        if path.is_symlink():
            raise FolderRefusedError("file.path", name, "must not be a symbolic link")
        if path.is_file():
            found[name] = LocalFile(name, path.stat().st_size, file_sha256(path))
    if not found:
        raise FolderRefusedError("folder", str(folder), "must hold at least one file")
    return [found[name] for name in sorted(found)]


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of the file's bytes in lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


async def upload(folder: Path, targets: Iterable[Target], progress: Progress | None = None) -> None:
    """Send the bytes of each target's file below `folder`.

    Raises `TransferRefusedError`, also where the bytes are not those that the URL was signed for, and `StoreAwayError`.
    """
    async with _http() as http:
        for target in targets:
            await _patiently(target.path, lambda target=target: _put(http, folder, target))  # type: ignore[misc]  # a lambda's default has no type
            if progress:
                progress(Moved(target.path, _local(folder, target.path).stat().st_size))


async def download(sources: Iterable[Source], folder: Path, progress: Progress | None = None) -> None:
    """Fetch each source below `folder`; a file that is there already with the right bytes is left as it is.

    Raises `BytesDifferError`, `TransferRefusedError` and `StoreAwayError`; a file appears whole or not at all.
    """
    async with _http() as http:
        for source in sources:
            await _patiently(source.file.path, lambda source=source: _get(http, folder, source))  # type: ignore[misc]  # as above
            if progress:
                progress(Moved(source.file.path, source.file.size_bytes))


async def _put(http: httpx.AsyncClient, folder: Path, target: Target) -> None:
    path = _local(folder, target.path)
    headers = {"content-length": str(path.stat().st_size), **target.headers}
    answer = await http.put(target.url, content=_chunks(path), headers=headers)
    _raise_for(target.path, answer)


async def _get(http: httpx.AsyncClient, folder: Path, source: Source) -> None:
    path, wanted = _local(folder, source.file.path), source.file
    if path.is_file() and file_sha256(path) == wanted.sha256:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    digest, size = hashlib.sha256(), 0
    async with http.stream("GET", source.url) as answer:
        if not answer.is_success:
            await answer.aread()
        _raise_for(wanted.path, answer)
        with partial.open("wb") as file:
            async for chunk in answer.aiter_bytes(CHUNK_BYTES):
                digest.update(chunk)
                size += len(chunk)
                file.write(chunk)
    if size != wanted.size_bytes:
        raise BytesDifferError(wanted.path, f"{wanted.size_bytes} bytes", f"{size} bytes")
    if digest.hexdigest() != wanted.sha256:
        raise BytesDifferError(wanted.path, wanted.sha256, digest.hexdigest())
    partial.replace(path)


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk


def _local(folder: Path, path: str) -> Path:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts:
        raise FolderRefusedError("file.path", path, "must stay inside the folder")
    return folder / parts


def _raise_for(path: str, answer: httpx.Response) -> None:
    if answer.is_server_error:
        raise StoreAwayError(path, f"HTTP {answer.status_code}")
    if not answer.is_success:
        raise TransferRefusedError(path, answer.status_code, answer.text[:500])


def _http() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False)


async def _patiently(path: str, attempt: Callable[[], Awaitable[T]]) -> T:
    loop = asyncio.get_running_loop()
    give_up_at, pause = loop.time() + PATIENCE_SECONDS, _FIRST_PAUSE_SECONDS
    while True:
        try:
            return await attempt()
        except (httpx.TransportError, StoreAwayError) as error:
            if loop.time() + pause >= give_up_at:
                raise StoreAwayError(path, repr(error)) from error
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
