"""`dokpamo verify`: check the public record of a programme. It needs no account, and for a folder no connection."""

from __future__ import annotations

import asyncio
import re
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from client.sdk.public_record import Addresses

HOST_AND_PORT = re.compile(r"[^/\\:\s]+:[0-9]{1,5}")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify")(verify)


def verify(  # noqa: PLR0917 - typer reads the options from the signature, and nobody calls it otherwise
    source: Annotated[
        str,
        typer.Argument(help="A folder that `dokpamo export` wrote, its address (https://…), or a notary (host:port)."),
    ],
    key: Annotated[
        str | None, typer.Option(help="Fingerprint of the notary's key, known from elsewhere: 64 digits of hex.")
    ] = None,
    witness: Annotated[
        list[str] | None, typer.Option(help="Key of a witness that must have cosigned the log; may be given again.")
    ] = None,
    quorum: Annotated[
        int | None, typer.Option(help="How many of these witnesses are enough; default: all of them.")
    ] = None,
    first: Annotated[
        str | None, typer.Option("--from", help="A size, or the file of a head that you kept: the log must extend it.")
    ] = None,
    second: Annotated[
        str | None, typer.Option("--to", help="A size or the file of a later head; default: the newest.")
    ] = None,
    receipt: Annotated[Path | None, typer.Option(help="A receipt that you kept: it must be in the log.")] = None,
    selection: Annotated[
        str | None, typer.Option(envvar="DOKPAMO_SELECTION_ADDRESS", help="host:port, where the source is a notary.")
    ] = None,
    intake: Annotated[
        str | None, typer.Option(envvar="DOKPAMO_INTAKE_ADDRESS", help="host:port, where the source is a notary.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    language: Annotated[str, typer.Option("--lang", help="Language of the report: en or ko.")] = "en",
) -> None:
    """Check a public record: every receipt, signature, log entry and decision.

    Ends with 0 if everything holds, else with 1. `python -m verify` of the package dokpamo-verify does the same alone.
    """
    from verify.command import QuestionError, answer, question, tell
    from verify.words import Language

    if language not in set(Language):
        raise typer.BadParameter("must be en or ko", param_hint="--lang")
    with ExitStack() as stack:
        if HOST_AND_PORT.fullmatch(source) and not Path(source).exists():
            folder = Path(stack.enter_context(TemporaryDirectory())) / "record"
            _fetch(_addresses(source, selection, intake), folder)
            source = str(folder)
        try:
            asked = question(
                source, key=key, witnesses=witness or (), quorum=quorum, first=first, second=second, receipt=receipt
            )
            report = answer(asked)
        except QuestionError as error:
            raise typer.BadParameter(error.rule, param_hint=error.option) from error
    raise typer.Exit(tell(report, as_json=as_json, language=Language(language), key_known=key is not None))


def _addresses(notary: str, selection: str | None, intake: str | None) -> Addresses:
    from client.sdk.public_record import Addresses

    if not selection or not intake:
        from client.stack.addresses import NoStackError
        from client.stack.control import running_stack

        try:
            services = running_stack().services
        except NoStackError as error:
            _fail(f"{error}, or name the other services with --selection and --intake")
        selection, intake = selection or services["selection"], intake or services["intake"]
    return Addresses(notary, selection, intake)


def _fetch(addresses: Addresses, folder: Path) -> None:
    """Write the record of running services to a folder, as `dokpamo export` does."""
    from common.errors import Refused
    from verify.export import NothingSignedError, write
    from verify.layout import UnsafeNameError
    from verify.writer import EntriesMissingError

    from client.refusal import in_words
    from client.sdk.public_record import NotCoveredError, PublicRecord

    async def fetched() -> None:
        async with PublicRecord(addresses) as public:
            write(await public.fetch(lambda _done, _total: None), folder)

    try:
        asyncio.run(fetched())
    except Refused as refused:
        _fail(in_words(refused))
    except NothingSignedError:
        _fail("the notary has not signed a head yet: there is nothing to check")
    except (NotCoveredError, EntriesMissingError, UnsafeNameError, OSError) as error:
        _fail(str(error))


def _fail(why: str) -> NoReturn:
    print(f"verify: {why}", file=sys.stderr)
    raise typer.Exit(1)
