"""`dokpamo export`: write the public record of a running programme to a folder that anyone can check."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path  # noqa: TC003 - typer reads the annotation
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from client.commands.rules.language import AnyLang, both

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.export import Record
    from verify.withheld import Withheld

    from client.sdk.public_record import Addresses


_HELP = both(
    """Write the public record of the programme to a new folder.

    That is the whole log, its signed heads, checkpoints and tiles, the rule sets, the decisions, and the receipts with
    their proofs. Any web server can mirror the folder.""",
    """사업의 공개 기록을 새 폴더에 씁니다.

    기록 전체와 서명된 머리, 검문 기록, 조각, 평가기준, 결정, 그리고 증명이 붙은 접수증입니다. 어느 웹 서버에나 그대로
    올릴 수 있습니다.""",
)
_WHERE = both("host:port; default: of the running stack.", "host:port, 기본값은 돌고 있는 스택의 것")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export", help=_HELP)(export)


def export(
    folder: Annotated[
        Path,
        typer.Argument(help=both("A new folder; it must not exist or be empty.", "새 폴더, 없거나 비어 있어야 합니다")),
    ],
    notary: Annotated[str | None, typer.Option(envvar="DOKPAMO_NOTARY_ADDRESS", help=_WHERE)] = None,
    selection: Annotated[str | None, typer.Option(envvar="DOKPAMO_SELECTION_ADDRESS", help=_WHERE)] = None,
    intake: Annotated[str | None, typer.Option(envvar="DOKPAMO_INTAKE_ADDRESS", help=_WHERE)] = None,
    bundles: Annotated[
        bool,
        typer.Option(
            "--bundles",
            help=both(
                "Write the entries also as programs for any C2SP tlog-tiles read them.",
                "C2SP tlog-tiles를 읽는 프로그램을 위한 묶음도 씁니다",
            ),
        ),
    ] = False,
    update: Annotated[
        bool,
        typer.Option(
            "--update",
            help=both(
                "Bring the export that is there up to date: only new entries are fetched.",
                "이미 있는 폴더를 새 항목만 받아 최신으로 만듭니다",
            ),
        ),
    ] = False,
    _lang: AnyLang = None,
) -> None:
    """Write the public record to a folder."""
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
