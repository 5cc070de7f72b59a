"""`dokpamo push`: push a folder as a new version of a team's model, whole or not at all."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from client.commands.rules.language import both, say
from client.desk import Desk  # noqa: TC001 - typer reads the annotation
from client.registry_desk import Rate, command, interrupted, rate, registry, run

if TYPE_CHECKING:
    from dokpamo.registry.v1 import service_pb2 as pb

    from client.display import Display

_MODEL = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_HELP = both(
    """Push a folder as a new version of a model: config.json, *.safetensors, tokenizer, README.md.

    Each byte is read once, only what the registry lacks is sent, and the registry reads all of it before anything is
    visible. Repeat it after a crash: what has arrived is not sent again, and what was committed is that version.

    Ends with 0 once it is committed, 1 where it is refused, 130 where it is interrupted.

    dokpamo push ./solar --team upstage --model solar --parent upstage/solar""",
    """폴더를 모델의 새 버전으로 등록합니다: config.json, *.safetensors, 토크나이저, README.md.

    모든 바이트를 한 번만 읽고, 등록소에 없는 부분만 보내며, 등록소가 전부 검증한 뒤에야 보입니다. 중단되면 같은 명령을
    다시 실행하십시오. 이미 도착한 부분은 다시 보내지 않습니다.

    등록되면 0, 거부되면 1, 중단하면 130으로 끝납니다.

    dokpamo push ./solar --team upstage --model solar --parent upstage/solar""",
)
_Folder = Annotated[Path, typer.Argument(metavar="DIR", help=both("The checkpoint.", "체크포인트 폴더"))]
_Team = Annotated[str, typer.Option(envvar="DOKPAMO_TEAM", help=both("Your team's id.", "팀 ID"))]
_Model = Annotated[
    str | None,
    typer.Option(
        help=both(
            "Name of the model, lower case with hyphens; default: the folder's name.",
            "모델 이름(소문자와 하이픈), 기본값은 폴더 이름",
        )
    ),
]
_Licence = Annotated[
    str,
    typer.Option(
        help=both(
            "SPDX licence identifier; default: the one that README.md names.",
            "SPDX 라이선스 식별자, 기본값은 README.md의 license",
        ),
        show_default=False,
    ),
]
_Period = Annotated[
    str,
    typer.Option(
        help=both(
            "Development period, for example 2025-h2; default: this half-year.",
            "개발 기간, 예: 2025-h2, 기본값은 올해의 현재 반기",
        ),
        show_default=False,
    ),
]
_Seed = Annotated[int, typer.Option(min=0, help=both("Seed it was trained with.", "학습 시드"))]
_Parent = Annotated[
    str | None,
    typer.Option(
        metavar="REF",
        help=both(
            "Your own checkpoint it was trained from, by name alone the version before this push; default: none.",
            "이어서 학습한 자체 체크포인트, 이름만 쓰면 이번 등록 직전의 버전, 기본값은 없음",
        ),
    ),
]
_Lineage = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help=both(
            "JSON list of {component, owner, kind, parent, frozen, share, evidence}.",
            "{component, owner, kind, parent, frozen, share, evidence}의 JSON 목록",
        ),
    ),
]
_Key = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help=both(
            "Your team's Ed25519 key in PEM, to sign it (see dokpamo keys); default: unsigned.",
            "서명할 팀의 Ed25519 열쇠(PEM, dokpamo keys 참조), 기본값은 서명 없음",
        ),
    ),
]
_Log = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help=both(
            "Training log; default: training_log.jsonl of the folder, if it is there.",
            "학습 기록, 기본값은 폴더의 training_log.jsonl(있을 때)",
        ),
    ),
]
_Initial = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help=both("Code that draws the initial weights from the seed.", "시드에서 초기 가중치를 만드는 코드"),
    ),
]
_Job = Annotated[
    str, typer.Option(help=both("Id of the training job that made it.", "이 체크포인트를 만든 학습 작업 ID"))
]
_Follows = Annotated[
    int | None,
    typer.Option(
        min=0,
        help=both(
            "Commit only if this is still the latest version (0: there is none).",
            "이 버전이 아직 최신일 때만 등록(0은 없음)",
        ),
    ),
]

_Again = Annotated[
    bool,
    typer.Option(
        "--again",
        help=both(
            "Make a new version even if the latest has the same files and declaration.",
            "최신 버전과 파일과 신고 내용이 같아도 새 버전을 만듦",
        ),
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command("push")(app, both("Push a checkpoint.", "체크포인트 등록"), _HELP)(push)


def push(  # noqa: PLR0917 - typer reads the options from the signature, and nobody calls it otherwise
    desk: Desk,
    folder: _Folder,
    team: _Team,
    licence: _Licence = "",
    period: _Period = "",
    model: _Model = None,
    seed: _Seed = 0,
    parent: _Parent = None,
    lineage: _Lineage = None,
    job: _Job = "",
    training_log: _Log = None,
    initialisation: _Initial = None,
    key: _Key = None,
    follows: _Follows = None,
    limit_rate: Rate = None,
    again: _Again = False,
) -> None:
    """Push a checkpoint as a new version of a model."""
    from client.display import Display

    said: dict[str, Any] = {
        "licence": licence,
        "period": period,
        "seed": seed,
        "job_id": job,
        "training_log": training_log,
        "initialisation": initialisation,
        "lineage": _edges(lineage),
    }
    named, limit = model or _named(folder), rate(limit_rate)
    display = Display("push", desk.language, quiet=desk.as_json)

    async def work() -> pb.Checkpoint:
        from dokpamo.registry.v1 import service_pb2 as pb

        from client.sdk.checkpoints import push as push_folder
        from client.sdk.declaring import declared
        from client.sdk.repeating import is_repeated, with_parent
        from client.sdk.signing import signer
        from client.sdk.transfer.scanning import scan

        # What needs no registry is said first, and at once that there is none; one that goes away later is waited for.
        scan(folder)
        declaration = declared(folder, **said)
        async with registry(desk, team) as client:
            await client.GetUsage(pb.GetUsageRequest(team_id=team))
            if parent is not None:
                before = await _parent(client, team, parent)
                by_name = not again and parent == f"{team}/{named}"
                if by_name and await is_repeated(client, folder, before, declaration, display):
                    return before
                declaration = with_parent(declaration, before.checkpoint_digest)
            return await push_folder(
                client,
                folder,
                team_id=team,
                model=named,
                declaration=declaration,
                progress=display,
                limit_rate=limit,
                signer=signer(key) if key else None,
                latest_version=follows,
                unless_same=not again,
            )

    try:
        with display:
            committed = run(desk, work())
    except KeyboardInterrupt:
        english = "interrupted; push again: what has arrived is not sent again"
        interrupted(desk, say(desk.language, english, "중단됨, 다시 실행하면 도착한 부분은 다시 보내지 않습니다"))
    desk.tell(_document(committed, display), _lines(committed, display))


def _document(committed: pb.Checkpoint, display: Display) -> dict[str, Any]:
    from client.desk import as_document

    figures = display.figures
    moved = {"sent_bytes": figures.moved, "there_already_bytes": figures.there_already, "sent_again": figures.again}
    return {"checkpoint": as_document(committed), **moved}


def _lines(committed: pb.Checkpoint, display: Display) -> list[str]:
    findings = [f"  {each.code}: {each.field}: {each.value} ({each.rule})" for each in committed.findings]
    name = f"{committed.team_id}/{committed.model}@{committed.version}"
    return [f"{name}  {display.summary()}", *findings, committed.checkpoint_digest]


def _named(folder: Path) -> str:
    name = folder.absolute().name.lower().replace("_", "-").replace(" ", "-")
    if not _MODEL.fullmatch(name):
        raise typer.BadParameter(f"{folder.name!r} is no name of a model: say one", param_hint="--model")
    return name


async def _parent(client: Any, team: str, parent: str) -> pb.Checkpoint:
    from client.registry_desk import reference

    return await reference(parent).resolve(client, team)


def _edges(lineage: Path | None) -> list[pb.LineageEdge]:
    from dokpamo.registry.v1 import service_pb2 as pb
    from google.protobuf.json_format import ParseDict, ParseError

    if lineage is None:
        return []
    try:
        document = json.loads(lineage.read_text("utf-8"))
        if not isinstance(document, list):
            raise typer.BadParameter(f"{lineage}: must be a JSON list", param_hint="--lineage")
        return [ParseDict(edge, pb.LineageEdge()) for edge in document]
    except (OSError, ValueError, ParseError) as error:
        raise typer.BadParameter(f"{lineage}: {error}", param_hint="--lineage") from error
