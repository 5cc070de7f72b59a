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

from client.commands.rules.language import AnyLang, AsJson, both, spoken

if TYPE_CHECKING:
    from client.sdk.public_record import Addresses

_HELP = both(
    """Check a public record: every receipt, signature, log entry and decision.

    Ends with 0 if all of it holds, else with 1. `python -m verify` of the package dokpamo-verify does the same.""",
    """공개 기록을 확인합니다. 접수증, 서명, 기록의 항목, 결정을 모두 봅니다.

    모두 맞으면 0으로, 아니면 1로 끝납니다. dokpamo-verify 패키지의 `python -m verify`가 홀로 같은 일을 합니다.""",
)
_WHERE = both("host:port, where the source is a notary.", "공증 서비스를 확인할 때의 host:port")
HOST_AND_PORT = re.compile(r"[^/\\:\s]+:[0-9]{1,5}")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify", help=_HELP)(verify)


def verify(  # noqa: PLR0917 - typer reads the options from the signature, and nobody calls it otherwise
    source: Annotated[
        str,
        typer.Argument(
            help=both(
                "A folder that `dokpamo export` wrote, its address (https://…), or a notary (host:port).",
                "dokpamo export로 내보낸 폴더, 그 주소(https://…), 또는 공증 서비스(host:port)",
            )
        ),
    ],
    key: Annotated[
        str | None,
        typer.Option(
            help=both(
                "Fingerprint of the notary's key, known from elsewhere: 64 digits of hex.",
                "다른 경로로 아는 기록 열쇠의 지문, 16진수 64자리",
            )
        ),
    ] = None,
    witness: Annotated[
        list[str] | None,
        typer.Option(
            help=both(
                "Key of a witness that must have cosigned the log; may be given again.",
                "기록에 함께 서명했어야 하는 증인의 열쇠, 여러 번 쓸 수 있습니다",
            )
        ),
    ] = None,
    quorum: Annotated[
        int | None,
        typer.Option(
            help=both(
                "How many of these witnesses are enough; default: all of them.",
                "몇 명의 증인이면 충분한지, 기본값은 모두",
            )
        ),
    ] = None,
    first: Annotated[
        str | None,
        typer.Option(
            "--from",
            help=both(
                "A size, or the file of a head that you kept: the log must extend it.",
                "보관해 둔 머리의 크기나 파일, 기록이 그것을 이어야 합니다",
            ),
        ),
    ] = None,
    second: Annotated[
        str | None,
        typer.Option(
            "--to",
            help=both(
                "A size or the file of a later head; default: the newest.",
                "그 뒤 머리의 크기나 파일, 기본값은 가장 새로운 머리",
            ),
        ),
    ] = None,
    receipt: Annotated[
        Path | None,
        typer.Option(
            help=both("A receipt that you kept: it must be in the log.", "보관해 둔 접수증, 기록에 있어야 합니다")
        ),
    ] = None,
    selection: Annotated[str | None, typer.Option(envvar="DOKPAMO_SELECTION_ADDRESS", help=_WHERE)] = None,
    intake: Annotated[str | None, typer.Option(envvar="DOKPAMO_INTAKE_ADDRESS", help=_WHERE)] = None,
    as_json: AsJson = False,
    lang: AnyLang = None,
) -> None:
    """Check a public record."""
    from verify.command import QuestionError, answer, question, tell
    from verify.words import Language, rule_of

    language = Language(spoken(lang))
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
            raise typer.BadParameter(rule_of(error.rule, language), param_hint=error.option) from error
    raise typer.Exit(tell(report, as_json=as_json, language=language, key_known=key is not None))


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
