"""The reader's own process: takes commands on standard input, reads files by URL, answers on standard output.

What a hostile file does to its reader, time and memory included, it does to this process alone. One line in, one line
out, both JSON; `store/inspector.py` is the other end.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import queue
import resource
import sys
import threading
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from common.errors import as_refused
from weights.manifest import FileEntry
from weights.safetensors import LENGTH_BYTES, header_length, read_header

from registry.domain.inspection import FileInspection
from registry.domain.shards import check_tensor_count
from registry.domain.whole import Contents, check_whole
from registry.store import documents
from registry.store.tokenizing import try_out
from registry.wire import REASONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weights.safetensors import Tensor

_BLOCK_BYTES: Final = 2**22
_BLOCKS_AHEAD: Final = 4
_TIMEOUT_SECONDS: Final = 60.0
_LARGEST_MEMORY_BYTES: Final = 480 * 2**20
"""Of data; with the program itself less than 512 MiB."""


class StoreAwayError(Exception):
    """The object store does not answer, or answers with a server error."""


class UnreadableError(Exception):
    """The object store answers, and does not give a part whole: it may be the part's fault."""

    def __init__(self, piece: Piece, problem: str) -> None:
        """Keep the `piece` and the `problem` in words."""
        super().__init__(problem)
        self.piece = piece
        self.problem = problem


class DamagedError(Exception):
    """Under the key of a part lie other bytes ("differs"), or nothing ("missing")."""

    def __init__(self, piece: Piece, kind: str) -> None:
        """Keep the `piece` and the `kind`."""
        super().__init__(f"{piece.path}: the part at byte {piece.offset_bytes}: {kind}")
        self.piece = piece
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Piece:
    """A part that can be read: the file's path, offset and size in bytes, SHA-256, and the URL."""

    path: str
    offset_bytes: int
    size_bytes: int
    sha256: str
    url: str


class Reader:
    """Reads by HTTP, over one connection a store."""

    def __init__(self) -> None:
        """Connect when something is read."""
        self._connections: dict[str, http.client.HTTPConnection] = {}

    def blocks(self, piece: Piece, limit: int | None = None) -> Iterator[bytes]:
        """Yield the bytes of a part, at most `limit` of them.

        Raises `DamagedError` where there are none, `UnreadableError` and `StoreAwayError`.
        """
        answer = self._answer(piece, limit)
        try:
            while block := answer.read(_BLOCK_BYTES):
                yield block
        except (OSError, http.client.HTTPException) as error:
            self._forget(piece)
            raise StoreAwayError(repr(error)) from error
        if answer.length:
            self._forget(piece)
            raise UnreadableError(piece, f"the answer ends {answer.length} bytes early")

    def _answer(self, piece: Piece, limit: int | None) -> http.client.HTTPResponse:
        where = urlsplit(piece.url)
        headers = {} if limit is None else {"Range": f"bytes=0-{limit - 1}"}
        # A kept connection may have been closed by the store meanwhile: a new one is tried once.
        for attempt in (1, 2):
            connection = self._connections.get(where.netloc)
            if connection is None:
                kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
                connection = self._connections[where.netloc] = kind(where.netloc, timeout=_TIMEOUT_SECONDS)
            try:
                connection.request("GET", f"{where.path}?{where.query}", headers=headers)
                answer = connection.getresponse()
                break
            except (OSError, http.client.HTTPException) as error:
                self._forget(piece)
                if attempt == 2:  # noqa: PLR2004 - the second and last
                    raise StoreAwayError(repr(error)) from error
        if answer.status in {http.client.OK, http.client.PARTIAL_CONTENT}:
            return answer
        text = answer.read(500)
        self._forget(piece)
        if answer.status == http.client.NOT_FOUND:
            raise DamagedError(piece, "missing")
        if answer.status >= http.client.INTERNAL_SERVER_ERROR:
            raise UnreadableError(piece, f"HTTP {answer.status}")
        raise StoreAwayError(f"HTTP {answer.status}: {text.decode(errors='replace')}")

    def _forget(self, piece: Piece) -> None:
        connection = self._connections.pop(urlsplit(piece.url).netloc, None)
        if connection is not None:
            connection.close()


