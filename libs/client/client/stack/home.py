"""The one folder that holds everything a stack has: its plan, keys, clock, data and logs."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER_NAME = ".dokpamo"
LOG_ROTATED_FROM_BYTES = 20 * 1024 * 1024


OURS = {"stack.json", "parts.json", "lock", "clock", "keys", "data", "logs", ".gitignore"}
"""What lies in a stack's folder. Whoever deletes the stack deletes all of it, so nothing of anybody else may."""


class StackBusyError(Exception):
    """Another command is starting this stack at this moment."""


class ForeignFolderError(Exception):
    """The folder for a new stack has something in it that is no stack's."""


@dataclass(frozen=True, slots=True)
class StackHome:
    """A stack's folder: where each thing lies in it."""

    path: Path

    @property
    def plan_file(self) -> Path:
        """What was decided when the stack was first started: its id, ports, passwords. Owner-readable only."""
        return self.path / "stack.json"

    @property
    def state_file(self) -> Path:
        """What the supervisor last knew of every part."""
        return self.path / "parts.json"

    @property
    def keys(self) -> Path:
        """Folder of the private keys."""
        return self.path / "keys"

    @property
    def job_keys(self) -> Path:
        """Folder for the keys by which teams' training jobs sign."""
        return self.keys / "jobs"

    @property
    def clock(self) -> Path:
        """File of the shared virtual clock."""
        return self.path / "clock"

    def data(self, part: str) -> Path:
        """Return a part's own folder."""
        return self.path / "data" / part

    def log(self, part: str) -> Path:
        """Return a part's log."""
        return self.path / "logs" / f"{part}.log"

    def create(self) -> None:
        """Make the folders. Git sees nothing of them, wherever they are.

        Raises:
            ForeignFolderError: There is no stack yet, and the folder is not empty.
            OSError: The folders cannot be made.
        """
        found = {path.name for path in self.path.iterdir()} if self.path.is_dir() else set()
        if not self.plan_file.exists() and (foreign := sorted(found - OURS)):
            raise ForeignFolderError(
                f"{self.path} holds {foreign[0]!r}, which is no stack's: name an empty or a new folder by DOKPAMO_HOME"
            )
        for folder in (self.path, self.keys, self.job_keys, self.path / "data", self.path / "logs"):
            folder.mkdir(parents=True, exist_ok=True)
        self.keys.chmod(0o700)
        (self.path / ".gitignore").write_text("*\n")

    def remove(self) -> None:
        """Delete the state of a stopped stack; a folder that is none is left alone."""
        if self.plan_file.exists():
            shutil.rmtree(self.path)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the stack's lock while it is being started.

        Raises:
            StackBusyError: Somebody else holds it.
        """
        with (self.path / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise StackBusyError(f"another `dokpamo up` is starting the stack in {self.path}") from error
            yield


def locate() -> StackHome:
    """Return the folder that `DOKPAMO_HOME` names, or `.dokpamo` of the workspace we are in, or of this folder."""
    if named := os.environ.get("DOKPAMO_HOME"):
        return StackHome(Path(named).absolute())
    here = Path.cwd()
    root = next((folder for folder in (here, *here.parents) if (folder / "uv.lock").exists()), here)
    return StackHome(root / FOLDER_NAME)


def write_json(path: Path, document: dict[str, Any]) -> None:
    """Replace a file whole, so that no reader sees half of it; only its owner may read it.

    Raises:
        OSError: The disk is full, or the folder cannot be written; the file is as it was.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(document, file, indent=1)
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def read_json(path: Path) -> dict[str, Any] | None:
    """Return a document; None if there is no such file."""
    try:
        document: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    return document


def rotate(log: Path) -> None:
    """Set a long log aside before its part is started anew; one such log is kept."""
    if log.exists() and log.stat().st_size > LOG_ROTATED_FROM_BYTES:
        log.replace(log.with_suffix(".log.1"))
