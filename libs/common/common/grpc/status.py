"""`Refused` ↔ gRPC status with `google.rpc.ErrorInfo`: the same typed error on both sides of the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]  # it ships no types

from common.errors import Refused, TransientError

if TYPE_CHECKING:
    from collections.abc import Iterable

DETAILS_KEY: Final = "grpc-status-details-bin"
# All trailing metadata together must stay under 8 KiB, where peers cut the connection.
_LONGEST_FACT: Final = 240
_LONGEST_MESSAGE: Final = 600
_MOST_FACTS: Final = 10
_TRANSIENT: Final = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED})


class PeerUnavailableError(Refused, TransientError):
    """The peer did not answer in time or is away: in an event handler or a task it is tried again."""


def to_details(refused: Refused, domain: str) -> bytes:
    """Return `refused` as a serialised `google.rpc.Status`; `domain` is e.g. "dokpamo.intake"."""
    info = error_details_pb2.ErrorInfo(reason=refused.code, domain=domain)
    for name, value in list(refused.facts.items())[:_MOST_FACTS]:
        info.metadata[name] = shortened(value, _LONGEST_FACT)
    status = status_pb2.Status(code=_number(refused.status), message=wire_message(refused))
    status.details.add().Pack(info)
    details: bytes = status.SerializeToString()
    return details


def wire_message(refused: Refused) -> str:
    """Return the message as it is sent: not longer than metadata can carry."""
    return shortened(refused.message, _LONGEST_MESSAGE)


def shortened(text: str, longest: int) -> str:
    """Return `text`, or its beginning with an ellipsis if its UTF-8 is longer than `longest` bytes."""
    encoded = text.encode()
    return text if len(encoded) <= longest else encoded[:longest].decode(errors="ignore") + "…"


def from_error(error: grpc.aio.AioRpcError) -> Refused:
    """Return what a failed call means; `PeerUnavailableError` where it may work a moment later."""
    status = error.code()
    info = _info(error.trailing_metadata() or ())
    code, facts = (status.name, {}) if info is None else (info.reason, dict(info.metadata))
    kind = PeerUnavailableError if status in _TRANSIENT else Refused
    return kind(code, error.details() or status.name, facts, status)


def _info(metadata: Iterable[tuple[str, str | bytes]]) -> error_details_pb2.ErrorInfo | None:
    for key, value in metadata:
        if key == DETAILS_KEY and isinstance(value, bytes):
            return _unpacked(value)
    return None


def _unpacked(details: bytes) -> error_details_pb2.ErrorInfo | None:
    info = error_details_pb2.ErrorInfo()
    try:
        status = status_pb2.Status.FromString(details)
        found = any(detail.Unpack(info) for detail in status.details)
    except DecodeError:
        # A peer's broken details must not hide its refusal: the plain status stands.
        return None
    return info if found else None


def _number(status: grpc.StatusCode) -> int:
    number: int = status.value[0]
    return number
