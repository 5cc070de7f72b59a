"""`dokpamo export`: write the public record of a running programme to a folder that anyone can check."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path  # noqa: TC003 - typer reads the annotation
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.export import Record
    from verify.withheld import Withheld

    from client.sdk.public_record import Addresses


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export")(export)


def export(
    folder: Annotated[Path, typer.Argument(help="A new folder; it must not exist or be empty.")],
    notary: Annotated[
        str | None, typer.Option(envvar="DOKPAMO_NOTARY_ADDRESS", help="host:port; default: of the running stack.")
    ] = None,
    selection: Annotated[
        str | None, typer.Option(envvar="DOKPAMO_SELECTION_ADDRESS", help="host:port; default: of the running stack.")
    ] = None,
    intake: Annotated[
        str | None, typer.Option(envvar="DOKPAMO_INTAKE_ADDRESS", help="host:port; default: of the running stack.")
    ] = None,
    bundles: Annotated[
        bool, typer.Option("--bundles", help="Write the entries also as programs for any C2SP tlog-tiles read them.")
    ] = False,
    update: Annotated[
        bool, typer.Option("--update", help="Bring the export that is there up to date: only new entries are fetched.")
    ] = False,
) -> None:
    """Write the public record of the programme to a new folder.

    That is the whole log, its signed heads, checkpoints and tiles, the rule sets, the decisions, and the receipts with
    their proofs. Any web server can mirror the folder.
    """
    from common.errors import Refused
    from verify.entry import EntryRefusedError
    from verify.export import (
        FolderTakenError,
        LogForkedError,
        NothingSignedError,
        replace,
        require_free,
        write,
    )
    from verify.layout import UnsafeNameError
    from verify.tiles import TileRefusedError
    from verify.writer import EntriesMissingError

    from client.refusal import in_words
    from client.sdk.public_record import NotCoveredError

    folder = folder.absolute()
    try:
        known = _known(folder) if update else ()
        if not update:
            require_free(folder)
        record = asyncio.run(_fetch(_addresses(notary, selection, intake), known))
        (replace if update else write)(record, folder, bundles=bundles)
    except NothingSignedError:
        _fail("the notary has not signed a head yet: nothing has happened that could be exported")
    except EntryRefusedError as error:
        _fail(f"the log has an entry that this release cannot read, as one of an earlier release ({error})")
    except Refused as refused:
        _fail(in_words(refused))
    except (
        FolderTakenError, LogForkedError, NotCoveredError, EntriesMissingError, UnsafeNameError, TileRefusedError,
        OSError,
    ) as error:  # fmt: skip
        _fail(str(error))
    size, heads = record.heads[-1].head.tree_size, len(record.heads)
    documents = f"{len(record.rule_sets)} rule sets, {len(record.decisions)} decisions, {len(record.receipts)} receipts"
    print(f"{folder}: {size} entries, {heads} signed heads, {len(record.openings)} openings, {documents}")
    print(f"key {record.log_id}")
    print(f"check it with: dokpamo verify {folder}")


def _known(folder: Path) -> Sequence[bytes | Withheld]:
    """The entries of an export, once everything in it was checked."""
    from verify.check import examine
    from verify.findings import Report
    from verify.folder import read

    report = Report()
    found = examine(read(folder, report), report)
    if found is None or not report.holds:
        _fail(f"{folder} is no export that holds, so that it is not brought up to date: {report.findings[0]}")
    log = found.log
    return [log.withheld[index] if leaf is None else leaf for index, leaf in enumerate(log.leaves)]


def _fail(why: str) -> NoReturn:
    print(f"export: {why}", file=sys.stderr)
    raise typer.Exit(1)


def _addresses(notary: str | None, selection: str | None, intake: str | None) -> Addresses:
    from client.sdk.public_record import Addresses

    named = {"notary": notary, "selection": selection, "intake": intake}
    if not all(named.values()):
        from client.stack.addresses import NoStackError
        from client.stack.control import running_stack

        try:
            found = running_stack().services
        except NoStackError as error:
            _fail(f"{error}, or name the services with --notary, --selection and --intake")
        named = {service: address or found[service] for service, address in named.items()}
    return Addresses(**{service: str(address) for service, address in named.items()})


async def _fetch(addresses: Addresses, known: Sequence[bytes | Withheld]) -> Record:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from client.sdk.public_record import PublicRecord

    columns = (TextColumn("entries"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("entries", total=None)
        async with PublicRecord(addresses) as public:
            return await public.fetch(lambda done, total: progress.update(task, completed=done, total=total), known)
