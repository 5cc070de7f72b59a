"""A download whose server, and what lies behind it, is killed in the middle: the usual client goes on and has it whole.

The seed is printed; DOKPAMO_CHAOS_SEED repeats one. `-m on_demand` reads 1 GiB and kills every part.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from client.sdk.checkpoints import push
from client.sdk.declaring import declared
from client.stack.single import SinglePart
from huggingface_hub import hf_hub_download
from huggingface_hub.utils.tqdm import tqdm

from tests.builders.large_checkpoint import MIB, large_checkpoint
from tests.builders.registry_process import downloads_part
from tests.builders.registry_service import TEAM, running_registry
from tests.builders.release_hub import RELEASES, released

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from client.stack.seaweed import S3Access

SEED = int(os.environ.get("DOKPAMO_CHAOS_SEED", "20261126"))


async def given_out(folder: Path, model: Path, database_url: str, s3: S3Access) -> None:
    """Push a model and release it."""
    async with running_registry(folder, database_url, s3) as registry:
        async with registry.client("consortium", team=TEAM) as team:
            said = declared(model, licence="Apache-2.0", period="2025-h2")
            made = await push(team, model, team_id=TEAM, model="solar", declaration=said)
        async with registry.client("consortium", team=TEAM, service=RELEASES) as office:
            await released(office, made)


class Killing:
    """Kills and starts parts again while a file is read, when so much of it has come."""

    def __init__(self, parts: Mapping[str, SinglePart], plan: Sequence[tuple[float, str]], size: int) -> None:
        self.parts, self.plan, self.size = parts, list(plan), size
        self.read = 0

    def bar(self) -> type[tqdm]:
        """What the client shows its progress by, and thereby tells each piece that it has."""
        killing = self

        class Bar(tqdm):
            def update(self, n: float | None = 1) -> bool | None:
                killing.met(int(n or 0))
                shown: bool | None = super().update(n)
                return shown

        return Bar

    def met(self, count: int) -> None:
        self.read += count
        while self.plan and self.read >= self.plan[0][0] * self.size:
            _, victim = self.plan.pop(0)
            self.parts[victim].kill()
            self.parts[victim].start()


def downloaded(url: str, name: str, cache: Path, bar: Any) -> tuple[Path, int]:
    """Have the client fetch a file; whoever runs it runs it again where it gave up. Return how often it was run."""
    for times in range(1, 20):
        try:
            path = hf_hub_download(f"{TEAM}/solar", name, endpoint=url, cache_dir=cache, token=False, tqdm_class=bar)
            return Path(path), times
        except httpx2.TransportError as error:
            print("given up:", repr(error))
    raise AssertionError("it never ended")


def ranges(log: Path) -> list[int]:
    """Where the requests began that asked for the rest of a file."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    asked = [line.get("range", "") for line in lines if line.get("event") == "download.answered"]
    return [int(each.removeprefix("bytes=").partition("-")[0]) for each in asked if each]


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@pytest.mark.parametrize(
    ("mebibytes", "victims"),
    [
        pytest.param(32, ("downloads",)),
        pytest.param(
            1024,
            ("downloads", "s3", "downloads", "postgres", "downloads", "s3"),
            marks=[pytest.mark.on_demand, pytest.mark.timeout(900)],
        ),
    ],
)
async def test_a_download_ends_whole_whoever_is_killed(
    mebibytes: int,
    victims: tuple[str, ...],
    tmp_path: Path,
    postgres: SinglePart,
    fresh_database_url: str,
    s3_part: SinglePart,
    s3: S3Access,
) -> None:
    chance = random.Random(SEED)
    model = large_checkpoint(tmp_path / "model", mebibytes * MIB, seed=chance.randrange(2**32))
    await given_out(tmp_path, model, fresh_database_url, s3)
    # Of a file more is to come than a connection holds when one side is killed.
    weights = sorted(model.glob("*.safetensors"))
    share = 0.6 / len(victims)
    plan = [((number + chance.uniform(0.2, 0.9)) * share, victim) for number, victim in enumerate(victims)]
    print(f"seed {SEED}:", [(f"{at:.2f}", victim) for at, victim in plan])
    size, log = sum(file.stat().st_size for file in weights), tmp_path / "downloads.log"
    with SinglePart(downloads_part(tmp_path / "downloads", fresh_database_url, s3), log) as downloads:
        killing = Killing({"downloads": downloads, "s3": s3_part, "postgres": postgres}, plan, size)
        runs = 0
        for file in weights:
            fetch = asyncio.to_thread(downloaded, downloads.address, file.name, tmp_path / "cache", killing.bar())
            path, times = await fetch
            runs += times
            assert await asyncio.to_thread(digest, path) == await asyncio.to_thread(digest, file)
    begun = ranges(log)
    print(f"read {killing.read / size:.3f} of the size in {runs} runs; went on at", begun)
    assert killing.plan == []
    # It went on where it was, each time, and read nothing twice.
    assert len(begun) >= victims.count("downloads")
    assert min(begun) > 0
    assert killing.read == size
