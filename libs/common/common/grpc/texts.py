"""The texts of a request, wherever they stand in it: PostgreSQL takes what protobuf takes, but no NUL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from common.errors import FieldInvalidError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.message import Message


def refuse_nul(request: Message) -> None:
    """Raise `FieldInvalidError` for a text that could be stored nowhere."""
    for path, text in texts_of(request):
        if "\0" in text:
            raise FieldInvalidError(path, text, "a text has no NUL character")


def texts_of(message: Message, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield path and value of each text in `message`; entries of a list share the path of the list."""
    for field, value in message.ListFields():
        path = f"{prefix}{field.name}"
        if field.type == field.TYPE_STRING:
            yield from ((path, text) for text in (value if field.is_repeated else [value]))
        elif field.type == field.TYPE_MESSAGE:
            for entry in _messages(field, value):
                yield from ((path, entry),) if isinstance(entry, str) else texts_of(entry, f"{path}.")


def _messages(field: Any, value: Any) -> list[Any]:
    if not field.is_repeated:
        return [value]
    if not field.message_type.GetOptions().map_entry:
        return list(value)
    parts = [*value.keys(), *value.values()]
    return [part for part in parts if isinstance(part, str) or hasattr(part, "ListFields")]
