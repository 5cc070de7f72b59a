"""Calls of staff to the webhooks of a platform."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from common.grpc import Client, connect
from dokpamo.selection.v1 import webhooks_pb2 as pb

if TYPE_CHECKING:
    from client.access import Access

SERVICE: Final = "dokpamo.selection.v1.WebhookService"
TEST_PATIENCE_SECONDS: Final = 30.0
_PAUSE_SECONDS: Final = 0.2


async def called(access: Access, rpc: str, fields: dict[str, Any]) -> Any:
    """Return the answer of an RPC to a request of these fields; a write gets a request id. Raises `Refused`."""
    request = getattr(pb, f"{rpc}Request")(**fields)
    if "request_id" in request.DESCRIPTOR.fields_by_name:
        request.request_id = str(uuid4())
    async with connect(*access) as channel:
        return await getattr(Client(channel, SERVICE), rpc)(request)


async def all_webhooks(access: Access) -> list[pb.Webhook]:
    """Return all webhooks, in order of creation. Raises `Refused`."""
    found: list[pb.Webhook] = []
    page = ""
    while True:
        answer: pb.ListWebhooksResponse = await called(access, "ListWebhooks", {"page_size": 500, "page_token": page})
        found.extend(answer.webhooks)
        page = answer.next_page_token
        if not page:
            return found


async def tested(access: Access, webhook_id: str) -> pb.Delivery | None:
    """Send a test and return its delivery once it was attempted; `None` where that takes too long. Raises `Refused`."""
    test_id = (await called(access, "SendTest", {"webhook_id": webhook_id})).delivery_id
    loop = asyncio.get_running_loop()
    until = loop.time() + TEST_PATIENCE_SECONDS
    while loop.time() < until:
        listing = {"webhook_id": webhook_id, "page_size": 50}
        answer: pb.ListDeliveriesResponse = await called(access, "ListDeliveries", listing)
        for each in answer.deliveries:
            if each.delivery_id == test_id and each.attempts:
                return each
        await asyncio.sleep(_PAUSE_SECONDS)
    return None
