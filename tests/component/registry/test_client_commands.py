"""`dokpamo push`, `pull`, `ls`, `show`, `log` and `diff` against a registry with a real PostgreSQL and a real S3."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from client.cli import application
from client.sdk.signing import new_key, public_pem
from safetensors.numpy import save_file
from typer.testing import CliRunner

from tests.builders.registry_service import TEAM, checkpoint_folder, files_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from typer.testing import Result

    from tests.builders.registry_service import RunningRegistry

    Run = Callable[..., Coroutine[Any, Any, Result]]

PUSH = ("--team", TEAM, "--model", "solar", "--licence", "Apache-2.0", "--period", "2025-h2")


@pytest.fixture
def run(registry: RunningRegistry) -> Run:
    """Runs a command to its end as a member of the team; `exit_code` is what it must end with."""
    token = registry.issuer.issue("someone", ["consortium"], TEAM)
    environment = {"DOKPAMO_REGISTRY_ADDRESS": registry.address, "DOKPAMO_TOKEN": token, "DOKPAMO_LANG": "en"}

    async def run(*arguments: str, exit_code: int = 0) -> Result:
        # A command runs a loop of its own, while this one's serves the registry.
        result = await asyncio.to_thread(
            CliRunner().invoke, application(arguments), list(arguments), env=environment, catch_exceptions=False
        )
        assert result.exit_code == exit_code, result.output
        return result

    return run


def change(folder: Path) -> None:
    tensors = {"w": np.ones((20, 8), np.float32), "b": np.zeros(8, np.float32)}
    save_file(tensors, folder / "model.safetensors")
    (folder / "tokenizer.txt").write_text("a b c\n")


async def test_a_model_from_push_to_pull(run: Run, tmp_path: Path) -> None:
    folder, back = checkpoint_folder(tmp_path / "solar"), tmp_path / "back"
    (folder / ".gitattributes").touch()
    pushed = await run("push", str(folder), *PUSH)
    assert f"{TEAM}/solar@1" in pushed.stdout
    assert "left out: .gitattributes" in pushed.stderr
    digest = pushed.stdout.splitlines()[-1]
    change(folder)
    second = json.loads((await run("push", str(folder), *PUSH, "--parent", f"{TEAM}/solar", "--json")).stdout)
    assert second["checkpoint"]["declaration"]["lineage"][0]["parent"] == digest
    # What did not change, and the header of the weights, which have the shapes that they had.
    header = 8 + int.from_bytes((folder / "model.safetensors").read_bytes()[:8], "little")
    unchanged = sum(len((folder / name).read_bytes()) for name in ("config.json", "README.md"))
    assert second["there_already_bytes"] == unchanged + header
    assert second["checkpoint"]["declaration"]["dtype"] == "F32"

    listed = (await run("ls", "--team", TEAM)).stdout
    assert f"{TEAM}/solar@2" in listed
    assert "solar@1" not in listed
    assert [line.split()[0] for line in (await run("ls", f"{TEAM}/solar")).stdout.splitlines()] == [
        f"{TEAM}/solar@2",
        f"{TEAM}/solar@1",
    ]
    assert "there are more" in (await run("ls", f"{TEAM}/solar", "--limit", "1")).stdout
    logged = (await run("log", f"{TEAM}/solar")).stdout
    assert f"← own {digest}" in logged
    assert logged.index("solar@2") < logged.index("solar@1")
    shown = (await run("show", f"{TEAM}/solar", "--lang", "ko")).stdout
    assert "매개변수" in shown
    assert "tokenizer.txt" in shown
    document = json.loads((await run("show", digest, "--team", TEAM, "--json")).stdout)
    assert [file["path"] for file in document["files"]] == ["README.md", "config.json", "model.safetensors"]

    differs = (await run("diff", digest, f"{TEAM}/solar@2")).stdout
    assert "~ w  F32 [20, 8]" in differs
    assert "+ tokenizer.txt" in differs
    assert "1 the same" in differs
    assert "the same 4 files" in (await run("diff", f"{TEAM}/solar@2", f"{TEAM}/solar@2")).stdout

    await run("pull", f"{TEAM}/solar@2", str(back))
    assert files_of(back) == {path: data for path, data in files_of(folder).items() if path != ".gitattributes"}
    over = json.loads((await run("pull", f"{TEAM}/solar@1", str(back), "--json", "--limit-rate", "10MiB/s")).stdout)
    assert (over["not_of_the_checkpoint"], over["checkpoint_digest"]) == (["tokenizer.txt"], digest)


async def test_a_push_whose_parent_is_named_by_the_model_is_repeated_and_makes_no_second_version(
    run: Run, tmp_path: Path
) -> None:
    folder, by_name = checkpoint_folder(tmp_path / "solar"), ("--parent", f"{TEAM}/solar", "--json")
    first = json.loads((await run("push", str(folder), *PUSH, "--json")).stdout)["checkpoint"]
    change(folder)
    made = json.loads((await run("push", str(folder), *PUSH, *by_name)).stdout)["checkpoint"]
    again = json.loads((await run("push", str(folder), *PUSH, *by_name)).stdout)
    assert again["checkpoint"]["checkpoint_digest"] == made["checkpoint_digest"]
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert (again["sent_bytes"], again["there_already_bytes"]) == (0, size)

    async def parent_of(*more: str) -> tuple[int, str]:
        pushed = json.loads((await run("push", str(folder), *PUSH, *by_name, *more)).stdout)["checkpoint"]
        return pushed["version"], pushed["declaration"]["lineage"][0]["parent"]

    assert made["declaration"]["lineage"][0]["parent"] == first["checkpoint_digest"]
    # Who says so, another declaration and other bytes each make a version after the latest.
    versions = [await parent_of("--again"), await parent_of("--seed", "2")]
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[:-1] + bytes([weights[-1] ^ 1]))
    versions += [await parent_of("--seed", "2"), await parent_of("--seed", "2")]
    assert [version for version, _ in versions] == [3, 4, 5, 5]
    kept = [(await run("show", f"{TEAM}/solar@{number}", "--json")).stdout for number in (2, 3, 4)]
    before = [json.loads(each)["checkpoint"]["checkpoint_digest"] for each in kept]
    assert [parent for _, parent in versions] == [*before, before[-1]]


async def test_a_signed_push_is_pulled_by_the_public_key(run: Run, tmp_path: Path) -> None:
    folder, key = checkpoint_folder(tmp_path / "solar"), tmp_path / "team.pem"
    public, other = tmp_path / "team.pub", tmp_path / "other.pub"
    public.write_text(public_pem(new_key(key)))
    other.write_text(public_pem(new_key(tmp_path / "other.pem")))
    await run("keys", "register", str(key), "--team", TEAM)
    unsigned = await run("push", str(folder), *PUSH, exit_code=1)
    assert "SIGNATURE" in unsigned.stderr
    await run("push", str(folder), *PUSH, "--key", str(key))
    await run("pull", f"{TEAM}/solar", str(tmp_path / "back"), "--signed-by", str(public))
    refused = await run("pull", f"{TEAM}/solar", str(tmp_path / "no"), "--signed-by", str(other), exit_code=1)
    assert "SIGNATURE_INVALID" in refused.stderr
    assert not (tmp_path / "no").exists()


async def test_refusals_are_told_by_code_field_and_rule(run: Run, tmp_path: Path) -> None:
    folder = checkpoint_folder(tmp_path / "solar")
    (folder / "optimizer.pt").write_bytes(b"pickled")
    refused = await run("push", str(folder), *PUSH, "--json", exit_code=1)
    told = json.loads(refused.stdout)
    assert (told["code"], told["facts"]["value"]) == ("CHECKPOINT_FILE_KIND_REFUSED", "optimizer.pt")
    (folder / "optimizer.pt").unlink()
    (folder / "link.json").symlink_to("config.json")
    assert "symbolic link" in (await run("push", str(folder), *PUSH, exit_code=1)).stderr
    (folder / "link.json").unlink()
    with (folder / "model.safetensors").open("ab") as file:
        file.write(b"more")
    assert "SAFETENSORS_REFUSED" in (await run("push", str(folder), *PUSH, exit_code=1)).stderr
    assert "NOT_FOUND" in (await run("show", f"{TEAM}/solar", exit_code=1)).stderr
    assert "names no checkpoint" in (await run("show", "solar", exit_code=2)).stderr
    assert "200MiB" in (await run("push", str(folder), *PUSH, "--limit-rate", "fast", exit_code=2)).stderr
    edges = tmp_path / "lineage.json"
    edges.write_text('[{"componentt": "model"}]')
    checkpoint_folder(folder)
    assert "componentt" in (await run("push", str(folder), *PUSH, "--lineage", str(edges), exit_code=2)).stderr
