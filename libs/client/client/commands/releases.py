"""`dokpamo releases`: what is released."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from client.commands.rules.language import both, say
from client.desk import Desk, as_document, command
from client.release_words import OFFICE, instant, readers

if TYPE_CHECKING:
    from dokpamo.registry.v1 import releases_pb2 as pb
    from rules.explaining_words import Language

_HELP = both(
    """Show what is released, the last first; anybody may. It is fetched by HTTP (docs/releases.md).

    dokpamo releases

    dokpamo releases upstage/solar""",
    """공개된 모델을 최신순으로 보여줍니다. 누구나 볼 수 있고, HTTP로 받습니다.

    dokpamo releases

    dokpamo releases upstage/solar""",
)
_Which = Annotated[
    str | None, typer.Argument(metavar="TEAM[/MODEL]", help=both("Of which; default: all.", "대상, 기본값은 전체"))
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(OFFICE, app, "releases", both("Show what is released.", "공개 목록"), _HELP, writes=False)(releases)


def releases(desk: Desk, which: _Which = None) -> None:
    """Show releases."""
    team, _, model = (which or "").partition("/")
    found: list[Any] = []
    token = ""
    while True:
        page = desk.ask(None, "ListReleases", team_id=team, model=model, page_size=500, page_token=token)
        found += page.releases
        token = page.next_page_token
        if not token:
            break
    lines = [_line(each, desk.language) for each in found]
    nothing = say(desk.language, "nothing is released", "공개된 모델 없음")
    desk.tell({"releases": [as_document(each) for each in found]}, lines or [nothing])


def _line(each: pb.Release, language: Language) -> str:
    name = f"{each.team_id}/{each.model}@{each.version}"
    return f"{name:40}  {each.checkpoint_digest[:12]}  {instant(each)}  {each.licence}  {readers(each, language)}"
