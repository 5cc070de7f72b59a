"""`dokpamo catalogue`, `examination` and `lineage` against a registry that examines."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from client.cli import application
from dokpamo.registry.v1.service_pb2 import LineageEdge
from originality.folders import write_fingerprint
from typer.testing import CliRunner

from tests.builders.registry_service import TEAM, declaration, put_all
from tests.component.registry.test_examinations import PARAMETERS, done, examining, model, trained_on, weights

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

    from tests.builders.registry_service import RunningRegistry


# An examination gives way to all else that the machine does: on a busy one it takes its time.
pytestmark = pytest.mark.timeout(600)


async def run(registry: RunningRegistry, *arguments: str, roles: tuple[str, ...] = ("staff",), **more: Any) -> Result:
    team = TEAM if "consortium" in roles else None
    environment = {
        "DOKPAMO_REGISTRY_ADDRESS": registry.address,
        "DOKPAMO_TOKEN": registry.issuer.issue("someone", roles, team),
        "COLUMNS": "200",
    }
    # A command runs a loop of its own, while this one's serves the registry.
    result = await asyncio.to_thread(CliRunner().invoke, application(arguments), list(arguments), env=environment)
    assert result.exit_code == more.get("exit_code", 0), result.output
    return result


async def test_staff_keep_a_catalogue_and_a_panel_reads_what_weights_are_like(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    known, file = weights(21), tmp_path / "known.safetensors"
    write_fingerprint(model(tmp_path / "known", known), file, "Known 7B")
    given = ("--title", "Known 7B", "--source", "synthetic", "--licence", "Apache-2.0")
    async with examining(registry, tmp_path) as staff, registry.client("consortium", team=TEAM) as team:
        added = await run(registry, "catalogue", "add", "known-7b", *given, "--fingerprint", str(file), "--lang", "en")
        assert added.output.startswith("known-7b  Known 7B")
        wrong = await run(registry, "catalogue", "add", "x", *given, "--lang", "en", exit_code=2)
        assert "--fingerprint" in wrong.output
        listed = await run(registry, "catalogue", "list", "--json")
        assert json.loads(listed.output)["references"][0]["reference_id"] == "known-7b"
        said = declaration(
            parameters=PARAMETERS, lineage=[LineageEdge(component="model", owner="none", kind="weights")]
        )
        pushed = await put_all(team, model(tmp_path / "taken", trained_on(known, 22)), said)
        await done(staff, pushed.checkpoint_digest)
    why = ("--why", "another model of this name", "--lang", "en")
    withdrawn = await run(registry, "catalogue", "withdraw", "known-7b", *why)
    assert withdrawn.output.rstrip().endswith("(withdrawn: another model of this name)")
    ref = f"{TEAM}/solar"
    told = await run(registry, "examination", ref, "--lang", "en", "--team", TEAM, roles=("consortium",))
    assert "known model known-7b: derived" in told.output
    assert "No finding says that a model is original" in told.output
    korean = await run(registry, "examination", ref, "--lang", "ko", "--team", TEAM, roles=("consortium",))
    assert "알려진 모델 known-7b" in korean.output
    page = tmp_path / "report.html"
    await run(registry, "examination", ref, "--html", str(page), "--lang", "ko")
    assert "Known 7B" in page.read_text("utf-8")
    report = json.loads((await run(registry, "examination", ref, "--against", "known-7b", "--json")).output)
    assert report["counts"]["derived"] > 0
    unknown = await run(registry, "examination", ref, "--against", "nobody", exit_code=2)
    assert "known-7b" in unknown.output
    graph = await run(registry, "lineage", TEAM, "--lang", "en")
    assert graph.output.startswith(f"{TEAM}/solar@1  {pushed.checkpoint_digest}")
    assert (await run(registry, "lineage", f"{ref}@1", "--lang", "en")).output == graph.output
    missing = await run(registry, "lineage", f"{ref}@2", "--lang", "en", exit_code=1)
    assert "no such version" in missing.output
    again = await run(registry, "examinations", "again", "--of", ref, "--lang", "en")
    assert again.output.rstrip().endswith(f"{ref}: to come 0, queued 1, made 0, not made 0")
    shown = json.loads((await run(registry, "examinations", "show", again.output.split()[0], "--json")).output)
    assert (shown["queued"], shown["not_made_examinations"]) == ("1", [])
    rounds = await run(registry, "examinations", "list", "--lang", "ko")
    assert "대기 1" in rounds.output
