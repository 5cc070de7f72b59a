"""`dokpamo release`, `releases` and `licence` against a registry with a real PostgreSQL and a real S3."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from client.cli import application
from typer.testing import CliRunner

from tests.builders.registry_service import TEAM
from tests.builders.release_hub import MODEL, model_files, pushed

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

    from tests.builders.registry_service import RunningRegistry

NAME = f"{TEAM}/{MODEL}"


async def run(registry: RunningRegistry, token: str, *arguments: str, typed: str = "", exit_code: int = 0) -> Result:
    """A command, run to its end."""
    environment = {"DOKPAMO_REGISTRY_ADDRESS": registry.address, "DOKPAMO_TOKEN": token, "DOKPAMO_LANG": "en"}
    # A command runs a loop of its own, while this one's serves the registry.
    result = await asyncio.to_thread(
        CliRunner().invoke,
        application(arguments),
        list(arguments),
        input=typed,
        env=environment,
        catch_exceptions=False,
    )
    assert result.exit_code == exit_code, result.output
    return result


async def test_a_model_is_released_its_licence_accepted_and_the_release_withdrawn_by_command(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    team = registry.issuer.issue("member", ["consortium"], TEAM)
    reader = registry.issuer.issue("reader", ["auditor"])
    digest = (await pushed(registry, model_files(tmp_path / "model"))).checkpoint_digest
    assert "nothing is released" in (await run(registry, "", "releases")).stdout
    assert "NOT_FOUND" in (await run(registry, reader, "licence", "show", NAME, exit_code=1)).stderr

    released = await run(registry, team, "release", f"{NAME}@1", "--gated")
    assert digest in released.stdout
    assert "who accepted its licence" in released.stdout
    assert "RELEASED_OTHERWISE" in (await run(registry, team, "release", digest, "--team", TEAM, exit_code=1)).stderr
    listed = json.loads((await run(registry, "", "releases", NAME, "--json")).stdout)
    assert [each["checkpoint_digest"] for each in listed["releases"]] == [digest]

    told = await run(registry, reader, "licence", "show", NAME)
    assert f"$HF_ENDPOINT/{NAME}/resolve/v1/LICENSE" in told.stdout
    declined = await run(registry, reader, "licence", "accept", NAME, typed="n\n", exit_code=1)
    assert "do you accept it?" in declined.stderr
    assert "accepted" not in declined.stdout
    assert "accepted" in (await run(registry, reader, "licence", "accept", f"{NAME}@1", typed="y\n")).stdout
    sha256 = listed["releases"][0]["licence_sha256"]
    again = await run(registry, reader, "licence", "accept", NAME, "--sha256", sha256, "--json")
    assert "accepted_at" in json.loads(again.stdout)
    assert (
        "NOT_FOUND"
        in (await run(registry, reader, "licence", "accept", NAME, "--sha256", "0" * 64, exit_code=1)).stderr
    )

    withdrawn = await run(registry, team, "release", NAME, "--withdraw", "a file was not ours")
    assert "nobody: withdrawn" in withdrawn.stdout
    korean = (await run(registry, "", "releases", "--lang", "ko")).stdout
    assert "철회됨" in korean
