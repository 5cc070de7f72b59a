"""`dokpamo objections file | evidence | reply | withdraw | case`: what the sides of a proceeding do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from client.commands.objections.desk import Desk, command, text_of
from client.commands.objections.reading import Proceeding, tell
from client.commands.rules.language import both

if TYPE_CHECKING:
    from client.sdk.objections import Evidence
    from client.session import Caller

_Stage = Annotated[str, typer.Argument(metavar="STAGE", help=both("The stage.", "단계"))]
_Team = Annotated[str, typer.Option(help=both("Your team's id.", "팀 ID"))]
_OwnTeam = Annotated[
    str, typer.Option(help=both("Your team's id; without it you act for the programme.", "팀 ID, 없으면 담당자로서"))
]
_Ground = Annotated[str, typer.Option(help=both("Code of the ground: `objections grounds`.", "사유 코드"))]
_Statement = Annotated[str, typer.Option(help=both("What is objected or alleged, or @FILE.", "주장 내용 또는 @파일"))]
_Reason = Annotated[str, typer.Option(help=both("Why.", "사유"))]


def register(group: typer.Typer) -> None:
    """Add the commands."""
    command(
        group,
        "file",
        both("Object to a decision, as a team.", "이의제기(팀)"),
        both(
            """Object to the decision of a stage, within its window.

            Evidence stays where it is: its name, size and SHA-256 are filed. All files are hashed before anything is
            sent; a repetition under the same --request-id goes on where it was.

            dokpamo objections file stage-1 --team naver-cloud --ground not-considered --statement @objection.txt
            --evidence "training-log.pdf=weights before the first step" """,
            """이의제기 기간 안에 단계의 결정에 이의를 제기합니다.

            증거 파일은 보내지 않고 이름, 크기, SHA-256만 제출합니다. 모든 파일의 해시를 구한 뒤에 제출하며, 같은
            --request-id로 되풀이하면 하던 데서 이어집니다.

            dokpamo objections file stage-1 --team naver-cloud --ground not-considered --statement @objection.txt
            --evidence "training-log.pdf=학습 전 가중치 기록" """,
        ),
        writes=True,
    )(file)
    command(
        group,
        "evidence",
        both("Add evidence.", "증거 추가"),
        both(
            """Add a file as evidence until the panel has found; its name, size and SHA-256 are filed, not its bytes.

            dokpamo objections evidence stage-1-objection-1 log.pdf --team naver-cloud --shows "the first step" """,
            """심의위원회가 판단하기 전까지 증거를 추가합니다. 파일의 이름, 크기, SHA-256만 제출됩니다.

            dokpamo objections evidence stage-1-objection-1 log.pdf --team naver-cloud --shows "첫 단계" """,
        ),
        writes=True,
    )(evidence)
    command(
        group,
        "reply",
        both("Reply as the other side.", "답변"),
        both(
            """Reply as the other side: staff to an objection, the team to a case (--team).

            dokpamo objections reply stage-1-objection-1 --text "the logs were examined" """,
            """상대방으로서 답변합니다. 이의제기에는 담당자가, 조사 건에는 팀이(--team) 답변합니다.

            dokpamo objections reply stage-1-objection-1 --text "로그를 검토하였음" """,
        ),
        writes=True,
    )(reply)
    command(
        group,
        "withdraw",
        both("Take it back before the panel has found.", "철회"),
        both(
            "Take an objection back as its team (--team), or a case as staff, before the panel has found.",
            "심의위원회가 판단하기 전에 이의제기를 팀으로서(--team), 조사 건을 담당자로서 철회합니다.",
        ),
        writes=True,
    )(withdraw)
    command(
        group,
        "case",
        both("Allege something about a team.", "조사 건 제기"),
        both(
            """Allege something about a team, as staff or as an assessor of the stage (--by).

            dokpamo objections case stage-1 --team nc-ai --ground licence --statement "the tokenizer's licence" """,
            """담당자로서 또는 그 단계의 평가자로서(--by) 팀에 대한 조사 건을 제기합니다.

            dokpamo objections case stage-1 --team nc-ai --ground licence --statement "토크나이저 라이선스" """,
        ),
        writes=True,
    )(case)


def file(
    desk: Desk,
    stage: _Stage,
    team: _Team,
    ground: _Ground,
    statement: _Statement,
    version: Annotated[
        int, typer.Option(min=0, help=both("Version of the decision; 0: the one that counts.", "결정 판, 0은 현재 판"))
    ] = 0,
    evidence: Annotated[
        list[str] | None,
        typer.Option(help=both("FILE or FILE=what it shows; repeat for more.", "파일 또는 파일=설명, 여러 번 가능")),
    ] = None,
) -> None:
    """Object to a decision."""
    from client.sdk.objections import current_version, filed

    said = text_of(statement, "--statement")
    files = [_evidence(*_named(each), "--evidence") for each in evidence or []]
    access = desk.access(_team(team))
    counts = version or desk.answered(current_version(access, stage))
    fields = {
        "stage_id": stage,
        "team_id": team,
        "decision_version": counts,
        "ground": ground,
        "statement": said,
    }
    tell(desk, desk.answered(filed(access, fields, files, desk.request_id)))


def evidence(
    desk: Desk,
    proceeding: Proceeding,
    path: Annotated[Path, typer.Argument(metavar="FILE", help=both("The file.", "파일"))],
    shows: Annotated[str, typer.Option(help=both("What it shows.", "무엇을 보여 주는지"))],
    reference: Annotated[
        str, typer.Option(help=both("Where others find it; default: its name.", "찾을 수 있는 곳, 기본값은 파일 이름"))
    ] = "",
    team: _OwnTeam = "",
) -> None:
    """Add evidence."""
    from client.sdk.objections import added

    item = _evidence(path, shows, "FILE", reference)
    work = added(desk.access(_side(team)), proceeding, team, item, desk.request_id)
    number = desk.answered(work)
    told = {"proceeding_id": proceeding, "number": number, "sha256": item.sha256, "size_bytes": item.size_bytes}
    desk.tell(told, [f"{proceeding}  {number}. {item.reference} ({item.size_bytes} B, SHA-256 {item.sha256})"])


def reply(
    desk: Desk,
    proceeding: Proceeding,
    text: Annotated[str, typer.Option(help=both("The reply, or @FILE.", "답변 내용 또는 @파일"))],
    team: _OwnTeam = "",
) -> None:
    """Reply."""
    said = text_of(text, "--text")
    tell(desk, desk.do(_side(team), "Reply", proceeding_id=proceeding, team_id=team, text=said).proceeding)


def withdraw(desk: Desk, proceeding: Proceeding, reason: _Reason, team: _OwnTeam = "") -> None:
    """Take a proceeding back."""
    fields = {"proceeding_id": proceeding, "team_id": team, "reason": reason}
    tell(desk, desk.do(_side(team), "WithdrawProceeding", **fields).proceeding)


def case(
    desk: Desk,
    stage: _Stage,
    team: Annotated[str, typer.Option(help=both("The team that it is about.", "대상 팀"))],
    ground: _Ground,
    statement: _Statement,
    by: Annotated[
        str,
        typer.Option(help=both("The assessor who alleges it; default: staff.", "제기하는 평가자, 없으면 담당자")),
    ] = "",
) -> None:
    """Open a case."""
    from client.session import Caller

    fields = {"stage_id": stage, "team_id": team, "ground": ground, "alleged_by": by}
    caller = Caller.assessor(by) if by else Caller.staff()
    made = desk.do(caller, "OpenCase", statement=text_of(statement, "--statement"), **fields)
    tell(desk, made.proceeding)


def _named(given: str) -> tuple[Path, str]:
    """The file of `FILE=what it shows`, and what it shows: by default its name."""
    name, _, shows = given.partition("=")
    path = Path(given) if Path(given).is_file() else Path(name)
    return path, shows if path == Path(name) and shows else path.name


def _evidence(path: Path, shows: str, option: str, reference: str = "") -> Evidence:
    from client.sdk.objections import Evidence

    try:
        found = Evidence.of(path, shows, reference)
    except OSError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error
    if not found.size_bytes:
        raise typer.BadParameter(f"{path} is empty", param_hint=option)
    return found


def _team(team: str) -> Caller:
    from client.session import Caller

    return Caller.consortium(team)


def _side(team: str) -> Caller:
    """A team, or staff for the programme."""
    from client.session import Caller

    return _team(team) if team else Caller.staff()
