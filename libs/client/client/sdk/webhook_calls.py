"""Calls of staff to the webhooks of a platform."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from client.sdk import calls

if TYPE_CHECKING:
    from dokpamo.selection.v1 import webhooks_pb2 as pb

    from client.access import Access

SERVICE: Final = "dokpamo.selection.v1.WebhookService"
TEST_PATIENCE_SECONDS: Final = 30.0
_PAUSE_SECONDS: Final = 0.2

called = partial(calls.called, SERVICE)


async def all_webhooks(access: Access) -> list[pb.Webhook]:
    """Return all webhooks, in order of creation. Raises `Refused`."""
    return await calls.listed(SERVICE, access, "ListWebhooks", "webhooks")


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
