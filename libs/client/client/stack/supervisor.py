"""The supervisor: starts the parts in the order of their needs, and again when they die.

It holds no part's life: parts run in sessions of their own and go on when it is killed. Started again, it finds them by
pid and start time in the state file and goes on where it was. Stopping the stack is not its business either:
`dokpamo down` ends the supervisor first, then the parts.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from client.stack.home import StackHome, rotate
from client.stack.process import ProcessIdentity, identify, last_words, spawn, stop_part
from client.stack.spec import NotReadyError, PartFailedError, PartSpec
from client.stack.state import PartState, StackState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from client.stack.state import PartPhase

LOOK_EVERY_SECONDS = 0.2
PROBE_EVERY_SECONDS = 0.25
EXTERNAL_PROBE_EVERY_SECONDS = 5.0
FIRST_BACK_OFF_SECONDS, LONGEST_BACK_OFF_SECONDS = 0.25, 15.0
# A part that was ready for so long starts again without the delay that earlier failures had earned.
FORGIVEN_AFTER_SECONDS = 30.0

log = structlog.get_logger()


class Supervisor:
    """Keeps a set of parts running until it is cancelled; the parts stay."""

    def __init__(self, home: StackHome, stack_id: str, parts: Iterable[PartSpec]) -> None:
        """Take over what an earlier supervisor of the same stack left."""
        self._home = home
        self._stack_id = stack_id
        self._parts = list(parts)
        self._ready = {part.name: asyncio.Event() for part in self._parts}
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        own = identify(os.getpid()) or ProcessIdentity(os.getpid(), time.time())
        before = StackState.read(home.state_file)
        known = before.parts if before else {}
        self._state = StackState(own, {part.name: _taken_over(part, known.get(part.name)) for part in self._parts})

    async def run(self) -> None:
        """Tend all parts, for ever."""
        self._write()
        async with asyncio.TaskGroup() as group:
            for part in self._parts:
                group.create_task(self._watch(part) if part.external else self._tend(part))

    async def _tend(self, part: PartSpec) -> None:
        process = self._adopt(part)
        failures = 0
        while True:
            try:
                process = process or await self._start(part)
                await self._become_ready(part, process)
                ready_at = time.monotonic()
                await self._end_of(process)
                failure = self._failure(part, "died")
                failures = 0 if time.monotonic() - ready_at > FORGIVEN_AFTER_SECONDS else failures
            except PartFailedError as error:
                failure = error
            await self._failed(part, process, failure)
            process = None
            await asyncio.sleep(min(FIRST_BACK_OFF_SECONDS * 2**failures, LONGEST_BACK_OFF_SECONDS))
            failures += 1

    def _adopt(self, part: PartSpec) -> ProcessIdentity | None:
        identity = self._state.parts[part.name].identity
        if identity is None or not identity.alive():
            return None
        log.info("part.adopted", part=part.name, pid=identity.pid)
        return identity

    async def _start(self, part: PartSpec) -> ProcessIdentity:
        self._note(part, "waiting", pid=0, started=0.0)
        for name in part.needs:
            if name in self._ready:
                await self._ready[name].wait()
        self._note(part, "starting")
        path = self._home.log(part.name)
        try:
            # What a part of the same name left behind would hold its port or its data.
            await asyncio.to_thread(stop_part, part, self._stack_id, None)
            await asyncio.to_thread(part.prepare)
            rotate(path)
            child = spawn(part, self._stack_id, path)
        except subprocess.CalledProcessError as error:
            raise self._failure(
                part, f"could not be prepared (status {error.returncode})\n{_text(error.stderr)}"
            ) from error
        except Exception as error:
            # Whatever keeps a part from being prepared (no network, no disk, a wrong digest) is told and tried again.
            raise self._failure(part, f"could not be prepared: {error}") from error
        self._children[child.pid] = child
        process = identify(child.pid) or ProcessIdentity(child.pid, time.time())
        self._note(part, "starting", pid=process.pid, started=process.started)
        log.info("part.started", part=part.name, pid=process.pid)
        return process

    async def _become_ready(self, part: PartSpec, process: ProcessIdentity) -> None:
        began, missing = time.monotonic(), ""
        while time.monotonic() - began < part.ready_seconds:
            if not self._alive(process):
                raise self._failure(part, "ended while starting")
            try:
                await asyncio.to_thread(_ask, part)
            except NotReadyError as error:
                missing = str(error)
                await asyncio.sleep(PROBE_EVERY_SECONDS)
            else:
                # With the preparation, which began with the phase.
                seconds = round(time.time() - self._state.parts[part.name].since, 1)
                self._note(part, "ready", ready_seconds=seconds)
                self._ready[part.name].set()
                log.info("part.ready", part=part.name, seconds=seconds)
                return
        raise self._failure(part, f"was not ready within {part.ready_seconds:.0f} s ({missing})")

    async def _end_of(self, process: ProcessIdentity) -> None:
        while self._alive(process):  # noqa: ASYNC110 (an adopted process is no child: nobody tells of its end)
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def _failed(self, part: PartSpec, process: ProcessIdentity | None, failure: PartFailedError) -> None:
        self._ready[part.name].clear()
        state = self._state.parts[part.name]
        log.warning("part.failed", part=part.name, why=failure.why, restarts=state.restarts, log_tail=failure.log_tail)
        self._note(part, "failed", pid=0, started=0.0, failure=str(failure), restarts=state.restarts + 1)
        await asyncio.to_thread(stop_part, part, self._stack_id, process)
        if process is not None and (child := self._children.pop(process.pid, None)):
            child.wait()

    async def _watch(self, part: PartSpec) -> None:
        """Follow a part that somebody else runs."""
        while True:
            try:
                await asyncio.to_thread(_ask, part)
            except NotReadyError as error:
                self._ready[part.name].clear()
                if self._state.parts[part.name].phase != "failed":
                    self._note(part, "failed", failure=f"{part.name} is not reached: {error}")
            else:
                if not self._ready[part.name].is_set():
                    self._note(part, "ready")
                    self._ready[part.name].set()
            pause = EXTERNAL_PROBE_EVERY_SECONDS if self._ready[part.name].is_set() else PROBE_EVERY_SECONDS
            await asyncio.sleep(pause)

    def _alive(self, process: ProcessIdentity) -> bool:
        child = self._children.get(process.pid)
        return process.alive() if child is None else child.poll() is None

    def _failure(self, part: PartSpec, why: str) -> PartFailedError:
        return PartFailedError(part.name, why, last_words(self._home.log(part.name)))

    def _note(self, part: PartSpec, phase: PartPhase, **facts: float | str) -> None:
        state = self._state.parts[part.name]
        if state.phase != phase:
            state.phase, state.since = phase, time.time()
        for name, value in facts.items():
            setattr(state, name, value)
        self._write()

    def _write(self) -> None:
        self._state.write(self._home.state_file)


def _ask(part: PartSpec) -> None:
    part.probe()
    part.finish()


def _taken_over(part: PartSpec, before: PartState | None) -> PartState:
    state = PartState(part.name, part.address, part.external)
    if before is not None and before.identity is not None and before.identity.alive():
        state.pid, state.started, state.restarts = before.pid, before.started, before.restarts
        state.phase, state.since = "starting", before.since
    return state


def _text(output: bytes | None) -> str:
    return (output or b"").decode(errors="replace")[-2000:]


def main() -> None:
    """Supervise the stack in the folder that is given: `python -m client.stack.supervisor FOLDER`."""
    from common.logs import configure

    from client.stack.addresses import load
    from client.stack.parts import all_parts
    from client.stack.plan import read_plan

    configure("supervisor")
    home = StackHome(Path(sys.argv[1]))
    plan = read_plan(home)
    if plan is None:
        sys.exit(f"there is no stack in {home.path}")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(Supervisor(home, plan.id, all_parts(home, plan, load(home))).run())


if __name__ == "__main__":
    main()
