"""`dokpamo examinations`: many committed checkpoints examined again. For staff."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from client import desk
from client.commands.rules.language import both, say
from client.desk import Desk, Office, as_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dokpamo.registry.v1 import examination_rounds_pb2 as pb
    from dokpamo.registry.v1 import examinations_pb2
    from rules.explaining_words import Language

_CONTRACT: Final = "dokpamo.registry.v1.ExaminationRoundService"


def _call() -> desk.Call:
    from client.sdk.calls import called

    return partial(called, _CONTRACT)


_OFFICE = Office("examinations", "registry", _call)
_Of = Annotated[
    str,
    typer.Option("--of", metavar="TEAM[/MODEL]", help=both("Of which; default: all.", "대상, 기본값은 전체")),
]
_NotAgainst = Annotated[
    str,
    typer.Option(
        "--not-against",
        metavar="ID",
        help=both(
            "Only those not examined against this model of the catalogue yet.",
            "목록의 이 모델과 아직 비교하지 않은 것만",
        ),
    ),
]
_Round = Annotated[str, typer.Argument(metavar="ROUND", help=both("Id of the round.", "회차 ID"))]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help=both("Examine many checkpoints again.", "여러 체크포인트를 다시 검사"),
        no_args_is_help=True,
    )
    app.add_typer(group, name="examinations")
    text = both(
        """Have committed checkpoints examined again, a few at a time: new ones do not wait for them.

        dokpamo examinations again --not-against llama-3.1-8b""",
        """등록된 체크포인트를 조금씩 다시 검사합니다. 새 체크포인트의 검사는 기다리지 않습니다.

        dokpamo examinations again --not-against llama-3.1-8b""",
    )
    desk.command(_OFFICE, group, "again", both("Examine again.", "다시 검사"), text, writes=True)(again)
    text = both("List rounds of examinations, the last first.", "검사 회차를 최신순으로 보여줍니다.")
    desk.command(_OFFICE, group, "list", both("List rounds.", "회차 목록"), text, writes=False)(listing)
    text = both(
        "Show how far a round is, and what could not be examined.", "회차의 진행과 검사하지 못한 것을 보여줍니다."
    )
    desk.command(_OFFICE, group, "show", both("Show a round.", "회차 조회"), text, writes=False)(show)


def again(desk: Desk, of: _Of = "", not_against: _NotAgainst = "") -> None:
    """Start a round."""
    from client.session import Caller

    team, _, model = of.partition("/")
    found: pb.ExaminationRound = desk.do(
        Caller.staff(), "StartExaminationRound", team_id=team, model=model, not_against=not_against
    ).round
    desk.tell(found, [_line(found, desk.language)])


def listing(desk: Desk) -> None:
    """List rounds."""
    found: list[pb.ExaminationRound] = _all(desk, "ListExaminationRounds", "rounds")
    lines = [_line(each, desk.language) for each in found]
    desk.tell(
        {"rounds": [as_document(each) for each in found]}, lines or [say(desk.language, "There are none.", "없음")]
    )


def show(desk: Desk, which: _Round) -> None:
    """Show a round."""
    from dokpamo.registry.v1 import examinations_pb2

    from client.session import Caller

    found: pb.ExaminationRound = desk.ask(Caller.staff(), "GetExaminationRound", round_id=which).round
    unmade: list[examinations_pb2.Examination] = _all(
        desk,
        "ListRoundExaminations",
        "examinations",
        round_id=which,
        state=examinations_pb2.EXAMINATION_STATE_NOT_MADE,
    )
    told = {**as_document(found), "not_made_examinations": [as_document(each) for each in unmade]}
    desk.tell(told, _lines(found, unmade, desk.language))


def _all(desk: Desk, rpc: str, member: str, **fields: Any) -> list[Any]:
    from client.sdk.calls import listed
    from client.session import Caller

    found: list[Any] = desk.answered(listed(_CONTRACT, desk.access(Caller.staff()), rpc, member, **fields))
    return found


def _lines(found: pb.ExaminationRound, unmade: list[examinations_pb2.Examination], language: Language) -> Iterator[str]:
    yield _line(found, language)
    for each in unmade:
        yield f"  {each.checkpoint_digest}  {each.reason}"


def _line(found: pb.ExaminationRound, language: Language) -> str:
    whose = "/".join(filter(None, (found.team_id, found.model))) or say(language, "all", "전체")
    if found.not_against:
        whose += say(language, f", not against {found.not_against}", f", {found.not_against}와 비교하지 않은 것")
    counts = [
        (say(language, "to come", "예정"), found.to_come),
        (say(language, "queued", "대기"), found.queued),
        (say(language, "made", "완료"), found.done),
        (say(language, "not made", "검사 못함"), found.not_made),
    ]
    return f"{found.round_id}  {whose}: " + ", ".join(f"{name} {count}" for name, count in counts)
