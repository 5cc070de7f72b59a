"""`dokpamo log`: the versions of a model and what each comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from client.commands.rules.language import both, say
from client.desk import Desk, as_document
from client.registry_desk import Team, command, instant, reference, registry, run

if TYPE_CHECKING:
    from dokpamo.registry.v1 import service_pb2 as pb
    from rules.explaining_words import Language

_HELP = both(
    """Show the versions of a model, the newest first, each with what it comes from.

    dokpamo log upstage/solar""",
    """모델의 버전을 최신순으로, 각 버전의 출처와 함께 보여줍니다.

    dokpamo log upstage/solar""",
)
_Model = Annotated[str, typer.Argument(metavar="TEAM/MODEL", help=both("Of which model.", "대상 모델"))]
_Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help=both("At most so many versions.", "최대 버전 수"))]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command("log")(app, both("Show the versions of a model.", "모델의 버전 내력"), _HELP)(log)


def log(desk: Desk, model: _Model, limit: _Limit = 50, team: Team = "") -> None:
    """Show the versions of a model, newest first."""
    named = reference(model)
    if named.digest:
        raise typer.BadParameter("a model is wanted, as team/model", param_hint="TEAM/MODEL")

    async def work() -> list[pb.Checkpoint]:
        from client.sdk.listing import checkpoints

        found: list[pb.Checkpoint] = []
        async with registry(desk, team or named.team) as client:
            async for each in checkpoints(client, team_id=named.team, model=named.model):
                if named.version and each.version > named.version:
                    continue
                found.append(each)
                if len(found) == limit:
                    break
        return found

    found = run(desk, work())
    lines = [line for each in found for line in _entry(each, desk.language)]
    missing = say(desk.language, f"{named.team}/{named.model} has no version", f"{named.team}/{named.model}: 버전 없음")
    desk.tell({"checkpoints": [as_document(each) for each in found]}, lines or [missing])


def _entry(each: pb.Checkpoint, language: Language) -> list[str]:
    from client.sdk.sizes import shown

    said = each.declaration
    lines = [
        f"{each.team_id}/{each.model}@{each.version}  {each.checkpoint_digest}",
        f"    {instant(each)}  {said.period}  {said.licence}  {shown(each.size_bytes)}",
    ]
    for edge in said.lineage:
        frozen = say(language, " frozen", " 고정") if edge.frozen else ""
        share = f" {edge.share}" if edge.share else ""
        source = edge.parent or say(language, "nothing", "없음")
        lines.append(f"    {edge.component} ({edge.kind}) ← {edge.owner} {source}{share}{frozen}")
    lines.extend(f"    {outcome.stage_id}: {outcome.outcome}" for outcome in each.outcomes)
    return [*lines, ""]
