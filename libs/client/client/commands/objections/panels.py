"""`dokpamo objections find | score`: what members of a fresh panel and fresh scorers hand in."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from client.commands.objections.desk import Desk, command
from client.commands.objections.documents import request_of
from client.commands.objections.reading import Proceeding, tell
from client.commands.rules.language import both


class Remedy(StrEnum):
    """What can be found."""

    UPHOLD = "uphold"
    RECOMPUTE = "recompute"
    RESCORE = "re-score"
    NOTE = "note"


def register(group: typer.Typer) -> None:
    """Add the commands."""
    command(
        group,
        "find",
        both("Find, as a member of the panel.", "판단(심의위원)"),
        both(
            """Record what a member of the panel finds; others see it once the panel has found.

            dokpamo objections find stage-1-objection-1 uphold --member kim --reason "the logs were examined" """,
            """심의위원의 판단을 기록합니다. 다른 사람은 심의위원회가 판단한 뒤에 볼 수 있습니다.

            dokpamo objections find stage-1-objection-1 uphold --member kim --reason "로그를 검토하였음" """,
        ),
        writes=True,
    )(find)
    command(
        group,
        "score",
        both("Hand in fresh scores.", "재평가표 제출"),
        both(
            """Hand in what a re-score asked for, by a YAML or JSON file in the contract's names:

            source_id: expert-panel

            values: [{team_id: nc-ai, criterion: technology, value: "8.5"}, …]

            or gate: originality, with judgements: [{team_id: nc-ai, passed: true, reason: …}]""",
            """재평가에서 요구한 값을 YAML 또는 JSON 파일로 제출합니다:

            source_id: expert-panel

            values: [{team_id: nc-ai, criterion: technology, value: "8.5"}, …]

            관문이라면 gate: originality, judgements: [{team_id: nc-ai, passed: true, reason: …}]""",
        ),
        writes=True,
    )(score)


def find(
    desk: Desk,
    proceeding: Proceeding,
    remedy: Annotated[Remedy, typer.Argument(help=both("What must be done.", "무엇을 해야 하는지"))],
    member: Annotated[str, typer.Option(help=both("The member.", "위원 ID"))],
    reason: Annotated[str, typer.Option(help=both("Why.", "사유"))],
) -> None:
    """Find."""
    from client.session import Caller

    number = f"REMEDY_{remedy.value.replace('-', '').upper()}"
    fields = {"proceeding_id": proceeding, "member_id": member, "remedy": number, "reason": reason}
    tell(desk, desk.do(Caller.assessor(member), "SubmitFinding", **fields).proceeding)


def score(
    desk: Desk,
    proceeding: Proceeding,
    path: Annotated[Path, typer.Argument(metavar="FILE", help=both("What is handed in.", "제출 파일"))],
    scorer: Annotated[str, typer.Option(help=both("The scorer.", "평가자 ID"))],
) -> None:
    """Hand in fresh scores."""
    from client.session import Caller

    fields = request_of(path, "SubmitFreshScores", {"source_id", "gate", "values", "judgements", "provenance"})
    fields |= {"proceeding_id": proceeding, "scorer_id": scorer}
    tell(desk, desk.do(Caller.assessor(scorer), "SubmitFreshScores", **fields).proceeding)
