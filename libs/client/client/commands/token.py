"""`dokpamo token`: a token of the running stack's development issuer, for trying the APIs out in any role."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer


class Role(StrEnum):
    """In whose name calls can be made."""

    STAFF = "staff"
    AUDITOR = "auditor"
    CONSORTIUM = "consortium"
    ASSESSOR = "assessor"
    TESTING_BODY = "testing_body"
    PIPELINE = "pipeline"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("token")(token)


def token(
    role: Annotated[Role, typer.Argument(help="In which role. 역할")],
    team: Annotated[str | None, typer.Option(help="For which team, as a consortium. 팀")] = None,
    person: Annotated[str | None, typer.Option(help="Who; default: the role's name. 사람 ID")] = None,
    minutes: Annotated[int, typer.Option(min=1, max=60, help="How long it is good. 유효 시간(분)")] = 60,
) -> None:
    """Print a token for the running stack, to try its APIs out in any role. 실행 중인 스택의 시험용 토큰을 출력한다.

    The stack's commands need none. It is for those that take DOKPAMO_TOKEN and for gRPC of your own:
    export DOKPAMO_TOKEN=$(dokpamo token consortium --team nc-ai)
    """
    from common.auth import DevelopmentIssuer

    from client.stack.addresses import NoStackError, load

    if (role is Role.CONSORTIUM) != (team is not None):
        raise typer.BadParameter("a consortium, and nobody else, speaks for a team", param_hint="--team")
    try:
        key = load().service_key
    except NoStackError as error:
        print(f"token: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    subject = person or (f"member:{team}" if team else role.value)
    with redirect_stdout(sys.stderr):
        issuer = DevelopmentIssuer(key)
    print(issuer.issue(subject, [role.value], team, timedelta(minutes=minutes)))
