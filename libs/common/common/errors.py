"""One vocabulary of errors: domain exceptions become a `Refused` by a table, and only the unknown is internal."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Final

import grpc


@dataclasses.dataclass(frozen=True, slots=True)
class Reason:
    """How an exception looks from outside: gRPC status and stable machine code (UPPER_SNAKE)."""

    status: grpc.StatusCode
    code: str


Reasons = Mapping[type[Exception], Reason]
"""One table a service: its exceptions, looked up along their base classes."""


class Refused(Exception):  # noqa: N818  it is what happened, and callers read `except Refused`
    """A request or event was refused: what a client gets, typed."""

    def __init__(
        self,
        code: str,
        message: str,
        facts: Mapping[str, str] | None = None,
        status: grpc.StatusCode = grpc.StatusCode.FAILED_PRECONDITION,
    ) -> None:
        """Keep the stable `code`, the `message` in words, the `facts` (field, value, rule, ...) and the `status`."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.facts = dict(facts or {})
        self.status = status

    def __str__(self) -> str:
        """Return code and message."""
        return f"{self.code}: {self.message}"


class TransientError(Exception):
    """It may work a moment later: a handler that raises it is tried again in place, order kept."""


class AwaitedError(TransientError):
    """An event of another topic that this one needs has not arrived yet."""


class DatabaseUnavailableError(TransientError):
    """The database cannot be reached, or the connection was lost before the outcome was known."""


class TransactionConflictError(TransientError):
    """The database ended the transaction in favour of another one."""


class NotFoundError(Exception):
    """There is no such thing."""

    def __init__(self, field: str, value: str) -> None:
        """Keep the `field` that names the thing and the `value` that names nothing."""
        super().__init__(f"{field} {value!r} does not exist")
        self.field = field
        self.value = value


class FieldInvalidError(Exception):
    """A field of a request or event breaks its own rule."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        """Keep the `field`, its `value` and the `rule` it breaks."""
        super().__init__(f"{field} is {value!r}: {rule}")
        self.field = field
        self.value = value
        self.rule = rule


PLATFORM_REASONS: Final[Reasons] = {
    NotFoundError: Reason(grpc.StatusCode.NOT_FOUND, "NOT_FOUND"),
    FieldInvalidError: Reason(grpc.StatusCode.INVALID_ARGUMENT, "FIELD_INVALID"),
    DatabaseUnavailableError: Reason(grpc.StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE"),
    TransactionConflictError: Reason(grpc.StatusCode.UNAVAILABLE, "TRANSACTION_CONFLICT"),
    TransientError: Reason(grpc.StatusCode.UNAVAILABLE, "TRY_AGAIN"),
}
"""The platform's own exceptions; a service's table comes first."""


def as_refused(error: Exception, reasons: Reasons) -> Refused | None:
    """Return the refusal that `error` means by `reasons` (then the platform's own); `None` for an unknown exception."""
    if isinstance(error, Refused):
        return error
    for table in (reasons, PLATFORM_REASONS):
        for ancestor in type(error).__mro__:
            if (reason := table.get(ancestor)) is not None:
                return Refused(reason.code, str(error), facts_of(error), reason.status)
    return None


def facts_of(error: Exception) -> dict[str, str]:
    """Return the public attributes of `error` as text: instants in ISO 8601 UTC, enums by value, lists by commas."""
    facts = dict(getattr(error, "__dict__", {}))
    if dataclasses.is_dataclass(error):
        facts |= {field.name: getattr(error, field.name) for field in dataclasses.fields(error)}
    return {name: _text(value) for name, value in facts.items() if not name.startswith("_") and value is not None}


def _text(value: object) -> str:
    match value:
        case datetime() if value.tzinfo is not None:
            return value.astimezone(UTC).isoformat()
        case Enum():
            return str(value.value)
        case list() | tuple():
            return ",".join(_text(item) for item in value)
        case set() | frozenset():
            return ",".join(sorted(_text(item) for item in value))
        case _:
            return str(value)
