"""`dokpamo lineage`: where a checkpoint, a model or a team's versions come from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import typer

from client import desk
from client.commands.rules.language import both, say
from client.desk import Desk, Office

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dokpamo.registry.v1 import lineage_pb2 as pb
    from rules.explaining_words import Language

_CONTRACT: Final = "dokpamo.registry.v1.LineageService"
_HELP = both(
    """Show where a checkpoint comes from and what came of it, or all versions of a team or model. Anybody may ask.

    dokpamo lineage upstage/solar

    dokpamo lineage DIGEST --json""",
    """체크포인트의 출처와 그로부터 나온 것, 또는 팀이나 모델의 모든 버전을 보여줍니다. 누구나 볼 수 있습니다.

    dokpamo lineage upstage/solar

    dokpamo lineage DIGEST --json""",
)
_What = Annotated[
    str,
    typer.Argument(
        metavar="WHAT",
        help=both("Digest, team, team/model or with @version.", "다이제스트, 팀, 팀/모델, 팀/모델@버전"),
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""

    def call() -> desk.Call:
        from client.sdk.calls import called

        return partial(called, _CONTRACT)

    office = Office("lineage", "registry", call)
    desk.command(office, app, "lineage", both("Show where models come from.", "모델의 계보 조회"), _HELP, writes=False)(
        lineage
    )


def lineage(desk: Desk, what: _What) -> None:
    """Show a graph."""
    from client.sdk.references import NotAReferenceError, Reference

    try:
        named = Reference.parse(what)
    except NotAReferenceError:
        named = Reference(team=what)
    fields = {"checkpoint_digest": named.digest} if named.digest else {"team_id": named.team, "model": named.model}
    answer: pb.GetLineageResponse = desk.ask(None, "GetLineage", **fields)
    if named.version:
        found = [each.node_id for each in answer.nodes if each.version == named.version and each.model == named.model]
        if not found:
            desk.office.fail(f"{what}: {say(desk.language, 'there is no such version', '그런 버전이 없습니다')}")
        answer = desk.ask(None, "GetLineage", checkpoint_digest=found[0])
    desk.tell(answer, _lines(answer, desk.language))


def _lines(graph: pb.GetLineageResponse, language: Language) -> Iterator[str]:
    titles = {
        each.node_id: f"{each.team_id}/{each.model}@{each.version}" if each.version else each.node_id
        for each in graph.nodes
    }
    for node in graph.nodes:
        if not node.version:
            continue
        yield f"{titles[node.node_id]}  {node.node_id}"
        for link in graph.links:
            if link.child_id == node.node_id:
                edge = link.edge
                more = [edge.share, say(language, "frozen", "고정") if edge.frozen else "", *edge.evidence]
                parent = titles.get(link.parent_id, link.parent_id)
                yield "  <- " + " ".join([parent, edge.component, edge.kind, edge.owner, *filter(None, more)])
    if not graph.nodes:
        yield say(language, "There is nothing.", "없음")
    if graph.truncated:
        yield say(language, "There is more than is shown.", "일부만 표시합니다.")
