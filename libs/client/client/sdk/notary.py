"""Calls to the notary: of any RPC of its contracts."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from common.grpc import Client, connect
from common.grpc.contract import all_services, rpcs_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from common.grpc.contract import Rpc

    from client.access import Access


@cache
def _rpcs() -> Mapping[str, Rpc]:
    services = [name for name in all_services() if name.startswith("dokpamo.notary.v1.")]
    return {rpc.name: rpc for service in services for rpc in rpcs_of(service)}


async def called(access: Access, rpc: str, fields: dict[str, Any], request_id: str = "") -> Any:
    """Return the answer of an RPC to a request of these fields. Raises `Refused`."""
    found = _rpcs()[rpc]
    request = found.request(**fields, **({"request_id": request_id} if request_id else {}))
    async with connect(*access) as channel:
        return await getattr(Client(channel, found.service), rpc)(request)


async def listed(access: Access, rpc: str, member: str) -> list[Any]:
    """Return all that an RPC lists under `member`, page by page. Raises `Refused`."""
    found: list[Any] = []
    page = ""
    while True:
        answer = await called(access, rpc, {"page_size": 500, "page_token": page})
        found.extend(getattr(answer, member))
        page = answer.next_page_token
        if not page:
            return found
