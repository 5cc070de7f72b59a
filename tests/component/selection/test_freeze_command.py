"""`dokpamo rules freeze` on a real selection: asked first, published and frozen once, the receipt the same again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from client.stack.ports import free_ports
from common.auth import DevelopmentIssuer
from common.clock import VirtualClockFile
from common.errors import Refused
from common.grpc import Client, connect
from dokpamo.selection.v1 import service_pb2 as pb
from rules import load_rule_set, sha256_of

from tests.builders.delivery import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

RULES_FILE = Path(str(files("client") / "programmes" / "sovereign-ai" / "rule-sets" / "presentation.yaml"))
RULES = load_rule_set(RULES_FILE.read_bytes())
SHA = sha256_of(RULES)


@contextmanager
def selection(folder: Path, bootstrap: list[str], database_url: str) -> Iterator[str]:
    """`python -m selection` until the end of the block; yields its address."""
    (port,) = free_ports(1)
    environment = os.environ | {
        "DOKPAMO_ENVIRONMENT": "embedded",
        "DOKPAMO_DATABASE_URL": database_url,
        "DOKPAMO_KAFKA_BOOTSTRAP": ",".join(bootstrap),
        "DOKPAMO_GRPC_LISTEN": f"127.0.0.1:{port}",
        "DOKPAMO_TOKEN_KEYS": str(folder / "keys.json"),
        "DOKPAMO_VIRTUAL_CLOCK": str(folder / "clock"),
    }
    with (folder / "selection.log").open("wb") as log:
        started = subprocess.Popen([sys.executable, "-m", "selection"], env=environment, stdout=log, stderr=log)
        try:
            yield f"127.0.0.1:{port}"
        finally:
            started.terminate()
            assert started.wait(30) == 0, (folder / "selection.log").read_text()[-4000:]


def freeze(address: str, token: str, *arguments: str, answer: str = "") -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "dokpamo"), "rules", "freeze", *arguments, "--selection", address]
    environment = os.environ | {"DOKPAMO_TOKEN": token, "DOKPAMO_LANG": "en"}
    return subprocess.run(command, input=answer, capture_output=True, text=True, env=environment, check=False)


async def states(client: Client) -> dict[str, str]:
    listed = await client.ListRuleSets(pb.ListRuleSetsRequest())
    return {each.rule_set_sha256: each.state for each in listed.rule_sets}


async def answers(client: Client) -> bool:
    try:
        await client.ListRuleSets(pb.ListRuleSetsRequest())
    except Refused as refused:
        if refused.status.name in {"UNAVAILABLE", "DEADLINE_EXCEEDED"}:
            return False
        raise
    return True


@pytest.mark.timeout(300)  # it starts Kafka, PostgreSQL and a service
async def test_a_rule_set_is_frozen_once_after_it_was_asked(
    kafka_bootstrap: list[str], fresh_database_url: str, tmp_path: Path
) -> None:
    issuer = DevelopmentIssuer.create(tmp_path / "issuer.pem")
    (tmp_path / "keys.json").write_text(json.dumps(issuer.key_set()))
    clock = VirtualClockFile(tmp_path / "clock")
    clock.create()
    clock.advance(RULES.dates.published)
    token = issuer.issue("kim", ["staff"])
    with selection(tmp_path, kafka_bootstrap, fresh_database_url) as address:
        async with connect(address, lambda: token) as channel:
            client = Client(channel, "dokpamo.selection.v1.SelectionService")
            await eventually(lambda: answers(client), seconds=90)

            unknown = freeze(address, token, SHA, "--yes")
            team = freeze(address, issuer.issue("eve", ["consortium"], "upstage"), str(RULES_FILE), "--yes")
            declined = freeze(address, token, str(RULES_FILE), answer="n\n")
            assert await states(client) == {}
            frozen = freeze(address, token, str(RULES_FILE), answer="y\n")
            assert await states(client) == {SHA: "frozen"}
            again = freeze(address, token, SHA, "--json")

    assert unknown.returncode == 1
    assert "was not published" in unknown.stderr
    assert declined.returncode == 1
    assert "nothing was frozen" in declined.stderr
    assert frozen.returncode == 0, frozen.stderr
    assert "The scores are made up" in frozen.stdout
    assert f"SHA-256 {SHA}" in frozen.stdout
    receipt = json.loads(again.stdout)
    assert (receipt["rule_set_sha256"], receipt["state"]) == (SHA, "frozen")
    assert receipt["frozen_at"] in frozen.stdout
    assert team.returncode == 1
    assert "rules freeze: " in team.stderr
