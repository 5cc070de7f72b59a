"""`dokpamo ls`: models, and versions of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from client.commands.rules.language import both, say
from client.desk import Desk  # noqa: TC001 - typer reads the annotation
from client.registry_desk import Team, command, instant, registry, run

if TYPE_CHECKING:
    from dokpamo.registry.v1 import service_pb2 as pb

_HELP = both(
    """Show models with their latest version, or, of a model, its versions, the newest first.

    dokpamo ls

    dokpamo ls upstage

    dokpamo ls upstage/solar""",
    """모델과 최신 버전을 보여줍니다. 모델을 지정하면 그 버전들을 최신순으로 보여줍니다.

    dokpamo ls

    dokpamo ls upstage

    dokpamo ls upstage/solar""",
)
_Which = Annotated[
    str | None, typer.Argument(metavar="TEAM[/MODEL]", help=both("Of which; default: all.", "대상, 기본값은 전체"))
]
_Limit = Annotated[int, typer.Option(min=1, help=both("At most so many lines.", "최대 줄 수"))]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command("ls")(app, both("Show models and versions.", "모델과 버전 목록"), _HELP)(ls)


def ls(desk: Desk, which: _Which = None, limit: _Limit = 100, team: Team = "") -> None:
    """Show models, or the versions of one."""
    of_team, _, model = (which or "").partition("/")

    async def work() -> tuple[list[pb.Checkpoint], bool]:
        from client.sdk.listing import checkpoints

        found: list[pb.Checkpoint] = []
        seen: set[tuple[str, str]] = set()
        async with registry(desk, team or of_team) as client:
            async for each in checkpoints(client, team_id=of_team or team, model=model):
                if not model and (each.team_id, each.model) in seen:
                    continue
                if len(found) == limit:
                    return found, True
                seen.add((each.team_id, each.model))
                found.append(each)
        return found, False

    found, more = run(desk, work())
    if not model:
        found.sort(key=lambda each: (each.team_id, each.model))
    lines = [_line(each) for each in found]
    if more:
        lines.append(say(desk.language, f"there are more: --limit {2 * limit}", f"더 있음: --limit {2 * limit}"))
    if not found:
        lines = [say(desk.language, "no checkpoint", "체크포인트 없음")]
    desk.tell({"checkpoints": [_document(each) for each in found], "more": more}, lines)


def _document(checkpoint: pb.Checkpoint) -> dict[str, Any]:
    from client.desk import as_document

    return as_document(checkpoint)


def _line(each: pb.Checkpoint) -> str:
    from client.sdk.sizes import shown

    name = f"{each.team_id}/{each.model}@{each.version}"
    outcomes = "".join(f"  {outcome.stage_id} {outcome.outcome}" for outcome in each.outcomes)
    size = f"{shown(each.size_bytes):>10}  {each.file_count:>6} files"
    return f"{name:40}  {each.checkpoint_digest[:12]}  {size}  {instant(each)}{outcomes}"
