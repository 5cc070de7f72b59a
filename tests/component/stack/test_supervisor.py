"""The supervisor with small real parts: order of start, restart with the last words, adoption, and nothing left."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest
from client.stack.control import _levels
from client.stack.home import StackHome
from client.stack.process import members, stop_part
from client.stack.spec import NotReadyError, PartSpec
from client.stack.state import StackState
from client.stack.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from client.stack.state import PartState

# Says when it began, leaves a child behind that has left its session, and is ready when its file is there.
PROGRAM = """
import os, pathlib, subprocess, sys, time
name, folder, delay = sys.argv[1], pathlib.Path(sys.argv[2]), float(sys.argv[3])
print(name, "says hello", flush=True)
with (folder / "order").open("a") as order:
    order.write(name + "\\n")
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
time.sleep(delay)
(folder / name).write_text(str(os.getpid()))
time.sleep(600)
"""


class Stage:
    """A folder with parts, and the supervisors that come and go over them."""

    def __init__(self, path: Path) -> None:
        self.home = StackHome(path)
        self.home.create()
        self.stack_id = f"test-{path.name}-{os.getpid()}"
        self.supervisors: list[Supervisor] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.parts: list[PartSpec] = []

    def part(
        self, name: str, *needs: str, delay: float = 0.0, ready_seconds: float = 30.0, program: str = PROGRAM
    ) -> None:
        def probe() -> None:
            state = StackState.read(self.home.state_file)
            file = self.home.path / name
            if state is None or not file.exists() or file.read_text() != str(state.parts[name].pid):
                raise NotReadyError(f"{name} has not written its file")

        command = (sys.executable, "-c", program, name, str(self.home.path), str(delay))
        self.parts.append(
            PartSpec(name, "nowhere", probe, command, needs=needs, ready_seconds=ready_seconds, stop_seconds=2.0)
        )

    async def supervise(self) -> None:
        supervisor = Supervisor(self.home, self.stack_id, self.parts)
        self.supervisors.append(supervisor)
        self.tasks.append(asyncio.create_task(supervisor.run()))
        # Its first step writes the state file, which until then tells of the supervisor before.
        await asyncio.sleep(0)

    async def leave(self) -> None:
        """The supervisor goes, as when it is killed; its parts stay."""
        task = self.tasks.pop()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def until(self, name: str, holds: Callable[[PartState], bool]) -> PartState:
        async with asyncio.timeout(30):
            while True:
                state = StackState.read(self.home.state_file)
                if state and holds(state.parts[name]):
                    return state.parts[name]
                await asyncio.sleep(0.02)

    async def ready(self, name: str) -> PartState:
        return await self.until(name, lambda part: part.phase == "ready")

    async def end(self) -> None:
        while self.tasks:
            await self.leave()
        for part in self.parts:
            stop_part(part, self.stack_id, None)
        for supervisor in self.supervisors:
            for child in supervisor._children.values():
                child.wait()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    await stage.end()


async def test_a_part_is_started_only_when_what_it_needs_is_ready(stage: Stage) -> None:
    stage.part("last", "middle")
    stage.part("middle", "first", delay=0.3)
    stage.part("first", delay=0.3)
    await stage.supervise()
    await stage.ready("last")
    assert (stage.home.path / "order").read_text().split() == ["first", "middle", "last"]


async def test_a_part_that_dies_is_named_with_its_last_words_and_started_again(stage: Stage) -> None:
    stage.part("mortal")
    await stage.supervise()
    first = await stage.ready("mortal")
    os.kill(first.pid, signal.SIGKILL)
    second = await stage.until("mortal", lambda part: part.phase == "ready" and part.pid != first.pid)
    assert second.restarts == 1
    assert "mortal died" in second.failure
    assert "mortal says hello" in second.failure


async def test_what_a_dead_part_left_behind_is_ended_before_it_starts_again(stage: Stage) -> None:
    stage.part("mortal")
    await stage.supervise()
    first = await stage.ready("mortal")
    left_behind = {process.pid for process in members(stage.stack_id)} - {first.pid}
    assert left_behind
    os.kill(first.pid, signal.SIGKILL)
    await stage.until("mortal", lambda part: part.phase == "ready" and part.pid != first.pid)
    assert not left_behind & {process.pid for process in members(stage.stack_id)}


async def test_parts_outlive_their_supervisor_and_the_next_one_adopts_them(stage: Stage) -> None:
    stage.part("one")
    stage.part("two", "one")
    await stage.supervise()
    before = [await stage.ready("one"), await stage.ready("two")]
    await stage.leave()
    assert {part.pid for part in before} <= {process.pid for process in members(stage.stack_id)}
    await stage.supervise()
    after = [await stage.ready("one"), await stage.ready("two")]
    assert [(part.pid, part.restarts) for part in after] == [(part.pid, 0) for part in before]


async def test_an_adopted_part_that_dies_is_started_again(stage: Stage) -> None:
    stage.part("one")
    await stage.supervise()
    before = await stage.ready("one")
    await stage.leave()
    await stage.supervise()
    await stage.ready("one")
    os.kill(before.pid, signal.SIGKILL)
    after = await stage.until("one", lambda part: part.phase == "ready" and part.pid != before.pid)
    assert after.restarts == 1


async def test_a_part_that_died_while_nobody_watched_is_started_by_the_next_supervisor(stage: Stage) -> None:
    stage.part("one")
    await stage.supervise()
    before = await stage.ready("one")
    await stage.leave()
    os.kill(before.pid, signal.SIGKILL)
    await stage.supervise()
    after = await stage.until("one", lambda part: part.phase == "ready" and part.pid != before.pid)
    assert after.identity
    assert after.identity.alive()


async def test_a_part_that_is_not_ready_in_time_says_what_the_probe_found(stage: Stage) -> None:
    stage.part("slow", delay=60, ready_seconds=0.5)
    await stage.supervise()
    state = await stage.until("slow", lambda part: part.phase == "failed")
    assert "was not ready within 0 s (slow has not written its file)" in state.failure


async def test_a_part_that_ends_while_starting_is_tried_again_with_growing_pauses(stage: Stage) -> None:
    stage.part("broken", program="import sys; sys.exit('no such thing')")
    await stage.supervise()
    state = await stage.until("broken", lambda part: part.restarts == 3)
    assert "broken ended while starting" in state.failure
    assert "no such thing" in state.failure


async def test_a_failing_part_does_not_hold_up_those_that_do_not_need_it(stage: Stage) -> None:
    stage.part("broken", program="raise SystemExit(1)")
    stage.part("fine")
    stage.part("waiting", "broken")
    await stage.supervise()
    await stage.ready("fine")
    state = await stage.until("waiting", lambda part: part.phase == "waiting")
    assert state.pid == 0


async def test_stopping_ends_children_that_have_left_the_session(stage: Stage) -> None:
    stage.part("one")
    await stage.supervise()
    state = await stage.ready("one")
    assert len(members(stage.stack_id, "one")) == 2
    await stage.leave()
    stop_part(stage.parts[0], stage.stack_id, state.identity)
    assert members(stage.stack_id) == []


def test_nobody_is_stopped_before_those_who_need_it() -> None:
    def nothing() -> None:
        return

    parts = [
        PartSpec("database", "", nothing, ("x",)),
        PartSpec("models", "", nothing, ("x",), needs=("database", "objects")),
        PartSpec("objects", "", nothing, ("x",)),
        PartSpec("page", "", nothing, ("x",), needs=("models",)),
    ]
    levels = [[part.name for part in level] for level in _levels(parts)]
    assert levels == [["page"], ["models"], ["database", "objects"]]
