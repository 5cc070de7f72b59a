"""Processes of a stack: start them in a session of their own, recognise them later, and leave none behind.

A part's processes are recognised by a mark in their environment or title, not by process group: Ray's daemons,
PostgreSQL's back-ends and job drivers leave the group they were started in, and a restarted supervisor is nobody's
parent.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from client.stack.spec import PartSpec

STACK_MARK = "DOKPAMO_STACK_ID"
PART_MARK = "DOKPAMO_STACK_PART"
# psutil derives the start from the boot time, which may be read a tick differently by another process.
SAME_START_SECONDS = 2.0
# Written into a log at every start of its part, so that an end is told with the lines of that life only.
LOG_BEGINS = "--- started "
LONGEST_LINE_SHOWN = 600
# What must not leak from the caller into a part: another stack's marks and a Python set-up that is not ours.
DROPPED_VARIABLES = (
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONWARNINGS",
    "CLASSPATH",
    "JAVA_TOOL_OPTIONS",
    "KAFKA_OPTS",
    "PGDATA",
)


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A process that can be told from a later one with the same number.

    Attributes:
        pid: Process number.
        started: When it was started, in seconds since the epoch.
    """

    pid: int
    started: float

    def alive(self) -> bool:
        """Whether this very process still runs; a zombie does not."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < SAME_START_SECONDS
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def signal(self, number: int) -> None:
        """Send a signal, unless the process is gone already."""
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


def identify(pid: int) -> ProcessIdentity | None:
    """Return the identity of a running process; None if there is none."""
    try:
        return ProcessIdentity(pid, psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None


def spawn(spec: PartSpec, stack_id: str, log: Path) -> subprocess.Popen[bytes]:
    """Start a part in its own session, marked, with its output appended to `log`.

    Raises:
        OSError: The program cannot be started.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    inherited = {name: value for name, value in os.environ.items() if name not in DROPPED_VARIABLES}
    environment = inherited | dict(spec.environment) | {STACK_MARK: stack_id, PART_MARK: spec.name}
    with log.open("ab") as out:
        out.write(f"{LOG_BEGINS}{datetime.now(UTC).isoformat(timespec='milliseconds')}\n".encode())
        out.flush()
        return subprocess.Popen(  # noqa: S603 (the command is a part's own specification, no shell)
            [word.replace("{title}", title(stack_id, spec.name)) for word in spec.command],
            cwd=spec.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def log_tail(log: Path, lines: int = 12, most_bytes: int = 16_384) -> str:
    """Return the last lines of a log; empty if there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - most_bytes))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def last_words(log: Path, lines: int = 12) -> str:
    """Return the last lines that a part wrote since it was last started, each cut to what fits a terminal."""
    life = log_tail(log, 2_000).rpartition(LOG_BEGINS)[2]
    return "\n".join(line[:LONGEST_LINE_SHOWN] for line in life.splitlines()[1:][-lines:])


def title(stack_id: str, part: str) -> str:
    """Return the mark of a part's processes in their command lines, which everybody may read."""
    return f"{_title_begins(stack_id)}{part}"


def _title_begins(stack_id: str) -> str:
    return f"dokpamo-{hashlib.sha256(stack_id.encode()).hexdigest()[:12]}-"


def part_of(process: psutil.Process, stack_id: str) -> str | None:
    """Return the part of the stack that a process belongs to; None if it is not of this stack.

    Raises:
        psutil.Error: It has ended.
    """
    # PostgreSQL runs as another user, into whose processes not even the root of a container may look.
    with contextlib.suppress(psutil.AccessDenied):
        environment = process.environ()
        if environment.get(STACK_MARK) == stack_id:
            return environment.get(PART_MARK, "")
    found = re.search(re.escape(_title_begins(stack_id)) + r"([\w-]+)", " ".join(process.cmdline()))
    return found[1] if found else None


def members(stack_id: str, part: str | None = None) -> list[ProcessIdentity]:
    """Every running process that carries the mark of the stack (and of the part)."""
    return list(_members(stack_id, part))


def _members(stack_id: str, part: str | None) -> Iterator[ProcessIdentity]:
    # Not `process_iter`, which remembers processes by number: a later one of the same number would pass for an older.
    for pid in psutil.pids():
        if pid == os.getpid():
            continue
        # A process that ended while being looked at is not ours.
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied, OSError):
            process = psutil.Process(pid)
            owner = part_of(process, stack_id)
            if owner is not None and part in {None, owner} and process.status() != psutil.STATUS_ZOMBIE:
                yield ProcessIdentity(process.pid, process.create_time())


def end(
    processes: Iterable[ProcessIdentity], number: int = signal.SIGTERM, seconds: float = 10.0
) -> list[ProcessIdentity]:
    """Signal the processes and wait for their end; return those still alive after `seconds`."""
    waiting = list(processes)
    for process in waiting:
        process.signal(number)
    deadline = time.monotonic() + seconds
    while (waiting := [process for process in waiting if process.alive()]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return waiting


def sweep(stack_id: str, part: str | None = None) -> int:
    """Kill every process of the stack (or of one part of it) and return how many there were.

    Repeats, since a process may start another one while it is being killed.
    """
    killed = 0
    while found := members(stack_id, part):
        killed += len(found)
        end(found, signal.SIGKILL)
    return killed


def stop_part(spec: PartSpec, stack_id: str, identity: ProcessIdentity | None) -> None:
    """Stop a part in good order if it can, by force if it does not, with every process it has started."""
    if identity is not None:
        end([identity], spec.stop_signal, spec.stop_seconds)
    sweep(stack_id, spec.name)
    for path in spec.litter:
        path.unlink(missing_ok=True)
