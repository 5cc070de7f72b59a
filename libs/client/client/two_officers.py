"""What the notary's commands have in common: one officer asks for a reason, another confirms within 14 days."""

from __future__ import annotations

from datetime import UTC, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from client.commands.rules.language import both, say
from client.desk import Call, Desk, Office, command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rules.explaining_words import Language

    from client.session import Caller

__all__ = ["ActId", "Desk", "Event", "Officer", "Reason", "commands_of", "everything", "minute", "officer", "state_of",
           "tell_all"]  # fmt: skip

Reason = Annotated[str, typer.Option(help=both("Why; everyone may read it.", "사유, 누구나 읽을 수 있음"))]
Officer = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="OFFICER",
        help=both(
            "Which officer speaks, on the running stack; elsewhere the token says it.",
            "실행 중인 스택에서 어느 담당자로 할지, 다른 곳에서는 토큰이 정함",
        ),
    ),
]
ActId = Annotated[str, typer.Argument(metavar="REQUEST", help=both("Id of the request.", "요청 ID"))]
Event = Annotated[
    str, typer.Argument(metavar="EVENT", help=both("Id of the entry's event (UUID).", "기록 항목의 이벤트 ID(UUID)"))
]
LAPSES_AFTER: Final = timedelta(days=14)


def _call() -> Call:
    from client.sdk.notary import called

    return called


def commands_of(group: str) -> Callable[..., Callable[[Callable[..., None]], Callable[..., None]]]:
    """What adds a command to a group that speaks with the notary."""
    return partial(command, Office(group, "notary", _call))


def officer(name: str) -> Caller:
    """A member of staff by name."""
    from client.session import Caller

    return Caller.staff(name)


def everything(desk: Desk, caller: Caller | None, rpc: str, member: str) -> list[Any]:
    """All that an RPC lists."""
    from client.sdk.notary import listed

    return desk.answered(listed(desk.access(caller), rpc, member))  # type: ignore[no-any-return] # messages


def tell_all(desk: Desk, found: Iterable[Any], line: Callable[[Any, Language], str]) -> None:
    """Print what was found: a line each, or JSON."""
    from client.desk import as_document

    each = list(found)
    nothing = say(desk.language, "nothing", "없음")
    desk.tell({"found": [as_document(one) for one in each]}, [line(one, desk.language) for one in each] or [nothing])


def state_of(act: Any, language: Language) -> str:
    """Who asked for an act and when, who confirmed it, or until when somebody else can."""
    asked = f"{act.requested_by} {minute(act.requested_at)}"
    if act.confirmed_by:
        done = f"{act.confirmed_by} {minute(act.confirmed_at)}"
        return say(language, f"asked {asked}, confirmed {done}", f"요청 {asked}, 확인 {done}")
    until = (act.requested_at.ToDatetime(UTC) + LAPSES_AFTER).astimezone(_seoul()).isoformat(timespec="minutes")
    return say(
        language,
        f"asked {asked}, waits for another officer until {until}",
        f"요청 {asked}, {until}까지 다른 담당자의 확인 대기",
    )


def minute(stamp: Any) -> str:
    """An instant in Seoul, to the minute."""
    return str(stamp.ToDatetime(UTC).astimezone(_seoul()).isoformat(timespec="minutes"))


def _seoul() -> Any:
    from common.clock import SEOUL

    return SEOUL
