"""`dokpamo objections …` against a running selection, in the name of whoever's step it is."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from client.commands import objections as command
from typer import Typer
from typer.testing import CliRunner

from tests.builders.objection_cases import FRESH, GIVEN

if TYPE_CHECKING:
    from pathlib import Path

    from common.auth import DevelopmentIssuer


@dataclass(frozen=True)
class Commands:
    """The commands, each run with a token of its own."""

    address: str
    issuer: DevelopmentIssuer

    async def run(self, who: str, *arguments: str, code: int = 0) -> str:
        """What a command prints to "public", "staff:kim", "team:nc-ai" or "person:fresh-1"."""
        app = Typer()
        app.callback()(lambda: None)
        command.register(app)
        environment = {"DOKPAMO_SELECTION_ADDRESS": self.address, "DOKPAMO_TOKEN": self._token(who), "COLUMNS": "300"}
        # A command has an event loop of its own.
        asked = ["objections", *arguments]
        result = await asyncio.to_thread(CliRunner().invoke, app, asked, env=environment)
        assert result.exit_code == code, result.output
        return result.stdout if code == 0 else result.output

    async def json(self, who: str, *arguments: str, code: int = 0) -> Any:
        """The JSON that a command prints."""
        return json.loads(await self.run(who, *arguments, "--json", code=code))

    def _token(self, who: str) -> str:
        role, _, name = who.partition(":")
        match role:
            case "public":
                return ""
            case "team":
                return self.issuer.issue(f"member:{name}", ["consortium"], name)
            case "person":
                return self.issuer.issue(name, ["assessor"])
            case _:
                return self.issuer.issue(name, [role])


async def object_to_the_gate(commands: Commands, folder: Path) -> dict[str, Any]:
    """Naver Cloud objects, a fresh panel finds for it, and the gate's verdict is corrected: all by command."""
    log = folder / "log.txt"
    log.write_text("step 0")
    filing = ("file", "stage-1", "--team", "naver-cloud", "--ground", "not-considered", "--statement", "not heard")
    filed = await commands.json("team:naver-cloud", *filing, "--evidence", str(log))
    name = filed["proceeding_id"]
    await commands.run("staff:kim", "admit", name, "--reason", "in time")
    await commands.run("staff:lee", "reply", name, "--text", "it was")
    for source in (*sorted({each.source for each in GIVEN.measurements}), "originality"):
        await commands.run("staff:kim", "originals", "stage-1", source, "tester")
    await commands.run("staff:kim", "seat", name, *FRESH)
    for member in FRESH:
        await commands.run(f"person:{member}", "find", name, "recompute", "--member", member, "--reason", "it was not")
    order = folder / "order.yaml"
    passes = "{gate: originality, team_id: naver-cloud, passed: true, reason: its own, judged_by: 10}"
    order.write_text(f"verdict_changes: [{passes}]")
    ended: dict[str, Any] = await commands.json("staff:kim", "order", name, str(order), "--reason", "as found")
    return ended
