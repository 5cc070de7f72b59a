"""`dokpamo objections …` against a running selection, in the name of whoever's step it is."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from client.commands import objections as command
from typer import Typer
from typer.testing import CliRunner

if TYPE_CHECKING:
    from common.auth import DevelopmentIssuer


@dataclass(frozen=True)
class Commands:
    """The commands, each run with a token of its own."""

    address: str
    issuer: DevelopmentIssuer

    async def run(self, who: str, *arguments: str, code: int = 0) -> str:
        """What a command prints to "public", "staff:kim", "team:nc-ai" or "person:fresh-1"; log lines left out."""
        app = Typer()
        app.callback()(lambda: None)
        command.register(app)
        environment = {"DOKPAMO_SELECTION_ADDRESS": self.address, "DOKPAMO_TOKEN": self._token(who)}
        # A command has an event loop of its own.
        asked = ["objections", *arguments]
        result = await asyncio.to_thread(CliRunner().invoke, app, asked, env=environment)
        assert result.exit_code == code, result.output
        return result.stdout if code == 0 else result.output

    async def json(self, who: str, *arguments: str, code: int = 0) -> Any:
        """The JSON that a command prints."""
        said = await self.run(who, *arguments, "--json", code=code)
        # A service in this process logs to the same standard output.
        return json.loads(said[min(at for at in (said.find("{\n"), said.find("[\n")) if at >= 0) :])

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
