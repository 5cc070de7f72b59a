"""What commands that speak with one service have in common: their options, calls, refusals and answers.

Against the running stack each speaks in the name of whoever's step it is, elsewhere by a token; one that writes can be
repeated under its request id. Text is for people, in Korean or English; `--json` is for programs.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn, Protocol, get_type_hints
from uuid import uuid4

import typer

from client.commands.rules.language import AnyLang, AsJson, both, spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Mapping

    from common.errors import Refused
    from google.protobuf.message import Message
    from rules.explaining_words import Language

    from client.access import Access
    from client.session import Caller

_Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="DOKPAMO_TOKEN",
        help=both(
            "Your token, better given by the environment; default: the running stack's development issuer's.",
            "토큰, 환경 변수로 주는 것이 좋음, 기본값은 실행 중인 스택의 개발용 발급자",
        ),
    ),
]
_RequestId = Annotated[
    str | None,
    typer.Option(
        "--request-id",
        help=both(
            "The same id as before repeats a request without a second effect.",
            "전과 같은 값이면 요청을 되풀이해도 효과는 한 번뿐",
        ),
    ),
]
_READING: Final[Mapping[str, Any]] = {"token": _Token, "as_json": AsJson, "lang": AnyLang}
_WRITING: Final[Mapping[str, Any]] = {**_READING, "request_id": _RequestId}
_DEFAULTS: Final = {"as_json": False}


class Call(Protocol):
    """How an RPC of a service is called."""

    def __call__(
        self, access: Access, rpc: str, fields: dict[str, Any], request_id: str = ""
    ) -> Coroutine[Any, Any, Any]:
        """The answer to a request of these fields. Raises `Refused`."""


def as_document(message: Message) -> dict[str, Any]:
    """Return a message as JSON values, with the contract's names."""
    from google.protobuf.json_format import MessageToDict

    return MessageToDict(message, preserving_proto_field_name=True)


@dataclass(frozen=True, slots=True)
class Office:
    """A group of commands and the service that they speak with; `call` and `document` are looked up when needed."""

    group: str
    service: str
    call: Callable[[], Call]
    document: Callable[[], Callable[[Message], dict[str, Any]]] = lambda: as_document

    @property
    def address(self) -> Any:
        """The option that names the service."""
        return Annotated[
            str | None,
            typer.Option(
                f"--{self.service}",
                envvar=f"DOKPAMO_{self.service.upper()}_ADDRESS",
                help=both("host:port; default: of the running stack.", "host:port, 기본값은 실행 중인 스택"),
            ),
        ]

    def fail(self, why: str) -> NoReturn:
        """Say why a command ends without having done what was asked."""
        print(f"{self.group}: {why}", file=sys.stderr)
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class Desk:
    """How one command was asked to speak, and to whom; `request_id` is that of its write."""

    office: Office
    language: Language
    as_json: bool
    address: str | None
    token: str | None
    request_id: str

    def access(self, caller: Caller | None) -> Access:
        """The access to the service for a caller, `None` for anybody; ends with 1 where there is none."""
        from client.access import NoAccessError, access

        try:
            return access(self.office.service, caller, self.address, self.token)
        except NoAccessError as error:
            self.office.fail(str(error))

    def ask(self, caller: Caller | None, rpc: str, **fields: Any) -> Any:
        """Call an RPC that reads; a refusal ends the command with its words."""
        return self.answered(self.office.call()(self.access(caller), rpc, fields))

    def do(self, caller: Caller, rpc: str, **fields: Any) -> Any:
        """Call an RPC that writes, under the request id of this command."""
        return self.answered(self.office.call()(self.access(caller), rpc, fields, self.request_id))

    def answered(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Return what comes of some calls; a refusal ends the command with code, words and facts."""
        from common.errors import Refused

        try:
            return asyncio.run(work)
        except Refused as refused:
            self._refuse(refused)

    def tell(self, message: Message | Mapping[str, Any], lines: Iterable[str]) -> None:
        """Print the answer: as JSON, or as lines for people."""
        if self.as_json:
            document = message if isinstance(message, dict) else self.office.document()(message)  # type: ignore[arg-type]  # a mapping or a message
            print(json.dumps(document, ensure_ascii=False, indent=2))
        else:
            print("\n".join(lines))

    def _refuse(self, refused: Refused) -> NoReturn:
        import grpc

        from client.refusal import in_words

        unsure = refused.status in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
        if self.as_json:
            told = {"code": refused.code, "message": refused.message, "facts": refused.facts}
            print(json.dumps(told | ({"request_id": self.request_id} if unsure else {}), ensure_ascii=False, indent=2))
            raise typer.Exit(1)
        words = in_words(refused)
        if unsure and self.request_id:
            words += f"\nRepeat it with --request-id {self.request_id}: it is then done once."
        self.office.fail(words)


def command(
    office: Office, group: typer.Typer, name: str, summary: str, text: str, *, writes: bool
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add a command whose first parameter is the desk: the options that make it are added to the command's own."""

    def add(work: Callable[..., None]) -> Callable[..., None]:
        common = {"address": office.address, **(_WRITING if writes else _READING)}
        hints = get_type_hints(work, include_extras=True)
        own = [each for each in inspect.signature(work).parameters.values() if each.name != "desk"]

        @wraps(work)
        def run(**given: Any) -> None:
            taken = {each: given.pop(each) for each in common}
            work(
                Desk(
                    office,
                    spoken(taken["lang"]),
                    taken["as_json"],
                    taken["address"] or None,
                    taken["token"] or None,
                    (taken["request_id"] or str(uuid4())) if writes else "",
                ),
                **given,
            )

        added = [
            inspect.Parameter(each, inspect.Parameter.KEYWORD_ONLY, default=_DEFAULTS.get(each), annotation=hint)
            for each, hint in common.items()
        ]
        shaped = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[each.name]) for each in own]
        run.__signature__ = inspect.Signature([*shaped, *added])  # type: ignore[attr-defined]  # what typer reads
        run.__annotations__ = {each.name: each.annotation for each in [*shaped, *added]}
        del run.__wrapped__  # or its signature would count
        group.command(name, short_help=summary, help=text)(run)
        return work

    return add


def text_of(given: str, option: str) -> str:
    """Return a text as it was given, or that of the file named after `@`."""
    if not given.startswith("@"):
        return given
    try:
        return Path(given[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{given[1:]}: {error}", param_hint=option) from error
