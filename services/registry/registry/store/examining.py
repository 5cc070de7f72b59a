"""The examiner's own process: takes a checkpoint's weights to a folder, and compares them with fingerprints.

Asked by lines of JSON as `store/inspecting.py` is; `store/examiner.py` is the other end. It gives way to whatever else
the machine does.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from weights.manifest import FileEntry
from weights.safetensors import CheckpointFileTruncatedError, SafetensorsRefusedError

from registry.store.inspecting import DamagedError, Piece, Reader, StoreAwayError, UnreadableError, told_of

if TYPE_CHECKING:
    from originality.folders import FolderReport

_LARGEST_MEMORY_BYTES: Final = 2 * 2**30
_PUT_SECONDS: Final = 600
_NICENESS: Final = 5
"""A third of what who competes gets: it slows a push little, and still ends on a machine that is always busy."""


class CannotExamineError(Exception):
    """The weights cannot be compared, and never will be."""


class Examining:
    """Does one command after the other, those of an examination in one folder."""

    def __init__(self, reader: Reader) -> None:
        """Read with `reader`."""
        self._reader = reader
        self._folder: Path

    def begin(self, folder: str) -> list[Any]:
        """Work in `folder` from now on, which exists and is empty."""
        self._folder = Path(folder)
        self._model = self._folder / "model"
        self._model.mkdir()
        self._fingerprint = self._folder / "fingerprint.safetensors"
        return []

    def fetch(self, file: dict[str, Any], pieces: list[list[Any]]) -> list[Any]:
        """Write the next pieces of a file; a file without bytes has none."""
        path = FileEntry(**file).path
        where = self._model / path
        where.parent.mkdir(parents=True, exist_ok=True)
        where.touch()
        for each in pieces:
            self._write(where, Piece(path, *each))
        return []

    def examine(self, title: str, seed: int, against: list[dict[str, Any]]) -> list[Any]:
        """Compare; return what the fingerprint is, and of each report where it lies and what it counts."""
        from originality import WeightsRefusedError
        from originality.folders import examine_against, write_fingerprint
        from weights.folder import FolderRefusedError

        catalogue = self._folder / "against"
        catalogue.mkdir()
        for number, each in enumerate(against):
            piece = Piece(each["title"], 0, each["size_bytes"], each["sha256"], each["url"])
            # In this order, and named in what is said of one that is no fingerprint.
            self._write(catalogue / f"{number:06d}-{each['name']}.safetensors", piece)
        try:
            write_fingerprint(self._model, self._fingerprint, title)
            # Without anything to compare there is only the fingerprint to make.
            reports = examine_against(catalogue, self._model, seed=seed) if against else ()
        except (
            WeightsRefusedError,
            FolderRefusedError,
            SafetensorsRefusedError,
            CheckpointFileTruncatedError,
        ) as error:
            raise CannotExamineError(str(error)) from error
        with self._fingerprint.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        made = {"sha256": sha256, "size_bytes": self._fingerprint.stat().st_size}
        return [made, *(self._told(report, number) for number, report in enumerate(reports))]

    def keep(self, url: str, headers: dict[str, str]) -> list[Any]:
        """Put the fingerprint into the store."""
        with self._fingerprint.open("rb") as file:
            request = Request(url, data=file, headers=headers, method="PUT")  # noqa: S310 - the service's own store
            try:
                # Nobody stands between a service and its own store.
                build_opener(ProxyHandler({})).open(request, timeout=_PUT_SECONDS).close()
            except HTTPError as error:
                # Another examination of the same weights was quicker.
                if error.code != 412:  # noqa: PLR2004 - precondition failed
                    raise StoreAwayError(f"HTTP {error.code}") from error
            except (URLError, OSError) as error:
                raise StoreAwayError(repr(error)) from error
        return []

    def _told(self, report: FolderReport, number: int) -> dict[str, Any]:
        document = self._folder / f"report-{number}.json"
        document.write_bytes(as_bytes(report))
        return {"file": str(document), "findings": dict(report.counts)}

    def _write(self, file: Path, piece: Piece) -> None:
        """Append a piece to a file; raise `DamagedError` where it is not what it should be."""
        digest = hashlib.sha256()
        with file.open("ab") as opened:
            for block in self._reader.blocks(piece):
                digest.update(block)
                opened.write(block)
        if digest.hexdigest() != piece.sha256:
            raise DamagedError(piece, "differs")


def as_bytes(report: FolderReport) -> bytes:
    """Return a report as it is kept: JSON with sorted names, so that its SHA-256 follows from what it says."""
    return json.dumps(report.to_json(), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def answer(examining: Examining, command: dict[str, Any]) -> dict[str, Any]:
    """Do a command and say what came of it."""
    do, given = next(iter(command.items()))
    try:
        return {"found": getattr(examining, do)(**given)}
    except CannotExamineError as error:
        return {"refused": {"code": "CANNOT_EXAMINE", "message": str(error), "facts": {}}}
    except (StoreAwayError, UnreadableError, DamagedError) as error:
        return told_of(error)


def _give_way() -> None:
    """Take what others leave of the processor.

    Linux may share it out among sessions first ("autogroup"), where a process's own niceness counts only inside its
    session: so this is one of its own and as nice as the process.
    """
    os.nice(_NICENESS)
    # Who starts this from a shell leads a session already, and not every system has them share.
    with suppress(OSError):
        os.setsid()
        Path("/proc/self/autogroup").write_text(str(_NICENESS))


def main() -> None:
    """Answer until standard input ends."""
    _give_way()
    resource.setrlimit(resource.RLIMIT_DATA, (_LARGEST_MEMORY_BYTES, _LARGEST_MEMORY_BYTES))
    examining = Examining(Reader())
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(json.dumps(answer(examining, json.loads(line))).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
