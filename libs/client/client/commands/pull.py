"""`dokpamo pull`: have a checkpoint's files in a folder, verified."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from client.commands.rules.language import both, say
from client.desk import Desk  # noqa: TC001 - typer reads the annotation
from client.registry_desk import Rate, Ref, Team, command, interrupted, rate, reference, registry, run

if TYPE_CHECKING:
    from common.grpc import Client

    from client.sdk.transfer import LocalFile

_HELP = both(
    """Have a checkpoint's files in a folder, each part, each file and the manifest verified.

    What is there already is not fetched: after a crash, and where another version of the files is there. Files of the
    folder that are not the checkpoint's are left alone, and named.

    dokpamo pull upstage/solar@3 ./solar""",
    """체크포인트의 파일을 폴더에 받습니다. 부분, 파일, 목록을 모두 검증합니다.

    이미 있는 것은 다시 받지 않습니다. 중단된 뒤에도, 다른 버전이 있는 폴더에서도 같습니다. 체크포인트에 없는 파일은
    그대로 두고 이름을 알립니다.

    dokpamo pull upstage/solar@3 ./solar""",
)
_Folder = Annotated[Path, typer.Argument(metavar="DIR", help=both("Where; made if missing.", "받을 폴더, 없으면 만듦"))]
_SignedBy = Annotated[
    Path | None,
    typer.Option(
        "--signed-by",
        metavar="FILE",
        help=both(
            "Refuse a manifest that this public key (Ed25519, PEM) did not sign.",
            "이 공개 열쇠(Ed25519, PEM)의 서명이 아니면 거부",
        ),
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command("pull")(app, both("Fetch a checkpoint.", "체크포인트 받기"), _HELP)(pull)


def pull(
    desk: Desk,
    ref: Ref,
    folder: _Folder,
    team: Team = "",
    limit_rate: Rate = None,
    signed_by: _SignedBy = None,
) -> None:
    """Have a checkpoint's files in a folder."""
    from client.display import Display

    named, limit = reference(ref), rate(limit_rate)
    asks, public_key = team or named.team, _public_key(signed_by)
    display = Display("pull", desk.language, quiet=desk.as_json)

    async def work() -> tuple[str, list[LocalFile]]:
        from client.sdk.checkpoints import pull as pull_files

        async with registry(desk, asks) as client:
            digest = named.digest or (await named.resolve(client)).checkpoint_digest
            if public_key:
                await _require_signed(client, digest, asks, public_key)
            return digest, await pull_files(client, digest, folder, team_id=asks, progress=display, limit_rate=limit)

    try:
        with display:
            digest, files = run(desk, work())
    except KeyboardInterrupt:
        english = "interrupted; pull again: what has arrived is not fetched again"
        interrupted(desk, say(desk.language, english, "중단됨, 다시 실행하면 받은 부분은 다시 받지 않습니다"))
    others = _others(folder, files)
    figures = display.figures
    document = {
        "checkpoint_digest": digest,
        "files": len(files),
        "fetched_bytes": figures.moved,
        "there_already_bytes": figures.there_already,
        "fetched_again": figures.again,
        "not_of_the_checkpoint": others,
    }
    words = say(desk.language, "not of this checkpoint", "이 체크포인트의 파일이 아님")
    desk.tell(document, [f"{folder}: {display.summary()}", *(f"  {words}: {path}" for path in others), digest])


def _public_key(path: Path | None) -> bytes:
    from client.sdk.signing import NotAPublicKeyError, read_public_key

    try:
        return read_public_key(path.read_bytes()) if path else b""
    except NotAPublicKeyError as error:
        raise typer.BadParameter(f"{path} {error}", param_hint="--signed-by") from error


async def _require_signed(client: Client, digest: str, team: str, public_key: bytes) -> None:
    from common.errors import Refused, facts_of
    from weights.signing import KeyRefusedError, SignatureInvalidError, verify_manifest

    from client.sdk.checkpoints import manifest

    try:
        verify_manifest(await manifest(client, digest, team_id=team), public_key)
    except (SignatureInvalidError, KeyRefusedError) as error:
        raise Refused("SIGNATURE_INVALID", str(error), facts_of(error)) from error


def _others(folder: Path, files: list[LocalFile]) -> list[str]:
    own = {file.path for file in files}
    there = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    return sorted(path for path in there if path not in own and not path.startswith("."))
