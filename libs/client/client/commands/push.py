"""`dokpamo push`: push a folder as a new version of a team's model, whole or not at all."""

from __future__ import annotations

import asyncio
import json
import math
import struct
import sys
from pathlib import Path  # noqa: TC003 - typer reads the annotation
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from dokpamo.registry.v1 import service_pb2 as pb

    from client.access import Access

LARGEST_HEADER_BYTES = 2**25


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("push")(push)


def push(  # noqa: PLR0917 - typer reads the options from the signature, and nobody calls it otherwise
    folder: Annotated[Path, typer.Argument(help="The checkpoint: config.json, *.safetensors, README.md, ...")],
    team: Annotated[str, typer.Option(help="Your team's id.")],
    model: Annotated[str, typer.Option(help="Name of the model, lower case with hyphens.")],
    licence: Annotated[str, typer.Option(help="SPDX licence identifier.")],
    period: Annotated[str, typer.Option(help="Development period, for example 2025-h2.")],
    registry: Annotated[
        str | None,
        typer.Option(envvar="DOKPAMO_REGISTRY_ADDRESS", help="host:port; default: of the running stack."),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="DOKPAMO_TOKEN",
            help="Your token, better given by the environment; default: the running stack's development issuer's.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed it was trained with.")] = 0,
    parent: Annotated[str, typer.Option(help="Digest of your own checkpoint it was trained from.")] = "",
    lineage: Annotated[Path | None, typer.Option(help="JSON list of {component, owner, kind, parent, frozen}.")] = None,
) -> None:
    """Push a checkpoint as a new version of a model.

    Only missing bytes are sent, every byte is verified, and nothing is visible until all is.
    """
    from common.errors import Refused

    from client.refusal import in_words
    from client.sdk.transfer import TRANSFER_ERRORS

    access = _access(team, registry, token)
    try:
        declaration = _declaration(folder, licence, period, seed, parent, lineage)
        committed = asyncio.run(_push(folder, team, model, declaration, access))
    except Refused as refusal:
        _fail(in_words(refusal))
    except (*TRANSFER_ERRORS, OSError, ValueError) as error:
        _fail(str(error))
    print(f"{committed.team_id}/{committed.model} version {committed.version}")
    print(committed.checkpoint_digest)


def _access(team: str, registry: str | None, token: str | None) -> Access:
    """Return where the registry is and what gives a token for each call."""
    from client.access import NoAccessError, access
    from client.session import Caller

    try:
        return access("registry", Caller.consortium(team), registry, token)
    except NoAccessError as error:
        _fail(str(error))


async def _push(folder: Path, team: str, model: str, declaration: pb.Declaration, access: Access) -> pb.Checkpoint:
    from common.grpc import Client, connect
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    from client.sdk.checkpoints import SERVICE
    from client.sdk.checkpoints import push as push_folder
    from client.sdk.transfer import Begun, Event, Moved

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn()) as bar:
        shown = bar.add_task("push", total=None)

        def moved(event: Event) -> None:
            if isinstance(event, Begun):
                bar.update(shown, total=sum(event.files.values()))
            if isinstance(event, Moved):
                bar.update(shown, advance=event.bytes_moved, description=event.path)

        async with connect(*access) as channel:
            committed = await push_folder(
                Client(channel, SERVICE), folder, team_id=team, model=model, declaration=declaration, progress=moved
            )
    return committed


def _declaration(
    folder: Path, licence: str, period: str, seed: int, parent: str, lineage: Path | None
) -> pb.Declaration:
    from dokpamo.registry.v1 import service_pb2 as pb
    from google.protobuf.json_format import ParseDict, ParseError

    from client.sdk.transfer import file_sha256

    edges = json.loads(lineage.read_text("utf-8")) if lineage else []
    if parent:
        edges.append({"component": "model", "owner": "own", "kind": "weights", "parent": parent, "frozen": False})
    log = folder / "training_log.jsonl"
    try:
        return pb.Declaration(
            licence=licence,
            seed=seed,
            period=period,
            parameters=sum(_parameters(path) for path in folder.rglob("*.safetensors")),
            lineage=[ParseDict(edge, pb.LineageEdge()) for edge in edges],
            training_log_sha256=file_sha256(log) if log.is_file() else "",
        )
    except ParseError as error:
        message = f"{lineage}: {error}"
        raise ValueError(message) from error


def _parameters(weights: Path) -> int:
    """Return the number of elements that a safetensors header declares; whether it is true is the registry's to say."""
    with weights.open("rb") as file:
        prefix = file.read(8)
        (length,) = struct.unpack("<Q", prefix.ljust(8, b"\0"))
        text = file.read(min(length, LARGEST_HEADER_BYTES))
    try:
        header = json.loads(text)
        return sum(math.prod(fields["shape"]) for name, fields in header.items() if name != "__metadata__")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        message = f"{weights} has no header of a safetensors file"
        raise ValueError(message) from error


def _fail(why: str) -> NoReturn:
    print(f"push: {why}", file=sys.stderr)
    raise typer.Exit(1)
