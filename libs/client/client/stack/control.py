"""Start a stack, and stop it so that no process is left."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from client.stack.addresses import NoStackError, Stack, load, of_plan
from client.stack.home import locate, rotate
from client.stack.plan import keep_plan, make_plan, read_plan
from client.stack.process import (
    PART_MARK,
    STACK_MARK,
    ProcessIdentity,
    end,
    identify,
    log_tail,
    members,
    stop_part,
    sweep,
)
from client.stack.state import PartState, StackState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from client.stack.home import StackHome
    from client.stack.spec import PartSpec

SUPERVISOR = "supervisor"
LOOK_EVERY_SECONDS = 0.1
# So many ends of one part before it was ever ready: it will not come by waiting.
HOPELESS_AFTER_FAILURES = 8


class StartFailedError(Exception):
    """The stack did not come up; the text names the parts and shows the ends of their logs."""


def start(home: StackHome, only: tuple[str, ...] = ()) -> Stack:
    """Start the supervisor of a stack, or leave the one that runs; return where the parts will be.

    Raises:
        ForeignFolderError: The folder is no stack's and has something in it.
        IncompleteAddressError: The environment names a part of others without its keys.
        OSError: The folder cannot be written.
        StackBusyError: Another command is doing so.
        UnknownPartError: `only` names no part.
    """
    # They bring in the libraries of every part, which no other command needs.
    from client.stack.keys import create_keys
    from client.stack.parts import all_parts

    home.create()
    with home.locked():
        before = read_plan(home)
        plan = make_plan(home, os.environ, only)
        stack = of_plan(home, plan)
        # Refuses an unknown part before anything is written down.
        all_parts(home, plan, stack)
        keep_plan(home, plan)
        create_keys(stack)
        if plan != before:
            # It knows the parts of the plan before; the one that follows adopts what runs.
            sweep(plan.id, SUPERVISOR)
        if supervisor(home) is None:
            _spawn_supervisor(home, plan.id)
    return stack


def runs(home: StackHome) -> bool:
    """Whether any process of the stack runs."""
    plan = read_plan(home)
    return plan is not None and bool(members(plan.id))


def running_stack(home: StackHome | None = None) -> Stack:
    """Return the record of the stack in `home`, by default the one `locate()` finds.

    Raises:
        NoStackError: There is none, or it is stopped.
    """
    home = home or locate()
    stack = load(home)
    if not runs(home):
        raise NoStackError(f"the stack in {home.path} is stopped: start it with `dokpamo up`")
    return stack


def supervisor(home: StackHome) -> ProcessIdentity | None:
    """Return the running supervisor's process; None if there is none."""
    plan = read_plan(home)
    found = members(plan.id, SUPERVISOR) if plan else []
    return found[0] if found else None


def _spawn_supervisor(home: StackHome, stack_id: str) -> None:
    path = home.log(SUPERVISOR)
    rotate(path)
    before = home.state_file.read_bytes() if home.state_file.exists() else b""
    with path.open("ab") as out:
        child = subprocess.Popen(  # noqa: S603 (our own module, no shell)
            (sys.executable, "-m", "client.stack.supervisor", str(home.path)),
            cwd=home.path,
            env=os.environ | {STACK_MARK: stack_id, PART_MARK: SUPERVISOR},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    # Its first act is to write the state file; until then the file tells of an earlier supervisor.
    while not home.state_file.exists() or home.state_file.read_bytes() == before:
        if child.poll() is not None:
            raise StartFailedError(f"the supervisor ended at once\n{log_tail(path)}")
        time.sleep(LOOK_EVERY_SECONDS)


def progress(home: StackHome) -> Iterator[PartState]:
    """Yield each part when it has become ready, and each failure, until all are ready.

    Raises:
        StartFailedError: The supervisor ended, or a part fails again and again.
    """
    told: set[tuple[str, str, int]] = set()
    while True:
        state = StackState.read(home.state_file)
        if state is None or not state.supervisor.alive():
            raise StartFailedError(f"the supervisor ended\n{log_tail(home.log(SUPERVISOR))}")
        for part in state.parts.values():
            key = (part.name, "ready", 0) if part.phase == "ready" else (part.name, "failed", part.restarts)
            if key not in told and (part.phase == "ready" or part.failure):
                told.add(key)
                yield part
        if all(part.phase == "ready" for part in state.parts.values()):
            return
        hopeless = [part for part in state.parts.values() if part.phase != "ready" and _failed_often(part, told)]
        if hopeless:
            raise StartFailedError("\n".join(part.failure for part in hopeless))
        time.sleep(LOOK_EVERY_SECONDS)


def _failed_often(part: PartState, told: set[tuple[str, str, int]]) -> bool:
    return (part.name, "ready", 0) not in told and part.restarts >= HOPELESS_AFTER_FAILURES


def stop(home: StackHome, tell: Callable[[str], None] = lambda _: None) -> int:
    """Stop everything of a stack, those that need others first; return how many processes there were.

    Args:
        home: The stack's folder.
        tell: Called with the name of each part that has been stopped.
    """
    plan = read_plan(home)
    if plan is None:
        return 0
    from client.stack.parts import all_parts

    count = len(members(plan.id))
    end(members(plan.id, SUPERVISOR))
    sweep(plan.id, SUPERVISOR)
    every = replace(plan, only=(), external={})
    parts = [part for part in all_parts(home, every, of_plan(home, every)) if not part.external]
    state = StackState.read(home.state_file)
    for level in _levels(parts):
        running = [part for part in level if members(plan.id, part.name)]
        with ThreadPoolExecutor(max(1, len(running))) as pool:
            list(pool.map(lambda part: stop_part(part, plan.id, _identity(state, part)), running))
        for part in running:
            tell(part.name)
    sweep(plan.id)
    home.state_file.unlink(missing_ok=True)
    return count


def _identity(state: StackState | None, part: PartSpec) -> ProcessIdentity | None:
    known = state.parts.get(part.name) if state else None
    return known.identity if known else None


def _levels(parts: list[PartSpec]) -> Iterator[list[PartSpec]]:
    """Yield the parts in such groups that nobody is stopped before those who need it."""
    left = list(parts)
    while left:
        needed = {name for part in left for name in part.needs}
        level = [part for part in left if part.name not in needed]
        yield level
        left = [part for part in left if part not in level]


def remove(home: StackHome) -> None:
    """Stop a stack and delete its state.

    Raises:
        OSError: Some of it cannot be deleted.
    """
    stop(home)
    # Ray's daemons may write a last line while their folder goes.
    for _ in range(2):
        with contextlib.suppress(OSError):
            home.remove()
    home.remove()


def uptime_seconds(identity: ProcessIdentity | None) -> float:
    """Return for how long a process has run; 0 for none."""
    if identity is None or (now := identify(identity.pid)) is None:
        return 0.0
    return max(0.0, time.time() - now.started)
