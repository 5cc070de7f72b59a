"""`dokpamo witness`: see the log's newest head and cosign it, if it extends everything that was seen before."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003 - typer reads the annotation
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from client.sdk.witness import Witness

LOG_API, WITNESS_API = "dokpamo.notary.v1.NotaryService", "dokpamo.notary.v1.WitnessService"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("witness")(witness)


def witness(
    folder: Annotated[Path, typer.Argument(help="The witness's own folder: its key and what it saw.")],
    notary: Annotated[
        str | None, typer.Option(envvar="DOKPAMO_NOTARY_ADDRESS", help="host:port; default: of the running stack.")
    ] = None,
    name: Annotated[str, typer.Option(help="Make a new witness of this name, such as example.org/witness.")] = "",
    key: Annotated[
        str | None, typer.Option(help="Fingerprint of the notary's key, known from elsewhere: 64 digits of hex.")
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="DOKPAMO_TOKEN",
            help="The witness's token, better by the environment; default: of the running stack's development issuer.",
        ),
    ] = None,
    operator: Annotated[
        str, typer.Option(help="Register it with the running stack, as staff, as run by this operator.")
    ] = "",
    every: Annotated[float | None, typer.Option(min=1, help="Look again after so many seconds, for ever.")] = None,
) -> None:
    """Cosign the log's newest head, if it extends everything that this witness saw.

    A log that shrank or shows another history is refused by name, and its signed checkpoint is kept as the proof.
    """
    from common.errors import Refused
    from verify.note import NoteRefusedError
    from verify.witnessing import WitnessRefusedError

    from client.refusal import in_words
    from client.sdk.witness import OtherKeyError, WitnessFolderError

    try:
        asyncio.run(_run(folder.absolute(), *_access(notary, token), name, key, operator, every))
    except WitnessRefusedError as refused:
        _fail(f"{refused.code}: {refused}\nthe signed checkpoint is kept in {folder / 'refused'}: show it to others")
    except Refused as refused:
        _fail(in_words(refused))
    except (WitnessFolderError, OtherKeyError, NoteRefusedError, OSError) as error:
        _fail(str(error))
    except KeyboardInterrupt:
        return


async def _run(
    folder: Path,
    address: str,
    tokens: Callable[[], str],
    name: str,
    key: str | None,
    operator: str,
    every: float | None,
) -> None:
    from common.grpc import Client, connect

    from client.sdk.witness import Witness, log_of

    async with connect(address, tokens) as channel:
        log, witnesses = Client(channel, LOG_API), Client(channel, WITNESS_API)
        known = Witness.open(folder)
        if known is None:
            if not name:
                _fail(f"{folder} is no witness's folder yet: name the new witness with --name")
            known = Witness.create(folder, name, await log_of(log))
        if key is not None and not known.log.name.endswith(f"/{key}"):
            _fail(f"the log's key is {known.log.name.rpartition('/')[2]}, not {key}")
        print(f"witness {known.verifier_key}")
        if operator:
            await _register(known, address, operator)
        with known.alone():
            await _look(known, log, witnesses, every)


async def _look(known: Witness, log: object, witnesses: object, every: float | None) -> None:
    from common.errors import Refused

    from client.refusal import in_words
    from client.sdk.witness import look

    while True:
        try:
            seen = await look(known, log, witnesses, datetime.now(UTC))  # type: ignore[arg-type] # clients, imported late
            print(f"cosigned {seen.tree_size} entries, root {seen.root_hash.hex()}")
        except Refused as refused:
            if every is None:
                raise
            print(f"witness: {in_words(refused)}", file=sys.stderr)
        if every is None:
            return
        await asyncio.sleep(every)


async def _register(known: Witness, address: str, operator: str) -> None:
    from uuid import uuid4

    from common.auth import DevelopmentIssuer
    from common.errors import Refused
    from common.grpc import Client, connect
    from dokpamo.notary.v1 import witness_pb2 as pb

    from client.stack.control import running_stack

    issuer = DevelopmentIssuer(running_stack().service_key)
    async with connect(address, lambda: issuer.issue("staff", ["staff"])) as channel:
        request = pb.RegisterWitnessRequest(
            request_id=str(uuid4()), verifier_key=str(known.verifier_key), operator=operator
        )
        try:
            await Client(channel, WITNESS_API).RegisterWitness(request)
        except Refused as refused:
            if refused.code != "WITNESS_TAKEN":
                raise
            print(f"not registered anew: {refused}", file=sys.stderr)


def _access(notary: str | None, token: str | None) -> tuple[str, Callable[[], str]]:
    """Where the notary is, and what gives a token for each call."""
    if notary and token:
        return notary, lambda: token
    if notary:
        _fail("a notary is named and no token for it: set DOKPAMO_TOKEN")
    from common.auth import DevelopmentIssuer

    from client.stack.addresses import NoStackError
    from client.stack.control import running_stack

    try:
        stack = running_stack()
    except NoStackError as error:
        _fail(f"{error}, or name a notary with --notary and set DOKPAMO_TOKEN")
    issuer = DevelopmentIssuer(stack.service_key)
    return stack.services["notary"], lambda: issuer.issue("witness", ["witness"])


def _fail(why: str) -> NoReturn:
    print(f"witness: {why}", file=sys.stderr)
    raise typer.Exit(1)
