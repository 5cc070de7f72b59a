"""Just enough protobuf to read the events of the log without generated code and without a protobuf library.

Field numbers are those of `proto/dokpamo/**`; the wire format is that of protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
LARGEST_VARINT_BYTES = 10


class PayloadRefusedError(Exception):
    """A payload is no protobuf message. `offset` is the byte at which reading ended."""

    def __init__(self, rule: str, offset: int) -> None:
        """Say what is wrong, and at which byte."""
        super().__init__(f"{rule}, at byte {offset} of the payload")
        self.rule = rule
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one message by number. A field that is not there has protobuf's default."""

    values: Mapping[int, list[int | bytes]] = field(default_factory=dict)

    def blob(self, number: int) -> bytes:
        """A bytes field, or the raw bytes of a message field; the last one counts."""
        found = [value for value in self.values.get(number, ()) if isinstance(value, bytes)]
        return found[-1] if found else b""

    def text(self, number: int) -> str:
        """A string field."""
        return _text(self.blob(number))

    def texts(self, number: int) -> list[str]:
        """A repeated string field."""
        return [_text(value) for value in self.values.get(number, ()) if isinstance(value, bytes)]

    def integer(self, number: int) -> int:
        """An unsigned integer or enum field."""
        found = [value for value in self.values.get(number, ()) if isinstance(value, int)]
        return found[-1] if found else 0

    def flag(self, number: int) -> bool:
        """A bool field."""
        return self.integer(number) != 0

    def message(self, number: int) -> Fields:
        """A message field; without fields if it is not there."""
        return read(self.blob(number))

    def messages(self, number: int) -> list[Fields]:
        """A repeated message field."""
        return [read(value) for value in self.values.get(number, ()) if isinstance(value, bytes)]

    def microseconds(self, number: int) -> int:
        """A google.protobuf.Timestamp as microseconds since 1970 (UTC)."""
        instant = self.message(number)
        seconds = instant.integer(1)
        if seconds >= 1 << 63:
            seconds -= 1 << 64
        return seconds * 1_000_000 + instant.integer(2) // 1_000


def read(payload: bytes) -> Fields:
    """The fields of a message.

    Raises:
        PayloadRefusedError: the bytes are no message.
    """
    values: dict[int, list[int | bytes]] = {}
    at = 0
    while at < len(payload):
        tag, at = _varint(payload, at)
        number, kind = tag >> 3, tag & 7
        value: int | bytes
        if kind == VARINT:
            value, at = _varint(payload, at)
        elif kind in (BYTES, FIXED64, FIXED32):
            length, at = _varint(payload, at) if kind == BYTES else ({FIXED64: 8, FIXED32: 4}[kind], at)
            if at + length > len(payload):
                raise PayloadRefusedError(f"field {number} is cut short", at)
            value, at = payload[at : at + length], at + length
        else:
            raise PayloadRefusedError(f"wire type {kind} is not known", at)
        values.setdefault(number, []).append(value)
    return Fields(values)


def _varint(payload: bytes, at: int) -> tuple[int, int]:
    value = 0
    for count in range(LARGEST_VARINT_BYTES):
        if at + count >= len(payload):
            raise PayloadRefusedError("a number is cut short", at)
        byte = payload[at + count]
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:  # noqa: PLR2004 - the continuation bit
            return value & 0xFFFFFFFFFFFFFFFF, at + count + 1
    raise PayloadRefusedError("a number is too long", at)


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PayloadRefusedError("a text is not UTF-8", error.start) from error
