"""The whole embedded stack in a folder of its own, driven by the `dokpamo` command as a person would."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

from common.clock import VirtualClockFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DOKPAMO = Path(sys.executable).parent / "dokpamo"
SERVICES = ("intake", "selection", "grants", "training", "registry", "evaluation", "notary", "console")
PARTS = ("kafka", "postgres", "s3", "mlflow", "ray", *SERVICES)
SEED = int(os.environ.get("DOKPAMO_CHAOS_SEED", "20260818"))
# Kills fall between the opening of the call and the decision of the last stage.
KILLS_FROM = datetime(2025, 6, 21, tzinfo=UTC)
KILLS_UNTIL = datetime(2026, 8, 17, tzinfo=UTC)


@dataclass
class WholeStack:
    """A stack whose state is in ``home``; every command's output is appended to ``output``."""

    home: Path
    output: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, seconds: float = 600) -> str:
        """Run a command to its end; raise AssertionError with what it printed where it fails."""
        done = subprocess.run(
            [str(DOKPAMO), *arguments],
            env=os.environ | {"DOKPAMO_HOME": str(self.home), "TERM": "dumb"} | dict(self.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        with self.output.open("a", encoding="utf-8") as out:
            out.write(f"$ dokpamo {' '.join(arguments)}\n{done.stdout}{done.stderr}")
        assert done.returncode == 0, f"dokpamo {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def status(self) -> dict[str, dict[str, object]]:
        """The parts by name, as `dokpamo status --json` tells them."""
        parts = json.loads(self.run("status", "--json"))["parts"]
        return {part["name"]: part for part in parts}

    def kill(self, part: str) -> int:
        """Kill a part's main process with SIGKILL; return its pid."""
        pid = int(str(self.status()[part]["pid"]))
        os.kill(pid, signal.SIGKILL)
        return pid

    @property
    def clock(self) -> VirtualClockFile:
        """The stack's shared clock."""
        return VirtualClockFile(self.home / "clock")


def kill_plan(parts: Sequence[str], seed: int) -> list[tuple[str, datetime]]:
    """When each of the parts is killed, the first first."""
    chance = random.Random(seed)
    span = (KILLS_UNTIL - KILLS_FROM) // timedelta(seconds=1)
    plan = {part: KILLS_FROM + timedelta(seconds=chance.randrange(span)) for part in parts}
    return sorted(plan.items(), key=lambda entry: entry[1])


class KillOnTheWay:
    """Kills parts when the virtual clock passes given instants: a thread beside a running replay."""

    def __init__(self, stack: WholeStack, plan: Sequence[tuple[str, datetime]]) -> None:
        self._stack = stack
        self._plan = tuple(plan)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.killed: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        for part, instant in self._plan:
            while not self._stop.is_set():
                now = self._stack.clock.read()
                if now is not None and now >= instant:
                    break
                time.sleep(0.02)
            if self._stop.is_set():
                return
            self._stack.kill(part)
            self.killed.append(part)
