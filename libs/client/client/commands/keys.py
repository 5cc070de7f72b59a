"""`dokpamo keys`: the keys by which a team signs what it commits."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from client.commands.rules.language import both, say
from client.desk import Call, Desk, Office, command
from client.two_officers import minute, tell_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules.explaining_words import Language

_CONTRACT = "dokpamo.registry.v1.TeamKeysService"
_HELP = both(
    """Keys by which a team signs what it commits; anybody can verify a checkpoint by them.

    Once a team has a key, each of its commits is signed: dokpamo push DIR --key FILE. The key stays with the team.

    dokpamo keys new upstage.pem

    dokpamo keys register upstage.pem --team upstage

    dokpamo keys retire 3f0c… --team upstage --reason "the laptop was stolen" """,
    """팀이 등록물에 서명하는 열쇠를 관리합니다. 누구나 이 열쇠로 체크포인트를 검증할 수 있습니다.

    열쇠를 등록한 팀의 등록물에는 늘 서명이 붙습니다: dokpamo push DIR --key FILE. 개인 열쇠는 팀만 보관합니다.

    dokpamo keys new upstage.pem

    dokpamo keys register upstage.pem --team upstage

    dokpamo keys retire 3f0c… --team upstage --reason "노트북 도난" """,
)
_File = Annotated[Path, typer.Argument(metavar="FILE", help=both("Private key, PEM.", "개인 열쇠(PEM)"))]
_Team = Annotated[str, typer.Option(help=both("Your team's id.", "팀 ID"))]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(name="keys", help=_HELP, no_args_is_help=True, rich_markup_mode=None)
    office = partial(command, Office("keys", "registry", _call))
    made = both("Make a key in a new file.", "새 파일에 열쇠 생성")
    group.command("new", short_help=made, help=made)(new)
    named = both("Let commits be signed with a key.", "열쇠 등록")
    office(group, "register", named, named, writes=True)(register_key)
    shown = both("Show keys, retired ones too.", "열쇠 목록(폐기 포함)")
    office(group, "list", shown, shown, writes=False)(list_keys)
    ended = both("Take no more signatures of a key; cannot be taken back.", "열쇠 폐기(되돌릴 수 없음)")
    office(group, "retire", ended, ended, writes=True)(retire)
    app.add_typer(group)


def new(file: _File) -> None:
    """Make a key in a new file that nobody else may read; print the public key."""
    from weights.signing import key_id

    from client.sdk.signing import new_key, public_pem

    try:
        public_key = new_key(file)
    except FileExistsError as error:
        raise typer.BadParameter(f"{file} exists: a key is never written over another file") from error
    print(f"{key_id(public_key)}\n{public_pem(public_key)}", end="")


def register_key(desk: Desk, file: _File, team: _Team) -> None:
    """Register a key for a team."""
    from common.auth import NotAKeyError

    from client.sdk.signing import prove
    from client.session import Caller

    try:
        public_key, proof = prove(team, file)
    except (NotAKeyError, OSError) as error:
        desk.office.fail(str(error))
    kept = desk.do(Caller.consortium(team), "RegisterKey", team_id=team, public_key=public_key, proof=proof).key
    desk.tell(kept, [_line(kept, desk.language)])


def list_keys(desk: Desk, team: Annotated[str, typer.Option(help=both("Only of this team.", "이 팀만"))] = "") -> None:
    """Show keys; anybody may."""
    found: list[Any] = []
    token = ""
    while True:
        page = desk.ask(None, "ListKeys", team_id=team, page_size=500, page_token=token)
        found += page.keys
        token = page.next_page_token
        if not token:
            break
    tell_all(desk, found, _line)


def retire(
    desk: Desk,
    key: Annotated[str, typer.Argument(metavar="KEY", help=both("Id of the key.", "열쇠 ID"))],
    team: _Team,
    reason: Annotated[str, typer.Option(help=both("Why; everyone may read it.", "사유, 누구나 읽을 수 있음"))],
) -> None:
    """Take no more signatures of a key."""
    from client.session import Caller

    kept = desk.do(Caller.consortium(team), "RetireKey", team_id=team, key_id=key, reason=reason).key
    desk.tell(kept, [_line(kept, desk.language)])


def _call() -> Call:
    from client.sdk import calls

    called: Callable[..., Any] = partial(calls.called, _CONTRACT)
    return called


def _line(key: Any, language: Language) -> str:
    told = f"{key.key_id}  {key.team_id}  {say(language, 'since', '등록')} {minute(key.registered_at)}"
    if key.HasField("retired_at"):
        told += f"  {say(language, 'retired', '폐기')} {minute(key.retired_at)}: {key.retired_reason}"
    return told
