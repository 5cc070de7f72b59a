"""`dokpamo objections grounds | list | show`: what can be objected, and how proceedings stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from client.commands.objections.desk import Desk, command
from client.commands.rules.language import both

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dokpamo.selection.v1 import objections_pb2 as pb

    from client.session import Caller

Proceeding = Annotated[
    str, typer.Argument(metavar="PROCEEDING", help=both("Id of the proceeding.", "이의제기 또는 조사 건의 ID"))
]
_As = Annotated[
    str,
    typer.Option(
        "--as",
        help=both(
            "Whose eyes: staff, public, team:ID or person:ID; default: your token's, staff's on the running stack.",
            "누구로서 볼지: staff, public, team:ID, person:ID. 기본값은 토큰의 주인, 실행 중인 스택에서는 담당자",
        ),
    ),
]


def register(group: typer.Typer) -> None:
    """Add the commands."""
    command(
        group,
        "grounds",
        both("The closed list of grounds.", "사유 목록"),
        both(
            "Show what can be objected, and what can be alleged.",
            "이의제기와 조사 건의 사유 목록을 보여 줍니다.",
        ),
        writes=False,
    )(grounds)
    command(
        group,
        "list",
        both("Proceedings in order of filing.", "목록"),
        both(
            """Show proceedings in order of filing, a page at a time.

            dokpamo objections list --stage stage-1 --open""",
            """접수 순서로 한 쪽씩 보여 줍니다.

            dokpamo objections list --stage stage-1 --open""",
        ),
        writes=False,
    )(list_proceedings)
    command(
        group,
        "show",
        both("One proceeding, whole.", "하나를 자세히"),
        both(
            """Show one proceeding as far as the reader may see it.

            dokpamo objections show stage-1-objection-1 --as team:naver-cloud""",
            """보는 사람에게 허용된 만큼 하나를 보여 줍니다.

            dokpamo objections show stage-1-objection-1 --as team:naver-cloud""",
        ),
        writes=False,
    )(show)


def grounds(desk: Desk) -> None:
    """Show the closed list of grounds."""
    from client.commands.objections.words import word

    answer = desk.ask(None, "ListGrounds")
    korean = desk.language == "ko"
    width = max((len(each.ground) for each in answer.grounds), default=0)
    desk.tell(
        answer,
        (
            f"{word(each.kind, desk.language)}  {each.ground:<{width}}  {each.title_ko if korean else each.title_en}"
            for each in answer.grounds
        ),
    )


def list_proceedings(
    desk: Desk,
    stage: Annotated[str, typer.Option(help=both("Only this stage.", "이 단계만"))] = "",
    open_only: Annotated[bool, typer.Option("--open", help=both("Only open ones.", "진행 중인 것만"))] = False,
    limit: Annotated[int, typer.Option(min=1, max=500, help=both("So many.", "개수"))] = 50,
    page: Annotated[str, typer.Option(help=both("Where the last page ended.", "앞 쪽이 끝난 곳"))] = "",
    reader: _As = "",
) -> None:
    """Show proceedings in order of filing."""
    from client.commands.objections.showing import line
    from client.commands.objections.words import word

    who = _reader(desk, reader)
    answer = desk.ask(
        who, "ListProceedings", stage_id=stage, open_only=open_only, page_size=limit, page_token=page
    )  # fmt: skip
    titles = _titles(desk)
    told = [line(each, titles, desk.language) for each in answer.proceedings] or [word("nothing", desk.language)]
    if answer.next_page_token:
        told.append(f"{word('more', desk.language)}: --page {answer.next_page_token}")
    desk.tell(answer, told)


def show(desk: Desk, proceeding: Proceeding, reader: _As = "") -> None:
    """Show one proceeding."""
    answer = desk.ask(_reader(desk, reader), "GetProceeding", proceeding_id=proceeding)
    tell(desk, answer.proceeding)


def tell(desk: Desk, found: pb.Proceeding) -> None:
    """Print a proceeding."""
    from client.commands.objections.showing import lines

    desk.tell(found, () if desk.as_json else lines(found, _titles(desk), desk.language))


def _reader(desk: Desk, reader: str) -> Caller | None:
    """Who reads: "staff", "public", "team:ID" or "person:ID"; whoever tries the running stack out sees all of it."""
    from client.session import Caller

    if not reader:
        return None if desk.address else Caller.staff()
    role, _, name = reader.partition(":")
    match role, bool(name):
        case "staff", _:
            return Caller.staff(name or "staff")
        case "public", False:
            return None
        case "team", True:
            return Caller.consortium(name)
        case "person", True:
            return Caller.assessor(name)
        case _:
            raise typer.BadParameter("must be staff, public, team:ID or person:ID", param_hint="--as")


def _titles(desk: Desk) -> Mapping[str, pb.Ground]:
    return {f"{each.kind}/{each.ground}": each for each in desk.ask(None, "ListGrounds").grounds}
