"""`dokpamo token`: whoever has the stack's folder can speak in any role, for an hour at most."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from client.commands import token as command
from client.stack import addresses
from common.auth import Authenticator, DevelopmentIssuer
from typer import Typer
from typer.testing import CliRunner

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def run(*arguments: str, code: int = 0) -> str:
    app = Typer()
    app.callback()(lambda: None)
    command.register(app)
    result = CliRunner().invoke(app, ["token", *arguments])
    assert result.exit_code == code, result.output
    return result.stdout.strip() if code == 0 else result.output


def test_a_token_speaks_for_the_role_the_team_and_the_person_that_were_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer = DevelopmentIssuer.create(tmp_path / "issuer.pem")
    (tmp_path / "keys.json").write_text(json.dumps(issuer.key_set()))
    stack = type("Stack", (), {"service_key": tmp_path / "issuer.pem"})
    monkeypatch.setattr(addresses, "load", lambda: stack)
    known = Authenticator(tmp_path / "keys.json", allow_development=True)
    team = known.actor(run("consortium", "--team", "nc-ai"))
    assert (team.subject, set(team.roles), team.team) == ("member:nc-ai", {"consortium"}, "nc-ai")
    judge = known.actor(run("assessor", "--person", "fresh-1", "--minutes", "5"))
    assert (judge.subject, set(judge.roles), judge.team) == ("fresh-1", {"assessor"}, None)
    pipeline = known.actor(run("pipeline", "--person", "index-watch"))
    assert (pipeline.subject, set(pipeline.roles)) == ("index-watch", {"pipeline"})


def test_only_a_consortium_speaks_for_a_team_and_without_a_stack_there_is_no_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOKPAMO_HOME", str(tmp_path / "none"))
    assert "--team" in run("staff", "--team", "nc-ai", code=2)
    assert "--team" in run("consortium", code=2)
    assert "dokpamo up" in run("staff", code=1)
    run("staff", "--minutes", "61", code=2)