class Inspecting:
    """Does one command after the other; a file may come in several, so that no URL has to live for long."""

    def __init__(self, reader: Reader) -> None:
        """Read with `reader`."""
        self._reader = reader
        self._inspection: FileInspection | None = None
        self._tensors: dict[str, tuple[Tensor, ...]] = {}
        self._documents: dict[str, bytes] = {}

    def steps(self, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Read on; return what was found in each file that ends."""
        found = []
        for step in steps:
            entry = FileEntry(**step["file"])
            pieces = [Piece(entry.path, *piece) for piece in step["pieces"]]
            if step["begins"] or self._inspection is None:
                self._inspection = FileInspection(entry)
            blocks = (block for piece in pieces for block in self._whole(piece))
            # A thread that reads ahead costs more than it saves where there is one block.
            large = sum(piece.size_bytes for piece in pieces) > _BLOCK_BYTES
            for block in _ahead(blocks) if large else blocks:
                self._inspection.feed(block)
            if step["ends"]:
                found.append(self._finish(self._inspection))
                self._inspection = None
        return found

    def gather(self, files: list[dict[str, Any]], *, begins: bool) -> None:
        """Keep what is needed of some files; each comes with the pieces that hold its header, or the document."""
        if begins:
            self.forget()
        for each in files:
            entry = FileEntry(**each["file"])
            pieces = [Piece(entry.path, *piece) for piece in each["pieces"]]
            if entry.path.endswith(".safetensors"):
                self._tensors[entry.path] = self._header(entry, pieces)
                check_tensor_count(self._tensors)
            else:
                self._documents[entry.path] = self._prefix(pieces, entry.size_bytes)

    def whole(self, paths: list[str], declared: dict[str, Any]) -> list[dict[str, str]]:
        """Check what was gathered of the files at `paths` against one another, and forget it."""
        contents = Contents(self._tensors, self._documents, frozenset(paths))
        try:
            return documents.findings_json(check_whole(contents, documents.declaration(declared), try_out))
        finally:
            self.forget()

    def forget(self) -> None:
        """Keep nothing of what was read."""
        self._inspection = None
        self._tensors, self._documents = {}, {}

    def parts(self, pieces: list[Piece]) -> list[list[str]]:
        """Read pieces to their ends; return of each what is wrong with it in a word, empty for nothing, and in more."""
        return [self._part(piece) for piece in pieces]

    def _part(self, piece: Piece) -> list[str]:
        digest, size = hashlib.sha256(), 0
        try:
            for block in _ahead(self._reader.blocks(piece)):
                digest.update(block)
                size += len(block)
        except DamagedError as error:
            return [error.kind, "there is no such object"]
        except UnreadableError as error:
            return ["unreadable", error.problem]
        if size != piece.size_bytes:
            return ["differs", f"it has {size} bytes"]
        if digest.hexdigest() != piece.sha256:
            return ["differs", f"its SHA-256 is {digest.hexdigest()}"]
        return ["", ""]

    def _whole(self, piece: Piece) -> Iterator[bytes]:
        size = 0
        for block in self._reader.blocks(piece):
            size += len(block)
            yield block
        if size != piece.size_bytes:
            raise DamagedError(piece, "differs")

    @staticmethod
    def _finish(inspection: FileInspection) -> dict[str, Any]:
        parameters = inspection.finish()
        return {"parameters": parameters, "findings": documents.findings_json(inspection.findings)}

    def _header(self, entry: FileEntry, pieces: list[Piece]) -> tuple[Tensor, ...]:
        prefix = self._prefix(pieces, LENGTH_BYTES)
        end = LENGTH_BYTES + header_length(entry.path, prefix, entry.size_bytes)
        return read_header(entry.path, self._prefix(pieces, end)[LENGTH_BYTES:], entry.size_bytes)

    def _prefix(self, pieces: list[Piece], size_bytes: int) -> bytes:
        kept = bytearray()
        for piece in pieces:
            if len(kept) >= size_bytes:
                break
            for block in self._reader.blocks(piece, min(piece.size_bytes, size_bytes - len(kept))):
                kept += block
        return bytes(kept[:size_bytes])


def _ahead(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield `blocks`, read by a thread while those before are looked at."""
    ready: queue.Queue[bytes | Exception | None] = queue.Queue(_BLOCKS_AHEAD)

    def read() -> None:
        try:
            for block in blocks:
                ready.put(block)
            ready.put(None)
        except Exception as error:  # noqa: BLE001 - raised again where it is waited for
            ready.put(error)

    threading.Thread(target=read, daemon=True).start()
    while (block := ready.get()) is not None:
        if isinstance(block, Exception):
            raise block
        yield block


def _done(inspecting: Inspecting, command: dict[str, Any]) -> list[Any]:
    if "steps" in command:
        return inspecting.steps(command["steps"])
    if "parts" in command:
        return inspecting.parts([Piece(*piece) for piece in command["parts"]])
    if "gather" in command:
        inspecting.gather(command["gather"], begins=command["begins"])
        return []
    return inspecting.whole(command["whole"], command["declared"])


def told_of(error: StoreAwayError | UnreadableError | DamagedError) -> dict[str, Any]:
    """Return what is said of bytes that could not be had."""
    if isinstance(error, StoreAwayError):
        return {"away": str(error)}
    if isinstance(error, UnreadableError):
        return {"unreadable": asdict(error.piece), "problem": error.problem}
    return {"damaged": asdict(error.piece), "kind": error.kind}


def answer(inspecting: Inspecting, command: dict[str, Any]) -> dict[str, Any]:
    """Do a command and say what came of it."""
    try:
        return {"found": _done(inspecting, command)}
    except (StoreAwayError, UnreadableError, DamagedError) as error:
        return told_of(error)
    except MemoryError:
        inspecting.forget()
        most, _ = resource.getrlimit(resource.RLIMIT_DATA)
        rule = f"headers and documents must be read within {most // 2**20} MiB"
        facts = {"field": "files", "value": "takes more memory", "rule": rule}
        return {"refused": {"code": "CHECKPOINT_NOT_READABLE", "message": rule, "facts": facts}}
    except Exception as error:
        refused = as_refused(error, REASONS)
        if refused is None:
            raise
        return {"refused": {"code": refused.code, "message": refused.message, "facts": refused.facts}}


def main() -> None:
    """Answer until standard input ends."""
    # A header is bounded by its reader; this bounds what nobody thought of.
    most = int(sys.argv[1]) if len(sys.argv) > 1 else _LARGEST_MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    inspecting = Inspecting(Reader())
    for line in sys.stdin.buffer:
        told = answer(inspecting, json.loads(line))
        sys.stdout.buffer.write(json.dumps(told).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
