"""`dokpamo examination`: what a committed checkpoint's weights were found to be like, for its team, staff and panel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from client.commands.rules.language import both, say
from client.desk import Desk, as_document
from client.registry_desk import Ref, Team, caller, command, reference, registry, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dokpamo.registry.v1 import examinations_pb2 as pb
    from rules.explaining_words import Language

_HELP = both(
    """Show what the weights of a committed checkpoint were found to be like.

    It is examined by itself after its commit, against its own parents and a catalogue of known models, component by
    component. It never says "original": that is for a panel, with logs, data and checkpoints.

    dokpamo examination upstage/solar@2

    dokpamo examination upstage/solar@2 --html report.html --lang ko""",
    """등록된 체크포인트의 가중치가 무엇과 닮았는지 보여줍니다.

    등록되면 저절로 검사하며, 자체 부모 모델과 알려진 모델 목록에 대해 구성 요소별로 비교합니다. "독자적"이라고는
    결코 말하지 않습니다. 그것은 로그, 데이터, 체크포인트를 함께 보는 패널의 몫입니다.

    dokpamo examination upstage/solar@2

    dokpamo examination upstage/solar@2 --html report.html --lang ko""",
)
_Number = Annotated[
    int, typer.Option("--number", min=0, help=both("Which examination; 0: the last.", "몇 번째 검사, 0은 마지막"))
]
_Against = Annotated[
    str,
    typer.Option(
        "--against",
        help=both(
            "The report of this comparison: a parent's digest or a model of the catalogue; with --html or --json.",
            "이 비교의 보고서: 부모의 다이제스트 또는 목록의 모델, --html 또는 --json과 함께",
        ),
    ),
]
_Html = Annotated[
    Path | None,
    typer.Option("--html", help=both("Write the report as a page that can be printed.", "인쇄할 수 있는 보고서 저장")),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command("examination")(app, both("Show what weights are like.", "가중치 비교 검사 조회"), _HELP)(examination)


def examination(
    desk: Desk, ref: Ref, team: Team = "", number: _Number = 0, against: _Against = "", html: _Html = None
) -> None:
    """Show an examination, or one of its reports."""
    named = reference(ref)
    asks = team or named.team

    async def work() -> tuple[pb.Examination, dict[str, Any] | None]:
        from client.sdk.examinations import found, report

        async with registry(desk, asks) as client:
            digest = (await named.resolve(client, asks)).checkpoint_digest
        access = desk.access(caller(asks))
        examined = await found(access, digest, team_id=asks, number=number)
        wanted = against or (examined.reports[0].against if html and len(examined.reports) == 1 else "")
        if wanted and wanted not in {each.against for each in examined.reports}:
            raise typer.BadParameter(_choice(examined), param_hint="--against")
        return examined, await report(access, examined, wanted, team_id=asks) if wanted else None

    examined, whole = run(desk, work())
    if html:
        if whole is None:
            raise typer.BadParameter(_choice(examined), param_hint="--against")
        from originality.folders.page import page
        from originality.folders.reading import report_of

        html.write_text(page(report_of(whole), desk.language), "utf-8")
    desk.tell(whole or as_document(examined), _lines(examined, desk.language))


def _choice(examined: pb.Examination) -> str:
    return "one of: " + (", ".join(each.against for each in examined.reports) or "none")


def _lines(examined: pb.Examination, language: Language) -> Iterator[str]:
    from dokpamo.registry.v1 import examinations_pb2 as pb
    from originality import Finding
    from originality.folders.words import finding_said

    states = {
        pb.EXAMINATION_STATE_QUEUED: say(language, "to come or under way", "대기 중이거나 진행 중"),
        pb.EXAMINATION_STATE_DONE: say(language, "done", "완료"),
        pb.EXAMINATION_STATE_NOT_MADE: say(language, "not made", "검사하지 못함"),
    }
    number = say(language, "examination", "검사")
    yield f"{examined.checkpoint_digest}  {number} {examined.number}: {states[examined.state]}"
    if examined.reason:
        yield f"  {examined.reason}"
    kinds = {
        pb.AGAINST_KIND_OWN_PARENT: say(language, "own parent", "자체 부모"),
        pb.AGAINST_KIND_REFERENCE: say(language, "known model", "알려진 모델"),
    }
    for each in examined.reports:
        named = [
            f"{finding_said(Finding(finding), language)} {count}" for finding, count in sorted(each.findings.items())
        ]
        counts = ", ".join(named)
        yield f"  {kinds[each.kind]} {each.against}: {counts or say(language, 'nothing to compare', '비교할 것 없음')}"
        yield f"    SHA-256 {each.report_sha256}"
    if examined.state == pb.EXAMINATION_STATE_DONE:
        if not examined.reports:
            nothing = say(language, "no own parent and no known model to compare", "비교할 모델이 없음")
            yield f"  {nothing}"
        yield "  " + say(
            language,
            "No finding says that a model is original: logs, data, checkpoints and a panel do.",
            "어떤 결과도 모델이 독자적이라고 말하지 않습니다. 로그, 데이터, 체크포인트와 패널이 판단합니다.",
        )
