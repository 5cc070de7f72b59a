"""dokpamo.selection.v1.WebhookService."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from common.instants import stamp
from common.paging import page_size, position, token
from dokpamo.selection.v1 import webhooks_pb2 as pb

from selection.domain.webhook import WebhookUnknownError
from selection.handlers import webhooks
from selection.wire import webhook_events
from selection.wire import webhooks as wire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from common.database import Transaction
    from common.grpc import Call

    from selection.domain.webhook import Delivery, DeliveryState, Webhook
    from selection.domain.webhook_address import Reach
    from selection.handlers.webhook_records import Generation, Keys, WebhookRecords


class Views(Protocol):
    """What the answers need."""

    async def webhooks(self, after: int, limit: int) -> tuple[list[Webhook], int | None]:
        """Up to `limit` webhooks after a position in order of creation, and where the next page begins."""

    async def knows(self, webhook_id: str) -> bool:
        """Whether there is or was such a webhook."""

    async def waiting(self, webhook_id: str) -> int:
        """How many deliveries of a webhook are not taken yet."""

    async def generations(self, webhook_id: str) -> Sequence[Generation]:
        """The generations of a webhook's keys that are valid now, newest first."""

    async def deliveries(
        self, webhook_id: str, state: DeliveryState | None, before: int | None, limit: int
    ) -> tuple[list[Delivery], int | None]:
        """Up to `limit` deliveries of a webhook before a position, newest first, and where the next page begins."""


class WebhookApi:
    """One method for each RPC of the contract."""

    def __init__(
        self,
        records: Callable[[Transaction], WebhookRecords],
        views: Callable[[Transaction], Views],
        keys: Keys,
        reach: Reach,
    ) -> None:
        """Write to what `records` opens, read from what `views` opens; webhooks lead as far as `reach` says."""
        self._records = records
        self._views = views
        self._keys = keys
        self._reach = reach

    async def CreateWebhook(self, request: pb.CreateWebhookRequest, call: Call) -> pb.CreateWebhookResponse:
        """Register an address."""
        types = webhook_events.types_of(request.event_types)
        records = self._records(call.tx)
        told = await webhooks.create_webhook(request.url, types, request.description, self._reach, records, self._keys)
        return pb.CreateWebhookResponse(webhook=await self._message(told.webhook, call), secret=told.secret)

    async def ListWebhooks(self, request: pb.ListWebhooksRequest, call: Call) -> pb.ListWebhooksResponse:
        """Webhooks in order of creation."""
        size = page_size(request.page_size)
        found, following = await self._views(call.tx).webhooks(position(request.page_token), size)
        messages = [await self._message(webhook, call) for webhook in found]
        return pb.ListWebhooksResponse(webhooks=messages, next_page_token=token(following))

    async def PauseWebhook(self, request: pb.PauseWebhookRequest, call: Call) -> pb.PauseWebhookResponse:
        """Deliver nothing until it is resumed."""
        webhook_id = wire.uuid_of("webhook_id", request.webhook_id)
        paused = await webhooks.pause_webhook(webhook_id, request.reason, self._records(call.tx))
        return pb.PauseWebhookResponse(webhook=await self._message(paused, call))

    async def ResumeWebhook(self, request: pb.ResumeWebhookRequest, call: Call) -> pb.ResumeWebhookResponse:
        """Go on where it stands."""
        webhook_id = wire.uuid_of("webhook_id", request.webhook_id)
        skip = [wire.uuid_of(f"skip_delivery_ids[{n}]", each) for n, each in enumerate(request.skip_delivery_ids)]
        resumed = await webhooks.resume_webhook(webhook_id, skip, self._records(call.tx))
        return pb.ResumeWebhookResponse(webhook=await self._message(resumed, call))

    async def DeleteWebhook(self, request: pb.DeleteWebhookRequest, call: Call) -> pb.DeleteWebhookResponse:
        """End it for good."""
        await webhooks.delete_webhook(wire.uuid_of("webhook_id", request.webhook_id), self._records(call.tx))
        return pb.DeleteWebhookResponse()

    async def RotateSecret(self, request: pb.RotateSecretRequest, call: Call) -> pb.RotateSecretResponse:
        """Make a new secret and key pair."""
        webhook_id = wire.uuid_of("webhook_id", request.webhook_id)
        overlap = wire.overlap_of(request)
        told = await webhooks.rotate_secret(webhook_id, overlap, self._records(call.tx), self._keys)
        return pb.RotateSecretResponse(
            webhook=await self._message(told.webhook, call),
            secret=told.secret,
            old_valid_until=stamp(told.old_valid_until),
        )

    async def ListDeliveries(self, request: pb.ListDeliveriesRequest, call: Call) -> pb.ListDeliveriesResponse:
        """Deliveries, newest first."""
        size = page_size(request.page_size)
        before = position(request.page_token) if request.page_token else None
        webhook_id, views = wire.uuid_of("webhook_id", request.webhook_id), self._views(call.tx)
        if not await views.knows(webhook_id):
            raise WebhookUnknownError("webhook_id", webhook_id, "must be a webhook")
        state = wire.delivery_state_of(request.state)
        found, following = await views.deliveries(webhook_id, state, before, size)
        messages = [wire.delivery_message(delivery) for delivery in found]
        return pb.ListDeliveriesResponse(deliveries=messages, next_page_token=token(following))

    async def ReplayDeliveries(self, request: pb.ReplayDeliveriesRequest, call: Call) -> pb.ReplayDeliveriesResponse:
        """Deliver past events again."""
        webhook_id, since = wire.uuid_of("webhook_id", request.webhook_id), wire.since_of(request)
        return pb.ReplayDeliveriesResponse(deliveries=await webhooks.replay(webhook_id, since, self._records(call.tx)))

    async def SendTest(self, request: pb.SendTestRequest, call: Call) -> pb.SendTestResponse:
        """Send one test."""
        webhook_id = wire.uuid_of("webhook_id", request.webhook_id)
        test_id = await webhooks.send_test(webhook_id, webhook_events.TEST_TYPE, self._records(call.tx))
        return pb.SendTestResponse(delivery_id=test_id)

    async def _message(self, webhook: Webhook, call: Call) -> pb.Webhook:
        views = self._views(call.tx)
        # Of a key that the service has no more, nothing can be told.
        public_keys = [
            self._keys.public_key(webhook.id, generation.number)
            for generation in await views.generations(webhook.id)
            if generation.root == self._keys.root
        ]
        return wire.webhook_message(webhook, await views.waiting(webhook.id), public_keys)
