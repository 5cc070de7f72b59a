"""`dokpamo withhold`: withhold the content of an entry of the log, as where a court orders it, and give it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from client.commands.rules.language import both, say
from client.two_officers import (
    ActId,
    Desk,
    Event,
    Officer,
    Reason,
    commands_of,
    everything,
    officer,
    state_of,
    tell_all,
)

if TYPE_CHECKING:
    from rules.explaining_words import Language

_HELP = both(
    """Withhold an entry of the public log, or give it back: two officers, for a reason that everyone may read.

    Its hash stays, so that every proof holds, and the log tells who did it and why. One officer asks, another one
    confirms within 14 days; after that the request lapses.

    dokpamo withhold request 8b0c… --reason "court order 2026-17" --as kim

    dokpamo withhold confirm 52d1… --as lee""",
    """공개 기록의 항목을 비공개하거나 되돌립니다. 담당자 두 사람이, 누구나 읽을 수 있는 사유로 합니다.

    해시는 남으므로 모든 증명이 유지되고, 누가 왜 했는지 기록에 남습니다. 한 담당자가 요청하고 다른 담당자가 14일 안에
    확인합니다. 그 뒤에는 요청이 소멸합니다.

    dokpamo withhold request 8b0c… --reason "법원 명령 2026-17" --as kim

    dokpamo withhold confirm 52d1… --as lee""",
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(name="withhold", help=_HELP, no_args_is_help=True, rich_markup_mode=None)
    command = commands_of("withhold")
    shown = both("Show what was asked for and done.", "요청과 처리 내역")
    command(group, "list", shown, shown, writes=False)(list_withholdings)
    asked = both("Ask to withhold an entry.", "비공개 요청")
    command(group, "request", asked, asked, writes=True)(request)
    back = both("Ask to give an entry back.", "공개 복원 요청")
    command(group, "restore", back, back, writes=True)(restore)
    done = both("Do what another officer asked for.", "다른 담당자의 요청 확인")
    command(group, "confirm", done, done, writes=True)(confirm)
    app.add_typer(group)


def list_withholdings(desk: Desk) -> None:
    """Show what was asked for and done; anybody may."""
    tell_all(desk, everything(desk, None, "ListWithholdings", "withholdings"), _line)


def request(desk: Desk, event: Event, reason: Reason, who: Officer = "staff") -> None:
    """Ask to withhold an entry."""
    _ask(desk, event, reason, who, "WITHHOLDING_KIND_WITHHOLD")


def restore(desk: Desk, event: Event, reason: Reason, who: Officer = "staff") -> None:
    """Ask to give an entry back."""
    _ask(desk, event, reason, who, "WITHHOLDING_KIND_RESTORE")


def confirm(desk: Desk, request: ActId, who: Officer = "staff") -> None:
    """Do what another officer asked for."""
    _tell(desk, desk.do(officer(who), "ConfirmWithholding", act_id=request).withholding)


def _ask(desk: Desk, event: str, reason: str, who: str, kind: str) -> None:
    asked = desk.do(officer(who), "RequestWithholding", event_id=event, reason=reason, kind=kind)
    _tell(desk, asked.withholding)


def _tell(desk: Desk, found: Any) -> None:
    desk.tell(found, [_line(found, desk.language)])


def _line(found: Any, language: Language) -> str:
    restores = found.kind == found.DESCRIPTOR.fields_by_name["kind"].enum_type.values_by_name[
        "WITHHOLDING_KIND_RESTORE"
    ].number  # fmt: skip
    kind = say(language, "give back", "복원") if restores else say(language, "withhold", "비공개")
    of = say(language, f"entry {found.leaf_index}", f"항목 {found.leaf_index}")
    return f"{found.act_id}  {kind}  {of} {found.event_id}  {state_of(found, language)}\n  {found.reason}"
