"""What the commands of `dokpamo objections` speak with: selection, about proceedings."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from client import desk
from client.desk import Desk, Office, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.message import Message

__all__ = ["Desk", "command", "text_of"]


def _call() -> desk.Call:
    from client.sdk.objections import called

    return called


def _document() -> Callable[[Message], dict[str, Any]]:
    from client.commands.objections.showing import as_document

    return as_document


command = partial(desk.command, Office("objections", "selection", _call, _document))
