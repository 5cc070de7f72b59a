"""What `dokpamo status` tells: every part with its process, address, uptime, restarts and memory."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import psutil
from rich.table import Table

from client.stack.addresses import NoStackError, load
from client.stack.control import SUPERVISOR, supervisor, uptime_seconds
from client.stack.plan import read_plan
from client.stack.process import members, part_of
from client.stack.state import PartState, StackState

if TYPE_CHECKING:
    from client.stack.home import StackHome

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class PartStatus:
    """One line of the status.

    Attributes:
        name: The part.
        state: "waiting", "starting", "ready", "failed", "external" (ready, run by others), or "stopped".
        pid: Its main process; None if there is none.
        address: Where it is reached.
        uptime_seconds: For how long the main process has run.
        restarts: How often it was started again.
        memory_bytes: Memory of all its processes; shared pages are counted once.
        failure: What went wrong last.
    """

    name: str
    state: str
    pid: int | None
    address: str
    uptime_seconds: float
    restarts: int
    memory_bytes: int
    failure: str


@dataclass(frozen=True, slots=True)
class StackStatus:
    """A stack and its parts; `ready` when all are."""

    home: str
    console: str
    supervisor: PartStatus
    parts: tuple[PartStatus, ...]

    @property
    def ready(self) -> bool:
        """Whether all parts are ready and supervised."""
        fine = {"ready", "external"}
        return self.supervisor.state in fine and bool(self.parts) and all(part.state in fine for part in self.parts)

    @property
    def memory_bytes(self) -> int:
        """Memory of everything."""
        return sum(part.memory_bytes for part in (self.supervisor, *self.parts))

    def document(self) -> dict[str, Any]:
        """Return the status for JSON; it holds no secret."""
        return {
            "home": self.home,
            "ready": self.ready,
            "development_issuer": True,
            "console": self.console,
            "memory_bytes": self.memory_bytes,
            "supervisor": asdict(self.supervisor),
            "parts": [asdict(part) for part in self.parts],
        }

    def table(self) -> Table:
        """Return the status for people."""
        table = Table(box=None, pad_edge=False)
        for column in ("part", "state", "pid", "address", "up", "restarts", "MB"):
            table.add_column(column, justify="right" if column in {"pid", "up", "restarts", "MB"} else "left")
        for part in (*self.parts, self.supervisor):
            up = _duration(part.uptime_seconds) if part.pid else ""
            memory = str(part.memory_bytes // MEGABYTE) if part.pid else ""
            table.add_row(part.name, part.state, str(part.pid or ""), part.address, up, str(part.restarts), memory)
        table.add_row("", "", "", "", "", "", str(self.memory_bytes // MEGABYTE))
        return table


def status(home: StackHome) -> StackStatus:
    """Look at a stack.

    Raises:
        NoStackError: There is none.
    """
    plan = read_plan(home)
    if plan is None:
        raise NoStackError(f"there is no stack in {home.path}: start one with `dokpamo up`")
    memory = memory_bytes(plan.id)
    guard = supervisor(home)
    state = StackState.read(home.state_file)
    parts = tuple(_line(part, memory.get(part.name, 0)) for part in state.parts.values()) if state else ()
    # Without a process and without the state file, which `down` removes, it was stopped; else it died.
    watch = PartState(SUPERVISOR, "", phase="failed" if state and not guard else "ready")
    if guard:
        watch.pid, watch.started = guard.pid, guard.started
    return StackStatus(str(home.path), load(home).console_url, _line(watch, memory.get(SUPERVISOR, 0)), parts)


def _line(part: PartState, memory: int) -> PartStatus:
    alive = part.identity is not None and part.identity.alive()
    phase = "external" if part.external and part.phase == "ready" else part.phase
    return PartStatus(
        name=part.name,
        # The file may be older than a part's end.
        state=phase if alive or part.external or phase in {"waiting", "failed"} else "stopped",
        pid=part.pid if alive else None,
        address=part.address,
        uptime_seconds=round(uptime_seconds(part.identity), 1) if alive else 0.0,
        restarts=part.restarts,
        memory_bytes=memory,
        failure=part.failure,
    )


def memory_bytes(stack_id: str) -> dict[str, int]:
    """Return the memory of a stack's processes by part; a page that several share is counted in shares (PSS).

    Where only the whole is told, as of another user's processes in a container, it is the whole (RSS).
    """
    sums: dict[str, int] = {}
    for member in members(stack_id):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied, OSError):
            process = psutil.Process(member.pid)
            part = part_of(process, stack_id)
            if part is not None:
                sums[part] = sums.get(part, 0) + _memory(process)
    return sums


def _memory(process: psutil.Process) -> int:
    try:
        memory = process.memory_full_info()
    except psutil.AccessDenied:
        return int(process.memory_info().rss)
    return int(getattr(memory, "pss", memory.uss))


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m" if hours else f"{minutes}m{seconds:02}s" if minutes else f"{seconds}s"
