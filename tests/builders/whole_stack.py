"""The whole embedded stack in a folder of its own, driven by the `dokpamo` command as a person would."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from common.clock import VirtualClockFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

DOKPAMO = Path(sys.executable).parent / "dokpamo"


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


class KillOnTheWay:
    """Kills parts when the virtual clock passes given instants: a thread beside a running replay."""

    def __init__(self, stack: WholeStack, plan: Mapping[str, datetime]) -> None:
        self._stack = stack
        self._plan = sorted(plan.items(), key=lambda entry: entry[1])
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
