"""`dokpamo diff`: how two checkpoints differ, by file and by tensor."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from client.commands.rules.language import both, say
from client.desk import Desk  # noqa: TC001 - typer reads the annotation
from client.registry_desk import Ref, Team, command, reference, registry, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    import typer
    from dokpamo.registry.v1 import service_pb2 as pb
    from rules.explaining_words import Language

    from client.sdk.comparing import Change, Difference

_HELP = both(
    """Show how two checkpoints differ: files and tensors added (+), removed (-) and changed (~), with their bytes.

    Of the weights only headers are fetched, and tensors whose parts do not tell.

    dokpamo diff upstage/solar@1 upstage/solar@2""",
    """두 체크포인트의 차이를 보여줍니다: 더해진(+), 빠진(-), 바뀐(~) 파일과 텐서, 그리고 크기.

    가중치는 헤더와, 부분의 해시로 알 수 없는 텐서만 받습니다.

    dokpamo diff upstage/solar@1 upstage/solar@2""",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    command("diff")(app, both("Compare two checkpoints.", "체크포인트 비교"), _HELP)(diff)


def diff(desk: Desk, before: Ref, after: Ref, team: Team = "") -> None:
    """Show how two checkpoints differ."""
    named = reference(before), reference(after)
    asks = team or named[0].team or named[1].team

    async def work() -> tuple[list[pb.Checkpoint], Difference]:
        from client.sdk.comparing import compare

        async with registry(desk, asks) as client:
            found = [await each.resolve(client, asks) for each in named]
            return found, await compare(client, *found, team_id=asks)

    sides, found = run(desk, work())
    document = {
        "before": sides[0].checkpoint_digest,
        "after": sides[1].checkpoint_digest,
        "files": [asdict(each) for each in found.files],
        "tensors": [asdict(each) for each in found.tensors],
        "same_files": found.same_files,
        "same_tensors": found.same_tensors,
    }
    desk.tell(document, _lines(found, desk.language))


def _lines(found: Difference, language: Language) -> Iterator[str]:
    if not found.files:
        yield say(language, f"the same {found.same_files} files", f"파일 {found.same_files}개 모두 같음")
        return
    yield say(language, f"files ({found.same_files} the same)", f"파일(같음 {found.same_files}개)")
    for each in found.files:
        yield _line(each, "")
    if found.tensors or found.same_tensors:
        english = f"tensors of these files ({found.same_tensors} the same)"
        yield say(language, english, f"이 파일들의 텐서(같음 {found.same_tensors}개)")
    for each in found.tensors:
        like = each.before if each.before == each.after else " → ".join(filter(None, (each.before, each.after)))
        yield _line(each, f"  {like}")


def _line(each: Change, like: str) -> str:
    from client.sdk.sizes import shown

    sign = "+" if not each.before else "-" if not each.after else "~"
    sizes = [shown(size) for size, there in ((each.before_bytes, each.before), (each.after_bytes, each.after)) if there]
    size = sizes[0] if len(set(sizes)) == 1 else " → ".join(sizes)
    return f"  {sign} {each.name}{like}  {size}"
