"""`dokpamo licence`: read of a licence, and accept it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from client.commands.rules.language import both, say
from client.desk import Desk, command
from client.release_words import OFFICE, lines_of

if TYPE_CHECKING:
    from client.sdk.references import Reference
    from client.session import Caller

_HELP = both(
    """Licences of gated models: who accepts one reads the model.

    dokpamo licence show upstage/solar

    dokpamo licence accept upstage/solar

    export HF_TOKEN=$(dokpamo token consortium --team kt)""",
    """이용허락에 동의하면 제한 공개 모델을 받을 수 있습니다.

    dokpamo licence show upstage/solar

    dokpamo licence accept upstage/solar

    export HF_TOKEN=$(dokpamo token consortium --team kt)""",
)
_Model = Annotated[str, typer.Argument(metavar="TEAM/MODEL[@VERSION]", help=both("Which model.", "대상 모델"))]
_Team = Annotated[
    str,
    typer.Option(
        envvar="DOKPAMO_TEAM",
        help=both("Your own team; default: as staff. A token says who you are by itself.", "내 팀, 기본값은 담당자"),
    ),
]
_Text = Annotated[
    str,
    typer.Option(
        "--sha256",
        metavar="SHA256",
        help=both("SHA-256 of the text that you have read; default: you are asked.", "읽은 전문의 SHA-256"),
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(name="licence", help=_HELP, no_args_is_help=True, rich_markup_mode=None)
    shown = both("Show under which licence a model is released.", "이용허락 조회")
    command(OFFICE, group, "show", shown, shown, writes=False)(show)
    taken = both("Accept the licence of a model in your own name.", "이용허락에 동의")
    command(OFFICE, group, "accept", taken, taken, writes=True)(accept)
    app.add_typer(group)


def show(desk: Desk, model: _Model, team: _Team = "") -> None:
    """Show a release with its licence."""
    found = _found(desk, model, _caller(team))
    desk.tell(found.release, [*lines_of(found.release, desk.language), *_where(desk, found.release)])


def accept(desk: Desk, model: _Model, sha256: _Text = "", team: _Team = "") -> None:
    """Accept a licence, of which the text's SHA-256 is kept with who accepts it and when."""
    caller = _caller(team)
    release = _found(desk, model, caller).release
    if not release.gated:
        desk.tell(release, [say(desk.language, "everybody reads it: nothing to accept", "누구나 받을 수 있음")])
        return
    if not sha256:
        print("\n".join([*lines_of(release, desk.language), *_where(desk, release)]), file=sys.stderr)
        asked = say(desk.language, "Have you read the text, and do you accept it?", "전문을 읽었으며 동의하십니까?")
        typer.confirm(asked, abort=True, err=True)
    done = desk.do(
        caller,
        "AcceptLicence",
        team_id=release.team_id,
        model=release.model,
        licence_sha256=sha256 or release.licence_sha256,
    )
    desk.tell(done, [say(desk.language, "accepted", "동의함")])


def _found(desk: Desk, model: str, caller: Caller) -> Any:
    named = _named(model)
    revision = f"v{named.version}" if named.version else ""
    return desk.ask(caller, "GetRelease", team_id=named.team, model=named.model, revision=revision)


def _named(model: str) -> Reference:
    from client.registry_desk import reference

    named = reference(model)
    if not named.model:
        raise typer.BadParameter(f"{model!r} is no TEAM/MODEL", param_hint="TEAM/MODEL")
    return named


def _where(desk: Desk, release: Any) -> list[str]:
    if not release.licence_path:
        return []
    path = f"/{release.team_id}/{release.model}/resolve/v{release.version}/{release.licence_path}"
    return [say(desk.language, f"read the text at $HF_ENDPOINT{path}", f"전문: $HF_ENDPOINT{path}")]


def _caller(team: str) -> Caller:
    from client.session import Caller

    return Caller.consortium(team) if team else Caller.staff()
