"""A push whose client and whose platform are killed in the middle: it ends whole, and little is sent twice.

The seed is printed; DOKPAMO_CHAOS_SEED repeats one. `-m on_demand` pushes 4 GiB and kills every part.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import random
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from client.sdk.checkpoints import SERVICE, pull
from client.stack.single import SinglePart
from common.grpc import Client, connect
from dokpamo.registry.v1 import service_pb2 as pb

from tests.builders.large_checkpoint import large_checkpoint
from tests.builders.registry_process import registry_part, team_token

if TYPE_CHECKING:
    from collections.abc import Sequence

    from client.stack.seaweed import S3Access

ROOT = Path(__file__).parents[2]
TEAM = "upstage"
SEED = int(os.environ.get("DOKPAMO_CHAOS_SEED", "20261126"))
MIB = 2**20
MOST_MEMORY = 512 * MIB
VERIFYING = "verifying"
VERIFIED = 2.0
"""The share of the size at which a push is being verified."""


@dataclass
class Pushing:
    """A folder that is pushed by one client after another until it is committed, and who is killed when."""

    folder: Path
    address: str
    token: str
    parts: dict[str, SinglePart]
    size: int
    limit_rate: int = 0
    sent: int = 0
    digest: str = ""
    memory_bytes: int = 0
    killed: list[str] = field(default_factory=list)

    async def until_committed(self, plan: list[tuple[float, str]]) -> None:
        """Push; kill each victim of `plan` when that share of the size has gone out in all."""
        plan = list(plan)
        while not self.digest:
            await self._client(plan)
            assert await self.visible() == ([self.digest] if self.digest else [])
        assert plan == []

    async def visible(self) -> list[str]:
        """Digests of the checkpoints that anyone sees."""
        async with connect(self.address, lambda: self.token, timeout_seconds=60) as channel:
            request = pb.ListCheckpointsRequest(team_id=TEAM)
            answer = await Client(channel, SERVICE).ListCheckpoints(request)
        return [each.checkpoint_digest for each in answer.checkpoints]

    async def _client(self, plan: list[tuple[float, str]]) -> None:
        arguments = (self.address, TEAM, str(self.folder), str(self.limit_rate))
        client = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.builders.push_host",
            *arguments,
            cwd=ROOT,
            env=os.environ | {"DOKPAMO_TOKEN": self.token},
            stdout=asyncio.subprocess.PIPE,
        )
        assert client.stdout is not None
        before, restarting, client_lives = self.sent, set[asyncio.Task[None]](), True
        async for line in client.stdout:
            try:
                told: dict[str, Any] = json.loads(line)
            except ValueError:
                continue  # a client that is killed may leave half a line
            self.sent = before + told["sent"] if "sent" in told else self.sent
            self.digest = told.get("digest", "")
            self.memory_bytes = told.get("memory_bytes", 0)
            reached = VERIFIED if VERIFYING in told else self.sent / self.size
            # What a killed client said before is still to be read and counted.
            while plan and reached >= plan[0][0] and client_lives:
                victim = plan.pop(0)[1]
                self.killed.append(victim)
                if victim == "client":
                    client_lives = False
                    with contextlib.suppress(ProcessLookupError):
                        client.kill()
                    continue
                self.parts[victim].kill()
                restarting.add(asyncio.create_task(asyncio.to_thread(self._start, victim)))
        status = await client.wait()
        await asyncio.gather(*restarting)
        assert status == 0 or self.killed[-1] == "client", f"the client ended with {status} after {self.killed}"

    def _start(self, victim: str) -> None:
        self.parts[victim].start()


def plan_for(victims: Sequence[str], chance: random.Random) -> list[tuple[float, str]]:
    """Spread the kills over the push, each somewhere in its own share of it; a seventh falls when it is verified."""
    sending, verifying = victims[:6], victims[6:]
    share = 0.9 / len(sending)
    plan = [((number + chance.uniform(0.2, 0.9)) * share, victim) for number, victim in enumerate(sending)]
    return [*plan, *((VERIFIED, victim) for victim in verifying)]


def digests(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(folder.iterdir()):
        with path.open("rb") as file:
            found[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


async def pushed_under(pushing: Pushing, plan: list[tuple[float, str]], most_sent: float, back: Path) -> None:
    print(f"seed {SEED}:", [(f"{at:.2f}", victim) for at, victim in plan])
    await pushing.until_committed(plan)
    print(f"sent {pushing.sent / pushing.size:.3f} of the size, in {pushing.memory_bytes / MIB:.0f} MiB of memory")
    assert 0 < pushing.memory_bytes <= MOST_MEMORY
    assert pushing.sent <= most_sent * pushing.size
    async with connect(pushing.address, lambda: pushing.token, timeout_seconds=60) as channel:
        await pull(Client(channel, SERVICE), pushing.digest, back, team_id=TEAM)
    assert digests(back) == digests(pushing.folder)


@pytest.mark.parametrize(
    ("mebibytes", "limit_rate", "victims", "most_sent"),
    [
        # Of a small push what eight connections have under way when one side is killed is much.
        pytest.param(32, 16 * MIB, ("client", "registry"), 2.0),
        pytest.param(
            4096,
            0,
            # The last falls while the registry reads what was pushed.
            ("registry", "client", "s3", "client", "postgres", "client", "registry"),
            1.15,
            marks=[pytest.mark.on_demand, pytest.mark.timeout(1800)],
        ),
    ],
)
async def test_a_push_ends_whole_whoever_is_killed(  # noqa: PLR0917 - pytest hands them in by name
    mebibytes: int,
    limit_rate: int,
    victims: tuple[str, ...],
    most_sent: float,
    tmp_path: Path,
    kafka_bootstrap: list[str],
    postgres: SinglePart,
    fresh_database_url: str,
    s3_part: SinglePart,
    s3: S3Access,
) -> None:
    chance, size = random.Random(SEED), mebibytes * MIB
    folder = large_checkpoint(tmp_path / "model", size, seed=chance.randrange(2**32))
    part, issuer = registry_part(tmp_path / "registry", kafka_bootstrap, fresh_database_url, s3)
    with SinglePart(part, tmp_path / "registry.log") as registry:
        parts = {"registry": registry, "s3": s3_part, "postgres": postgres}
        pushing = Pushing(folder, part.address, team_token(issuer, TEAM), parts, size, limit_rate)
        await pushed_under(pushing, plan_for(victims, chance), most_sent, tmp_path / "back")
