"""What fields of a document that people write are made of: names, lines, counts, exact amounts, instants, zones."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

from rules.exact import decimal_of, plain

_YEARS = range(1000, 9000)
"""So far from the ends of the calendar that every zone and every window of a year has its instants."""


def _instant(value: object) -> datetime:
    if isinstance(value, str) and "T" in value:
        with suppress(ValueError):  # of days that no calendar has, and of other texts
            value = datetime.fromisoformat(value)
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("an instant is a day of the calendar, a time and an offset: 2026-08-03T09:00:00+09:00")
    if value.year not in _YEARS:
        raise ValueError(f"an instant lies in the years {_YEARS.start} to {_YEARS.stop - 1}")
    return value.astimezone(UTC)


def _instant_text(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _zone(name: str) -> str:
    """The name if the zone is known; the pattern keeps out names that mean another zone on another machine."""
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError("the IANA time zone database has no such zone") from None
    return name


_SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
_SHA256 = r"^[0-9a-f]{64}$"
_ZONE = r"^(UTC|[A-Z][A-Za-z_]*(/[A-Za-z0-9_+-]+)+)$"
PATTERNS = {
    _SLUG: "small letters and digits, parts joined by single hyphens",
    _SHA256: "64 digits of lower-case hex",
    _ZONE: "a zone of the IANA database, such as Asia/Seoul",
}
"""What a text that has to match a pattern looks like, in words."""
Slug = Annotated[str, StringConstraints(pattern=_SLUG, max_length=64)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Sha256 = Annotated[str, StringConstraints(pattern=_SHA256)]
Count = Annotated[int, Field(ge=0, le=100_000)]
Digits = Annotated[int, Field(ge=0, le=6)]
Amount = Annotated[
    Decimal,
    BeforeValidator(decimal_of),
    PlainSerializer(plain, return_type=str),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,12})?$"}, {"type": "number"}]}
    ),
]
Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    PlainSerializer(_instant_text, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Zone = Annotated[
    str,
    StringConstraints(pattern=_ZONE, max_length=64),
    AfterValidator(_zone),
]


class Rule(BaseModel):
    """Base of every part of the document: frozen, strict, no unknown field."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Title(Rule):
    """A name for readers, Korean first."""

    ko: Line
    en: Line
