"""`dokpamo show`: one checkpoint, whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from client.commands.rules.language import both, say
from client.desk import Desk, as_document
from client.registry_desk import Ref, Team, command, instant, reference, registry, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    import typer
    from dokpamo.registry.v1 import service_pb2 as pb
    from rules.explaining_words import Language

_HELP = both(
    """Show a checkpoint: what its team declares, its files, what was noticed, where it comes from, how stages ended.

    dokpamo show upstage/solar

    dokpamo show upstage/solar@2 --json""",
    """체크포인트를 보여줍니다: 신고 내용, 파일, 발견 사항, 계보, 단계별 결과.

    dokpamo show upstage/solar

    dokpamo show upstage/solar@2 --json""",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    command("show")(app, both("Show one checkpoint.", "체크포인트 조회"), _HELP)(show)


def show(desk: Desk, ref: Ref, team: Team = "") -> None:
    """Show a checkpoint."""
    named = reference(ref)
    asks = team or named.team

    async def work() -> tuple[pb.Checkpoint, list[pb.CheckpointFile]]:
        from client.sdk.listing import files

        async with registry(desk, asks) as client:
            found = await named.resolve(client, asks)
            return found, await files(client, found.checkpoint_digest, team_id=asks)

    checkpoint, files = run(desk, work())
    document = {"checkpoint": as_document(checkpoint), "files": [as_document(file) for file in files]}
    desk.tell(document, _lines(checkpoint, files, desk.language))


def _lines(found: pb.Checkpoint, files: list[pb.CheckpointFile], language: Language) -> Iterator[str]:
    from client.sdk.sizes import shown

    def row(english: str, korean: str, value: object) -> str:
        return f"  {say(language, english, korean):16}{value}"

    said = found.declaration
    yield f"{found.team_id}/{found.model}@{found.version}  {found.checkpoint_digest}"
    yield row("committed", "등록", instant(found))
    yield row("licence", "라이선스", said.licence)
    yield row("period", "개발 기간", said.period)
    yield row("parameters", "매개변수", f"{said.parameters:,} {said.dtype}".rstrip())
    yield row("seed", "시드", said.seed)
    if said.job_id:
        yield row("job", "학습 작업", said.job_id)
    if said.training_log_sha256:
        yield row("training log", "학습 기록", said.training_log_sha256)
    if said.initialisation_sha256:
        yield row("initial weights", "초기 가중치", said.initialisation_sha256)
    yield row("signed", "서명", found.signature.key_id or say(language, "no", "없음"))
    if found.mlflow_version:
        yield row("MLflow", "MLflow", f"{found.team_id}.{found.model} {found.mlflow_version}")
    for edge in said.lineage:
        more = [edge.share, say(language, "frozen", "고정") if edge.frozen else "", *edge.evidence]
        source = edge.parent or say(language, "nothing", "없음")
        yield row("comes from", "출처", " ".join([edge.component, edge.kind, edge.owner, source, *filter(None, more)]))
    for outcome in found.outcomes:
        yield row("stage", "단계", f"{outcome.stage_id} {outcome.outcome}")
    for finding in found.findings:
        yield row("noticed", "발견", f"{finding.code} {finding.field}: {finding.value} ({finding.rule})")
    yield row("files", "파일", f"{found.file_count}, {shown(found.size_bytes)}")
    for file in files:
        yield f"    {file.sha256[:12]}  {shown(file.size_bytes):>10}  {file.path}"
