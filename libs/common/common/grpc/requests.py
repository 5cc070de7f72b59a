"""One effect a request id: the record of each write, in the transaction of its effect.

A refused write leaves no record, because its transaction is rolled back: it may be tried again with the same id.
What the contract marks `debug_redact` in a response is answered once and recorded nowhere: a repetition gets the answer
without it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final
from uuid import UUID

import grpc

from common.errors import FieldInvalidError, Refused

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from common.database import Transaction
    from common.grpc.contract import Rpc

# The insert waits for a concurrent transaction with the same id: if that commits, its row is found; if not, ours is in.
_CLAIM: Final = """
INSERT INTO request_log (request_id, method, actor, request_digest, response, at) VALUES ($1, $2, $3, $4, '', $5)
ON CONFLICT (request_id) DO NOTHING RETURNING true
"""
_FIND: Final = "SELECT method, actor, request_digest, response FROM request_log WHERE request_id = $1"
_ANSWER: Final = "UPDATE request_log SET response = $2 WHERE request_id = $1"


async def claim(tx: Transaction, rpc: Rpc, request: Message) -> Message | None:
    """Record `request` as this transaction's, or return the stored response of the same request made before.

    Raises `FieldInvalidError` for an id that is no UUID, and `Refused` REQUEST_ID_REUSED if the id stands for another
    request, RPC or caller.
    """
    request_id = request_id_of(request)
    digest = digest_of(request)
    if await tx.fetchval(_CLAIM, request_id, rpc.full_name, tx.actor, digest, tx.now):
        return None
    stored = await tx.fetchrow(_FIND, request_id)
    if stored is None or (stored["method"], stored["actor"], stored["request_digest"]) != (
        rpc.full_name,
        tx.actor,
        digest,
    ):
        raise Refused(
            "REQUEST_ID_REUSED",
            f"request_id {request_id} stands for another request",
            {"field": "request_id", "value": str(request_id), "rule": "a new request has a new id"},
            grpc.StatusCode.ALREADY_EXISTS,
        )
    return rpc.response.FromString(stored["response"])


async def answer(tx: Transaction, request: Message, response: Message) -> None:
    """Store the `response` of the `request` that this transaction claimed, without secrets."""
    await tx.execute(_ANSWER, request_id_of(request), _without_secrets(response).SerializeToString(deterministic=True))


def request_id_of(request: Message) -> UUID:
    """Return the request's id; raise `FieldInvalidError` if it is no UUID."""
    # A write's request has the field: that is what makes it a write.
    text: str = getattr(request, "request_id")  # noqa: B009  the base class of messages has no such attribute
    try:
        return UUID(text)
    except ValueError as error:
        raise FieldInvalidError("request_id", text, "a write carries a UUID made by the client") from error


def digest_of(request: Message) -> str:
    """Return the SHA-256 of `request` without its id, lower-case hex."""
    bare = type(request)()
    bare.CopyFrom(request)
    bare.ClearField("request_id")
    return hashlib.sha256(bare.SerializeToString(deterministic=True)).hexdigest()


def _without_secrets(response: Message) -> Message:
    secrets = [field.name for field, _ in response.ListFields() if field.GetOptions().debug_redact]
    if not secrets:
        return response
    bare = type(response)()
    bare.CopyFrom(response)
    for name in secrets:
        bare.ClearField(name)
    return bare
