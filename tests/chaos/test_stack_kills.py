"""Seeded kills of the infrastructure and of its supervisor: everything comes back, nothing acknowledged is lost."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from client.stack.addresses import load
from client.stack.home import StackHome
from client.stack.process import members
from client.stack.seaweed import S3Access

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DOKPAMO = str(Path(sys.executable).parent / "dokpamo")
PARTS = ("postgres", "kafka", "s3")
KILLS = 5


class Shell:
    """A stack of the infrastructure that states outlive, and the commands on it."""

    def __init__(self, home: Path) -> None:
        self.home = StackHome(home)

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [DOKPAMO, *arguments],
            env=dict(os.environ) | {"DOKPAMO_HOME": str(self.home.path)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=170,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def status(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.run("status", "--json"))
        return document

    def until(self, holds: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            document = self.status()
            if holds(document):
                return document
            time.sleep(0.3)
        raise AssertionError(f"{what}\n{self.run('status')}")


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(tmp_path / "stack")
    shell.run("up", "--only", ",".join(PARTS))
    stack_id = load(shell.home).id
    yield shell
    shell.run("reset", "--yes")
    assert members(stack_id) == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [20250804])
async def test_whatever_is_killed_comes_back_with_what_it_had_acknowledged(shell: Shell, seed: int) -> None:
    print(f"seed {seed}")
    chance = random.Random(seed)
    stack = load(shell.home)
    access = S3Access(stack.s3_endpoint, stack.s3_access_key, stack.s3_secret_key)
    for number in range(KILLS):
        await _write(stack.database_url, access, number)
        victim = chance.choice([*PARTS, "supervisor"])
        print(f"kill {victim}")
        _kill(shell, victim)
        shell.run("up", "--only", ",".join(PARTS))
        shell.until(lambda document: bool(document["ready"]), f"not ready after {victim} was killed, seed {seed}")
        assert await _read(stack.database_url, access) == list(range(number + 1)), f"seed {seed}"


def _kill(shell: Shell, victim: str) -> None:
    document = shell.status()
    lines = {line["name"]: line for line in (*document["parts"], document["supervisor"])}
    pid = lines[victim]["pid"]
    os.kill(pid, signal.SIGKILL)
    if victim != "supervisor":
        shell.until(
            lambda now: any(line["name"] == victim and line["pid"] not in {None, pid} for line in now["parts"]),
            f"{victim} was not started again",
        )


async def _write(url: str, access: S3Access, number: int) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE IF NOT EXISTS kept (number int)")
    await connection.execute("INSERT INTO kept VALUES ($1)", number)
    await connection.close()
    client = access.client()
    client.put_object(Bucket="checkpoints", Key=f"kept/{number:03}", Body=os.urandom(100_000))
    client.close()


async def _read(url: str, access: S3Access) -> list[int]:
    """Return the numbers that both the database and the bucket still have."""
    connection = await asyncpg.connect(url)
    rows = {row["number"] for row in await connection.fetch("SELECT number FROM kept")}
    await connection.close()
    client = access.client()
    listed = client.list_objects_v2(Bucket="checkpoints", Prefix="kept/")["Contents"]
    whole = {int(entry["Key"][-3:]) for entry in listed if entry["Size"] == 100_000}
    client.close()
    return sorted(rows & whole)
