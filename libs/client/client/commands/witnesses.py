"""`dokpamo witnesses`: who may cosign the log, and who may no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from client.commands.rules.language import both, say
from client.two_officers import (
    ActId,
    Desk,
    Officer,
    Reason,
    commands_of,
    everything,
    minute,
    officer,
    state_of,
    tell_all,
)

if TYPE_CHECKING:
    from rules.explaining_words import Language

_HELP = both(
    """Witnesses of the log, as staff: let one hand in cosignatures, or retire it for ever.

    A witness whose key was lost or stolen is retired by two officers: one asks, another one confirms within 14 days.
    What it cosigned up to then stays good. To run a witness of your own: dokpamo witness.

    dokpamo witnesses retire example.org/witness --reason "its key was stolen" --as kim

    dokpamo witnesses confirm 52d1… --as lee""",
    """기록의 증인을 관리합니다(담당자). 공동 서명을 제출하게 하거나, 영구히 그만두게 합니다.

    열쇠를 잃거나 도난당한 증인은 담당자 두 사람이 그만두게 합니다. 한 사람이 요청하고 다른 사람이 14일 안에 확인합니다.
    그때까지의 공동 서명은 유효합니다. 증인을 직접 운영하려면: dokpamo witness

    dokpamo witnesses retire example.org/witness --reason "열쇠 도난" --as kim

    dokpamo witnesses confirm 52d1… --as lee""",
)
_Name = Annotated[str, typer.Argument(metavar="NAME", help=both("Name of the witness.", "증인 이름"))]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(name="witnesses", help=_HELP, no_args_is_help=True, rich_markup_mode=None)
    command = commands_of("witnesses")
    shown = both("Show all witnesses.", "증인 목록")
    command(group, "list", shown, shown, writes=False)(list_witnesses)
    named = both("Let a witness hand in cosignatures.", "증인 등록")
    command(group, "register", named, named, writes=True)(register_witness)
    asked = both("Ask to retire a witness for ever.", "증인 종료 요청")
    command(group, "retire", asked, asked, writes=True)(retire)
    done = both("Retire a witness as another officer asked.", "다른 담당자의 종료 요청 확인")
    command(group, "confirm", done, done, writes=True)(confirm)
    shown = both("Show retirements, asked for and done.", "종료 요청과 처리 내역")
    command(group, "retirements", shown, shown, writes=False)(retirements)
    app.add_typer(group)


def list_witnesses(desk: Desk) -> None:
    """Show all witnesses; anybody may."""
    tell_all(desk, desk.ask(None, "ListWitnesses").witnesses, _witness)


def register_witness(
    desk: Desk,
    key: Annotated[str, typer.Argument(metavar="KEY", help=both("Its verifier key.", "증인의 검증 열쇠"))],
    operator: Annotated[str, typer.Option(help=both("Who runs it, in words.", "운영자"))],
    who: Officer = "staff",
) -> None:
    """Let a witness hand in cosignatures."""
    made = desk.do(officer(who), "RegisterWitness", verifier_key=key, operator=operator).witness
    desk.tell(made, [_witness(made, desk.language)])


def retire(desk: Desk, name: _Name, reason: Reason, who: Officer = "staff") -> None:
    """Ask to retire a witness."""
    asked = desk.do(officer(who), "RequestWitnessRetirement", name=name, reason=reason).retirement
    desk.tell(asked, [_retirement(asked, desk.language)])


def confirm(desk: Desk, request: ActId, who: Officer = "staff") -> None:
    """Retire a witness as another officer asked."""
    done = desk.do(officer(who), "ConfirmWitnessRetirement", act_id=request).retirement
    desk.tell(done, [_retirement(done, desk.language)])


def retirements(desk: Desk) -> None:
    """Show retirements, asked for and done; anybody may."""
    tell_all(desk, everything(desk, None, "ListWitnessRetirements", "retirements"), _retirement)


def _witness(found: Any, language: Language) -> str:
    since = say(language, "since", "등록")
    told = f"{found.verifier_key}  {found.operator}  {since} {minute(found.registered_at)}"
    if found.HasField("retired_at"):
        told += f"  {say(language, 'retired', '종료')} {minute(found.retired_at)}"
    return told


def _retirement(found: Any, language: Language) -> str:
    name = found.verifier_key.partition("+")[0]
    return f"{found.act_id}  {name}  {state_of(found, language)}\n  {found.reason}"
