"""Real processes: what a supervisor sees of a service, signals and exit codes included."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Start = Callable[..., subprocess.Popen[str]]

ENVIRONMENT = {
    "DOKPAMO_ENVIRONMENT": "embedded",
    "DOKPAMO_KAFKA_BOOTSTRAP": "127.0.0.1:9092",
    "DOKPAMO_TOKEN_KEYS": "keys.json",
}
PROGRAM = """
import asyncio
from common.service import BackgroundPart, main
from common.settings import PlatformSettings

class Plain:
    def __init__(self, name, start=None, stop=None):
        self.name, self._start, self._stop = name, start, stop
    async def __aenter__(self):
        print(f'"start {self.name}"', flush=True)
        if self._start:
            await self._start()
        return self
    async def __aexit__(self, *error):
        print(f'"stop {self.name}"', flush=True)
        if self._stop:
            await self._stop()

class Works(BackgroundPart):
    def __init__(self, name, work):
        super().__init__(name)
        self.work = work
    async def run(self):
        try:
            await self.work()
        finally:
            print(f'"end {self.name}"', flush=True)

async def fail():
    raise RuntimeError("broken pipe in the basement")

async def hang():
    print('"hanging"', flush=True)
    await asyncio.sleep(3600)

async def fail_soon():
    await asyncio.sleep(0.05)
    await fail()

async def end_soon():
    await asyncio.sleep(0.05)

main("intake", PlatformSettings, lambda settings: PARTS)
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    processes: list[subprocess.Popen[str]] = []

    def run(parts: str, **environment: str) -> subprocess.Popen[str]:
        script = tmp_path / "service.py"
        script.write_text(PROGRAM.replace("PARTS", parts))
        process = subprocess.Popen(
            [sys.executable, script],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={"PATH": os.environ["PATH"], **(environment or ENVIRONMENT)},
        )
        processes.append(process)
        return process

    yield run
    for process in processes:
        process.kill()
        process.communicate()


def wait_for(process: subprocess.Popen[str], event: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        heard = json.loads(line)
        if heard == event or (isinstance(heard, dict) and heard["event"] == event):
            return
    pytest.fail(f"{event} was never said")


def ending(process: subprocess.Popen[str]) -> tuple[int, list[Any]]:
    """Return the exit code, and all that was said since, each line JSON."""
    output, _ = process.communicate(timeout=20)
    return process.returncode, [json.loads(line) for line in output.splitlines()]


def said(lines: list[Any]) -> list[str]:
    return [line for line in lines if isinstance(line, str)]


@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGINT])
def test_parts_start_in_order_and_a_signal_stops_them_in_reverse_with_exit_0(
    start: Start, which: signal.Signals
) -> None:
    process = start('[Plain("database"), Works("relay", hang), Plain("grpc")]')
    wait_for(process, "service.ready")

    process.send_signal(which)

    code, lines = ending(process)
    assert code == 0
    assert said(lines)[-3:] == ["stop grpc", "end relay", "stop database"]


@pytest.mark.parametrize("death", ["fail_soon", "end_soon"])
def test_a_part_that_dies_stops_the_others_in_order_and_the_process_exits_1(start: Start, death: str) -> None:
    code, lines = ending(start(f'[Plain("database"), Works("relay", {death}), Plain("grpc")]'))

    assert code == 1
    assert said(lines) == ["start database", "start grpc", "end relay", "stop grpc", "stop database"]
    failed = next(line for line in lines if isinstance(line, dict) and line["event"] == "service.failed")
    assert "relay died" in failed["exception"]
    assert ("basement" in failed["exception"]) == (death == "fail_soon")


def test_a_part_that_cannot_start_stops_those_started(start: Start) -> None:
    code, lines = ending(start('[Plain("database"), Plain("kafka", start=fail), Plain("grpc")]'))

    assert code == 1
    assert said(lines) == ["start database", "start kafka", "stop database"]


def test_a_part_that_dies_while_others_start_is_noticed(start: Start) -> None:
    parts = '[Works("relay", fail), Plain("kafka", start=lambda: asyncio.sleep(0.1)), Plain("grpc")]'

    code, lines = ending(start(parts))

    assert code == 1
    assert "start grpc" not in said(lines)


def test_a_part_that_fails_to_stop_does_not_keep_the_others(start: Start) -> None:
    process = start('[Plain("database"), Plain("kafka", stop=fail)]')
    wait_for(process, "service.ready")

    process.send_signal(signal.SIGTERM)

    code, lines = ending(process)
    assert code == 1
    assert said(lines)[-2:] == ["stop kafka", "stop database"]


def test_a_signal_during_the_start_stops_it(start: Start) -> None:
    process = start('[Plain("database"), Plain("kafka", start=hang), Plain("grpc")]')
    wait_for(process, "hanging")

    process.send_signal(signal.SIGTERM)

    code, lines = ending(process)
    assert code == 0
    assert said(lines) == ["stop database"]


def test_missing_settings_are_named_without_any_value(start: Start) -> None:
    code, lines = ending(start("[]", DOKPAMO_ENVIRONMENT="geheim"))

    assert code == 1
    (refused,) = lines
    assert refused["event"] == "settings.refused"
    assert set(refused["fields"]) == {"DOKPAMO_ENVIRONMENT", "DOKPAMO_KAFKA_BOOTSTRAP", "DOKPAMO_TOKEN_KEYS"}
    assert "geheim" not in json.dumps(refused)


def test_a_process_of_the_platform_loads_neither_the_kafka_runtime_nor_mlflow_for_its_base() -> None:
    program = (
        "import common.service, common.database, common.auth, common.grpc, sys; "
        "print([name for name in ('faststream', 'aiokafka', 'mlflow', 'ray') if name in sys.modules])"
    )

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert loaded.stdout.strip() == "[]"
