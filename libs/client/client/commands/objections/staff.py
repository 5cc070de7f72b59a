"""`dokpamo objections admit | reject | originals | seat | order | carry-out`: what staff do with a proceeding."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from client.commands.objections.desk import Desk, command
from client.commands.objections.documents import request_of
from client.commands.objections.reading import Proceeding, tell
from client.commands.rules.language import both

if TYPE_CHECKING:
    from client.session import Caller

_Reason = Annotated[str, typer.Option(help=both("Why.", "사유"))]


def register(group: typer.Typer) -> None:
    """Add the commands."""
    command(
        group,
        "admit",
        both("Admit it, as staff.", "수리(담당자)"),
        both(
            """Admit a proceeding: the other side then has --reply-days to reply.

            dokpamo objections admit stage-1-objection-1 --reason "in time, on a ground of the list" """,
            """수리합니다. 상대방은 --reply-days 안에 답변할 수 있습니다.

            dokpamo objections admit stage-1-objection-1 --reason "기간 안에 정해진 사유로 제기됨" """,
        ),
        writes=True,
    )(admit)
    command(
        group,
        "reject",
        both("Do not admit it, as staff.", "각하(담당자)"),
        both("Reject a proceeding as inadmissible: it is closed.", "각하합니다. 그것으로 종결됩니다."),
        writes=True,
    )(reject)
    command(
        group,
        "originals",
        both("Say who measured or judged, as staff.", "원 평가자 기록(담당자)"),
        both(
            """Record who stood behind measurements or a panel's minute: they are barred from fresh panels.

            dokpamo objections originals stage-1 nia lee park""",
            """측정값이나 회의록 뒤에 있던 사람을 기록합니다. 이들은 새 심의위원회에서 제척됩니다.

            dokpamo objections originals stage-1 nia lee park""",
        ),
        writes=True,
    )(originals)
    command(
        group,
        "seat",
        both("Seat a fresh panel, as staff.", "심의위원회 구성(담당자)"),
        both(
            """Seat a fresh panel, or for a --reason another one in its place. Who scored, measured or judged is barred.

            dokpamo objections seat stage-1-objection-1 kim lee park --quorum 3""",
            """새 심의위원회를 구성하거나, 사유(--reason)를 들어 다른 심의위원회로 바꿉니다. 원 평가자는 제척됩니다.

            dokpamo objections seat stage-1-objection-1 kim lee park --quorum 3""",
        ),
        writes=True,
    )(seat)
    command(
        group,
        "order",
        both("Order the remedy that was found, as staff.", "조치 명령(담당자)"),
        both(
            """Order what the panel found, by a YAML or JSON file in the contract's names (OrderRemedyRequest):

            score_changes: [{source_id: nia, team_id: nc-ai, criterion: hidden-set, value: "88.1"}]

            verdict_changes: [{gate: originality, team_id: nc-ai, passed: true, reason: …, judged_by: 10}]

            or, for a re-score, fresh: [{source_id: expert-panel, scorer_ids: [kim, lee, …]}]""",
            """심의위원회의 판단을 YAML 또는 JSON 파일로 명령합니다(OrderRemedyRequest의 이름 그대로):

            score_changes: [{source_id: nia, team_id: nc-ai, criterion: hidden-set, value: "88.1"}]

            verdict_changes: [{gate: originality, team_id: nc-ai, passed: true, reason: …, judged_by: 10}]

            재평가라면 fresh: [{source_id: expert-panel, scorer_ids: [kim, lee, …]}]""",
        ),
        writes=True,
    )(order)
    command(
        group,
        "carry-out",
        both("Carry out a re-score that waited, as staff.", "보류된 재평가 집행(담당자)"),
        both(
            "Carry out a re-score that waited for something else, such as a verdict or the seed of a lot.",
            "다른 것(판정, 추첨 씨앗값 등)을 기다리던 재평가를 집행합니다.",
        ),
        writes=True,
    )(carry_out)


def admit(
    desk: Desk,
    proceeding: Proceeding,
    reason: _Reason,
    reply_days: Annotated[int, typer.Option(min=0, max=30, help=both("5 to 30; 0: 10.", "5~30일, 0은 10일"))] = 0,
) -> None:
    """Admit a proceeding."""
    _ruled(desk, proceeding, admitted=True, reason=reason, reply_days=reply_days)


def reject(desk: Desk, proceeding: Proceeding, reason: _Reason) -> None:
    """Reject a proceeding."""
    _ruled(desk, proceeding, admitted=False, reason=reason, reply_days=0)


def _ruled(desk: Desk, proceeding: str, *, admitted: bool, reason: str, reply_days: int) -> None:
    fields = {"proceeding_id": proceeding, "admitted": admitted, "reason": reason, "reply_days": reply_days}
    tell(desk, desk.do(_staff(), "RuleOnAdmission", **fields).proceeding)


def originals(
    desk: Desk,
    stage: Annotated[str, typer.Argument(metavar="STAGE", help=both("The stage.", "단계"))],
    source: Annotated[str, typer.Argument(metavar="SOURCE", help=both("Source or gate.", "점수 출처 또는 관문"))],
    people: Annotated[list[str], typer.Argument(metavar="PERSON...", help=both("Who it was.", "사람 ID"))],
) -> None:
    """Record original assessors."""
    from client.commands.objections.words import word

    fields = {"stage_id": stage, "source_id": source, "person_ids": people}
    answer = desk.do(_staff(), "RecordOriginalAssessors", **fields)
    left = ", ".join(answer.unknown)
    known = word("all_known", desk.language)
    desk.tell(answer, [f"{word('unknown_originals', desk.language)}: {left}" if left else known])


def seat(
    desk: Desk,
    proceeding: Proceeding,
    people: Annotated[list[str], typer.Argument(metavar="PERSON...", help=both("Who sits.", "위원 ID"))],
    quorum: Annotated[int, typer.Option(min=0, help=both("How many must find; 0: all.", "정족수, 0은 전원"))] = 0,
    reason: Annotated[str, typer.Option(help=both("Why another panel.", "다른 심의위원회로 바꾸는 사유"))] = "",
) -> None:
    """Seat a panel."""
    fields = {"proceeding_id": proceeding, "member_ids": people, "quorum": quorum, "reason": reason}
    tell(desk, desk.do(_staff(), "SeatPanel", **fields).proceeding)


def order(
    desk: Desk,
    proceeding: Proceeding,
    path: Annotated[Path, typer.Argument(metavar="FILE", help=both("What is ordered.", "명령 파일"))],
    reason: Annotated[str, typer.Option(help=both("How it follows from the finding.", "판단에서 나온 근거"))],
) -> None:
    """Order a remedy."""
    fields = request_of(path, "OrderRemedy", {"score_changes", "verdict_changes", "fresh"})
    fields |= {"proceeding_id": proceeding, "reason": reason}
    tell(desk, desk.do(_staff(), "OrderRemedy", **fields).proceeding)


def carry_out(desk: Desk, proceeding: Proceeding) -> None:
    """Carry out a re-score that waited."""
    tell(desk, desk.do(_staff(), "CarryOutRemedy", proceeding_id=proceeding).proceeding)


def _staff() -> Caller:
    from client.session import Caller

    return Caller.staff()
