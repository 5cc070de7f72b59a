"""What every command of `dokpamo objections` has in common: its options, its calls, its refusals, its answer."""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn, get_type_hints
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

_Selection = Annotated[
    str | None,
    typer.Option(
        "--selection",
        envvar="DOKPAMO_SELECTION_ADDRESS",
        help=both("host:port; default: of the running stack.", "host:port, 기본값은 실행 중인 스택"),
    ),
]
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
_READING: Final[Mapping[str, Any]] = {"selection": _Selection, "token": _Token, "as_json": AsJson, "lang": AnyLang}
_WRITING: Final[Mapping[str, Any]] = {**_READING, "request_id": _RequestId}
_DEFAULTS: Final = {"as_json": False}


@dataclass(frozen=True, slots=True)
class Desk:
    """How one command was asked to speak, and to whom; `request_id` is that of its write."""

    language: Language
    as_json: bool
    selection: str | None
    token: str | None
    request_id: str

    def access(self, caller: Caller | None) -> Access:
        """The access to selection for a caller, `None` for anybody; ends with 1 where there is none."""
        from client.access import NoAccessError, access

        try:
            return access("selection", caller, self.selection, self.token)
        except NoAccessError as error:
            fail(str(error))

    def ask(self, caller: Caller | None, rpc: str, **fields: Any) -> Any:
        """Call an RPC that reads; a refusal ends the command with its words."""
        from client.sdk.objections import called

        return self.answered(called(self.access(caller), rpc, fields))

    def do(self, caller: Caller, rpc: str, **fields: Any) -> Any:
        """Call an RPC that writes, under the request id of this command."""
        from client.sdk.objections import called

        return self.answered(called(self.access(caller), rpc, fields, self.request_id))

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
            from client.commands.objections.showing import as_document

            document = message if isinstance(message, dict) else as_document(message)  # type: ignore[arg-type]  # a mapping or a message
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
        fail(words)


def command(
    group: typer.Typer, name: str, summary: str, text: str, *, writes: bool
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add a command whose first parameter is the desk: the options that make it are added to the command's own."""

    def add(work: Callable[..., None]) -> Callable[..., None]:
        common = _WRITING if writes else _READING
        hints = get_type_hints(work, include_extras=True)
        own = [each for each in inspect.signature(work).parameters.values() if each.name != "desk"]

        @wraps(work)
        def run(**given: Any) -> None:
            taken = {each: given.pop(each) for each in common}
            work(
                Desk(
                    spoken(taken["lang"]),
                    taken["as_json"],
                    taken["selection"] or None,
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


def fail(why: str) -> NoReturn:
    """Say why a command ends without having done what was asked."""
    print(f"objections: {why}", file=sys.stderr)
    raise typer.Exit(1)
