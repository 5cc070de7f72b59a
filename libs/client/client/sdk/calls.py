"""Calls of one RPC by its name, whatever service of some contracts has it, and all of what comes in pages or pieces."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from common.grpc import Client, connect
from common.grpc.contract import all_services, rpcs_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from common.grpc.contract import Rpc

    from client.access import Access

_PAGE = 500


@cache
def _rpcs(contracts: str) -> Mapping[str, Rpc]:
    return {rpc.name: rpc for name in all_services() if name.startswith(contracts) for rpc in rpcs_of(name)}


async def called(
    contracts: str,
    access: Access,
    rpc: str,
    fields: dict[str, Any],
    request_id: str = "",
    *,
    seconds: float | None = None,
) -> Any:
    """Return the answer of an RPC to a request of these fields; a write gets a request id where none is given.

    `contracts` is the full name of its service, or how those of the services begin that may have it. `seconds` are for
    an RPC that takes longer than most. Raises `Refused`.
    """
    found = _rpcs(contracts)[rpc]
    request = found.request(**fields)
    if "request_id" in request.DESCRIPTOR.fields_by_name:
        request.request_id = request_id or str(uuid4())  # type: ignore[attr-defined] # it was looked for
    async with connect(*access) as channel:
        return await getattr(Client(channel, found.service), rpc)(request, timeout=seconds)


async def listed(contracts: str, access: Access, rpc: str, member: str, **fields: Any) -> list[Any]:
    """Return all that an RPC lists under `member` for a request of these fields, page by page. Raises `Refused`."""
    found: list[Any] = []
    page = ""
    while True:
        answer = await called(contracts, access, rpc, {**fields, "page_size": _PAGE, "page_token": page})
        found.extend(getattr(answer, member))
        page = answer.next_page_token
        if not page:
            return found


async def whole(ask: Callable[[int], Awaitable[Any]]) -> bytes:
    """Return a document that `ask` gives piece by piece, from an offset in bytes on: answers of `piece`, `size_bytes`.

    One that ends early is returned as it is: who asked compares its digest.
    """
    document = bytearray()
    while True:
        answer = await ask(len(document))
        document += answer.piece
        if not answer.piece or len(document) >= answer.size_bytes:
            return bytes(document)
