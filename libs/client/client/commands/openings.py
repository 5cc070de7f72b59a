"""`dokpamo openings`: look at the sealed values of an entry, release them to everyone, or erase personal ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

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
    from collections.abc import Iterator

    from rules.explaining_words import Language

_HELP = both(
    """Sealed values of the public log: look at them, release them to everyone, erase personal ones.

    What is blind opens by itself once its embargo has ended. What is personal stays sealed until staff release it. On a
    person's wish two officers erase it for good: one asks, another one confirms within 14 days. Entries, tree and
    proofs never change. An opening that was erased cannot be given back.

    dokpamo openings show 8b0c…

    dokpamo openings erase 8b0c… /payload/assessor_id --reason "asked by the person" --as kim

    dokpamo openings confirm 52d1… --as lee""",
    """공개 기록의 봉인된 값을 보고, 모두에게 공개하고, 개인정보를 지웁니다.

    블라인드 값은 엠바고가 끝나면 저절로 열립니다. 개인정보는 담당자가 공개하기 전까지 봉인되어 있으며, 본인이 원하면
    담당자 두 사람이 영구히 지웁니다. 한 사람이 요청하고 다른 사람이 14일 안에 확인합니다. 항목과 트리와 증명은 바뀌지
    않습니다. 지운 값은 되돌릴 수 없습니다.

    dokpamo openings show 8b0c…

    dokpamo openings erase 8b0c… /payload/assessor_id --reason "본인 요청" --as kim

    dokpamo openings confirm 52d1… --as lee""",
)
_Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH",
        help=both("Places of the values, as `show` names them.", "값의 위치, show가 알려주는 그대로"),
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(name="openings", help=_HELP, no_args_is_help=True, rich_markup_mode=None)
    command = commands_of("openings")
    shown = both("Show the sealed values of an entry, as staff.", "항목의 봉인된 값(담당자)")
    command(group, "show", shown, shown, writes=False)(show)
    opened = both("Release values to everyone.", "모두에게 공개")
    command(group, "release", opened, opened, writes=True)(release)
    shown = both("Show erasures, asked for and done.", "삭제 요청과 처리 내역")
    command(group, "list", shown, shown, writes=False)(list_erasures)
    asked = both("Ask to erase personal values for good.", "개인정보 영구 삭제 요청")
    command(group, "erase", asked, asked, writes=True)(erase)
    done = both("Erase what another officer asked to erase.", "다른 담당자의 삭제 요청 확인")
    command(group, "confirm", done, done, writes=True)(confirm)
    app.add_typer(group)


def show(desk: Desk, event: Event, who: Officer = "staff") -> None:
    """Show the sealed values of an entry."""
    found = desk.ask(officer(who), "GetOpenings", event_id=event)
    desk.tell(found, [line for each in found.values for line in _value(each, desk.language)])


def release(desk: Desk, event: Event, paths: _Paths, reason: Reason, who: Officer = "staff") -> None:
    """Release values to everyone."""
    answer = desk.do(officer(who), "ReleaseOpenings", event_id=event, paths=paths, reason=reason)
    desk.tell(answer, [say(desk.language, "released", "공개함")])


def list_erasures(desk: Desk, who: Officer = "staff") -> None:
    """Show erasures, newest first."""
    tell_all(desk, everything(desk, officer(who), "ListErasures", "erasures"), _erasure)


def erase(desk: Desk, event: Event, paths: _Paths, reason: Reason, who: Officer = "staff") -> None:
    """Ask to erase personal values."""
    asked = desk.do(officer(who), "RequestErasure", event_id=event, paths=paths, reason=reason).erasure
    desk.tell(asked, [_erasure(asked, desk.language)])


def confirm(desk: Desk, request: ActId, who: Officer = "staff") -> None:
    """Erase what another officer asked to erase."""
    done = desk.do(officer(who), "ConfirmErasure", erasure_id=request).erasure
    desk.tell(done, [_erasure(done, desk.language)])


def _value(found: Any, language: Language) -> Iterator[str]:
    states = {"sealed": "봉인", "released": "공개", "erased": "삭제됨"}
    classes = {"blind": "블라인드", "personal": "개인정보", "blind-personal": "블라인드 개인정보"}
    state = say(language, found.state, states.get(found.state, found.state))
    yield f"{found.path}  {say(language, found.seal_class, classes.get(found.seal_class, found.seal_class))}  {state}"
    if found.value_json:
        yield f"  {json.dumps(json.loads(found.value_json), ensure_ascii=False)}"


def _erasure(found: Any, language: Language) -> str:
    paths = ", ".join(found.paths)
    return f"{found.erasure_id}  {found.event_id}  {paths}  {state_of(found, language)}\n  {found.reason}"
