"""What the commands about checkpoints have in common: the registry, who asks it, and how a transfer's failure reads."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn, TypeVar

import typer

from client import desk
from client.commands.rules.language import both
from client.desk import Desk, Office

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine

    from common.grpc import Client
    from dokpamo.registry.v1 import service_pb2 as pb

    from client.sdk.references import Reference
    from client.session import Caller

T = TypeVar("T")

CONTRACT: Final = "dokpamo.registry.v1.RegistryService"
Ref = Annotated[
    str,
    typer.Argument(
        metavar="REF",
        help=both("Digest, team/model, or team/model@version.", "다이제스트, 팀/모델, 또는 팀/모델@버전"),
    ),
]
Team = Annotated[
    str,
    typer.Option(
        "--team",
        envvar="DOKPAMO_TEAM",
        help=both(
            "Your team's id; default: the team of REF, else as staff.",
            "팀 ID, 기본값은 REF의 팀, 없으면 담당자로",
        ),
    ),
]
Rate = Annotated[
    str | None,
    typer.Option(
        "--limit-rate",
        metavar="RATE",
        help=both("At most so many bytes a second, such as 200MiB; default: no limit.", "초당 최대 전송량, 예: 200MiB"),
    ),
]


def _call() -> desk.Call:
    from client.sdk.calls import called

    return partial(called, CONTRACT)


def command(name: str) -> Callable[..., Any]:
    """Return what adds a command of this name: `command("push")(app, summary, text)(work)`."""

    def named(app: typer.Typer, summary: str, text: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
        return desk.command(Office(name, "registry", _call), app, name, summary, text, writes=False)

    return named


@asynccontextmanager
async def registry(at: Desk, team: str) -> AsyncIterator[Client]:
    """The registry, in the name of a team, or of staff where none is named."""
    from common.grpc import Client, connect

    async with connect(*at.access(caller(team))) as channel:
        yield Client(channel, CONTRACT)


def caller(team: str) -> Caller:
    """Return who asks: a team, or staff where none is named."""
    from client.session import Caller

    return Caller.consortium(team) if team else Caller.staff()


def run(at: Desk, work: Coroutine[Any, Any, T]) -> T:
    """Return what comes of `work`; a refusal, of the registry or of a transfer, ends the command with its words."""
    made: T = at.answered(_as_refused(work))
    return made


async def _as_refused(work: Awaitable[T]) -> T:
    import grpc
    from common.errors import Refused, facts_of
    from weights.safetensors import CheckpointFileTruncatedError, SafetensorsRefusedError

    from client.sdk.checkpoints import ManifestDiffersError
    from client.sdk.declaring import LicenceMissingError
    from client.sdk.transfer import TRANSFER_ERRORS, StoreAwayError

    try:
        return await work
    except (*TRANSFER_ERRORS, ManifestDiffersError, LicenceMissingError) as error:
        away = isinstance(error, StoreAwayError)
        status = grpc.StatusCode.UNAVAILABLE if away else grpc.StatusCode.FAILED_PRECONDITION
        raise Refused(error.code, str(error), facts_of(error), status) from error
    except SafetensorsRefusedError as error:
        raise Refused("SAFETENSORS_REFUSED", str(error), facts_of(error)) from error
    except CheckpointFileTruncatedError as error:
        raise Refused("CHECKPOINT_FILE_TRUNCATED", str(error), facts_of(error)) from error


def reference(text: str) -> Reference:
    """Read a REF; raise `typer.BadParameter`."""
    from client.sdk.references import NotAReferenceError, Reference

    try:
        return Reference.parse(text)
    except NotAReferenceError as error:
        raise typer.BadParameter(str(error), param_hint="REF") from error


def rate(text: str | None) -> int | None:
    """Read a --limit-rate; raise `typer.BadParameter`."""
    from client.sdk.sizes import NotASizeError, to_bytes

    try:
        return None if text is None else to_bytes(text)
    except NotASizeError as error:
        raise typer.BadParameter(str(error), param_hint="--limit-rate") from error


def instant(checkpoint: pb.Checkpoint) -> str:
    """When a checkpoint was committed, by the clocks of Seoul."""
    from datetime import UTC

    from common.clock import SEOUL

    return checkpoint.committed_at.ToDatetime(UTC).astimezone(SEOUL).strftime("%Y-%m-%d %H:%M")


def interrupted(at: Desk, why: str) -> NoReturn:
    """End as a program that Ctrl-C ends."""
    import sys

    print(f"{at.office.group}: {why}", file=sys.stderr)
    raise typer.Exit(130)
