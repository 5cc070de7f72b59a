"""Protobuf and Kafka messages ↔ what the notary means by them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from common.errors import FieldInvalidError
from common.instants import stamp
from dokpamo.notary.v1 import service_pb2 as pb
from verify.merkle import hash_leaf

if TYPE_CHECKING:
    from verify.head import SignedTreeHead

    from notary.domain.withholding import Withholding

LARGEST_INDEX = (1 << 53) - 1
"""Sizes and indexes stay exact in JSON (RFC 8785)."""


def head_message(signed: SignedTreeHead) -> pb.SignedTreeHead:
    """A signed head as it travels."""
    return pb.SignedTreeHead(
        log_id=signed.head.log_id,
        tree_size=signed.head.tree_size,
        root_hash=signed.head.root_hash,
        signature=signed.signature,
        signed_at=stamp(signed.head.timestamp),
    )


def entry_message(index: int, leaf: bytes, withheld: Withholding | None) -> pb.Entry:
    """An entry as it travels: without its content where that is withheld."""
    if withheld is None:
        return pb.Entry(leaf_index=index, entry_json=leaf)
    act = withheld.act
    return pb.Entry(
        leaf_index=index,
        withheld=pb.Withheld(
            leaf_hash=hash_leaf(leaf),
            reason=act.reason,
            requested_by=act.requested_by,
            confirmed_by=act.confirmed_by,
        ),
    )


def event_id_of(text: str) -> str:
    """An event id in its one spelling.

    Raises:
        FieldInvalidError: it is no UUID.
    """
    return _uuid("event_id", text)


def act_id_of(text: str, field: str = "act_id") -> str:
    """The id of an act of two people, which the request has in `field`, in its one spelling.

    Raises:
        FieldInvalidError: it is no UUID.
    """
    return _uuid(field, text)


def _uuid(field: str, text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError as error:
        raise FieldInvalidError(field, text, "must be a UUID") from error


def index_of(field: str, value: int) -> int:
    """An index or a size.

    Raises:
        FieldInvalidError: it is beyond what a log can have.
    """
    if value > LARGEST_INDEX:
        raise FieldInvalidError(field, value, f"must be at most {LARGEST_INDEX}")
    return value
