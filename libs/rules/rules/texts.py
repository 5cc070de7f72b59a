"""Text of bytes that people send: UTF-8, as every document here is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.violations import violation

if TYPE_CHECKING:
    from rules.violations import DocumentRefusedError

_SHOWN = 20


def text_of(data: bytes, limit: int, refusal: type[DocumentRefusedError]) -> str:
    """The text of UTF-8 bytes, with or without a byte order mark; raises `refusal` for others and for too many."""
    check_length(data, limit, refusal)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        # What Korean spreadsheets write when they are not told otherwise: shown so that a reader knows the place.
        found = data[error.start : error.start + _SHOWN].decode("cp949", errors="replace")
        rule = "the file is UTF-8 text; a spreadsheet saves it as “CSV UTF-8”"
        raise refusal([violation(f"line {line}", found, rule, "TEXT_NOT_UTF8")]) from error


def check_length(text: str | bytes, limit: int, refusal: type[DocumentRefusedError]) -> None:
    """Raises `refusal` for a text or bytes longer than the limit."""
    if len(text) > limit:
        raise refusal([violation("", f"{len(text)} bytes", f"at most {limit} bytes", "DOCUMENT_TOO_LONG")])
