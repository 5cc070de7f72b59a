"""Reads the payload of an event: protobuf's JSON mapping, of which values may be sealed.

A field that is not there has protobuf's default, as has one whose opened value is null. Whoever asks for a value that
nobody opened gets `NotOpenError` and never a default: what is sealed cannot be taken for something else by mistake.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from verify.entry import Unopened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from verify.canonical import JsonValue

T = TypeVar("T")

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,19})", re.ASCII)
_INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{3}|\d{6}|\d{9}))?Z", re.ASCII)


class PayloadRefusedError(Exception):
    """A payload is not the event that its type says. `name` is the field at fault."""

    def __init__(self, name: str, rule: str) -> None:
        """Say which field fails which requirement."""
        super().__init__(f"{name} {rule}")
        self.name = name
        self.rule = rule


class NotOpenError(Exception):
    """A value is sealed, and there is no opening of it."""

    def __init__(self, unopened: Unopened) -> None:
        """Name the event and the place in it."""
        super().__init__(f"{unopened.path} of event {unopened.event_id} is sealed")
        self.unopened = unopened


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one message by name."""

    values: Mapping[str, JsonValue] = field(default_factory=dict)

    def is_open(self, name: str) -> bool:
        """Whether a field is not sealed, or opened whole."""
        value = self.values.get(name)
        return not any(isinstance(each, Unopened) for each in (value if isinstance(value, list) else [value]))

    def text(self, name: str) -> str:
        """A string field, or the name of an enum value."""
        return self._of(name, str, "")

    def texts(self, name: str) -> list[str]:
        """A repeated string field."""
        return self._list(name, str)

    def blob(self, name: str) -> bytes:
        """A bytes field: base64 in its one spelling."""
        text = self.text(name)
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise PayloadRefusedError(name, f"is no base64: {error}") from error
        if base64.b64encode(data).decode() != text:
            raise PayloadRefusedError(name, "is not the one spelling of its bytes in base64")
        return data

    def integer(self, name: str) -> int:
        """An integer field: a number up to 32 bits, decimal text beyond."""
        value = self._of(name, (int, str), 0)
        if isinstance(value, str) and _INTEGER.fullmatch(value):
            return int(value)
        if type(value) is not int:
            raise PayloadRefusedError(name, "is no integer")
        return value

    def flag(self, name: str) -> bool:
        """A bool field."""
        return self._of(name, bool, False)  # noqa: FBT003 - the default

    def message(self, name: str) -> Fields:
        """A message field; without fields if it is not there."""
        return Fields(self._of(name, dict, {}))

    def messages(self, name: str) -> list[Fields]:
        """A repeated message field."""
        return [Fields(value) for value in self._list(name, dict)]

    def microseconds(self, name: str) -> int:
        """A google.protobuf.Timestamp as microseconds since 1970 (UTC), 0 if it is not there."""
        text = self.text(name)
        if not text:
            return 0
        found = _INSTANT.fullmatch(text)
        if found is None:
            raise PayloadRefusedError(name, "is no instant")
        try:
            whole = datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
        except ValueError as error:
            raise PayloadRefusedError(name, f"is no instant: {error}") from error
        return int(whole.timestamp()) * 1_000_000 + int((found[2] or "").ljust(6, "0")[:6])

    def _of(self, name: str, kind: type[T] | tuple[type[T], ...], default: T) -> T:
        value = self.values.get(name)
        if value is None:
            return default
        return _checked(name, value, kind)

    def _list(self, name: str, kind: type[T]) -> list[T]:
        empty: list[JsonValue] = []
        return [_checked(name, value, kind) for value in self._of(name, list, empty)]


def _checked(name: str, value: JsonValue, kind: type[T] | tuple[type[T], ...]) -> T:
    if isinstance(value, Unopened):
        raise NotOpenError(value)
    if not isinstance(value, kind):
        raise PayloadRefusedError(name, f"is a {type(value).__name__}")
    return value
