"""Selection's webhooks in this process, on a real PostgreSQL and without Kafka: their source is the outbox."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from client.stack.ports import free_ports
from common.auth import DevelopmentIssuer
from common.clock import FixedClock
from common.database import Database
from common.grpc import Client, GrpcServer, connect
from common.timers import Timers
from common.worker import Retries, Worker
from dokpamo.selection.v1 import events_pb2
from dokpamo.selection.v1 import webhooks_pb2 as pb
from selection.app import MIGRATIONS
from selection.domain.webhook_address import Reach
from selection.grpc_api.webhooks import WebhookApi
from selection.settings import Settings
from selection.store.webhook_keys import WebhookKeys
from selection.store.webhook_sender import WebhookSender
from selection.store.webhook_views import WebhookViews
from selection.store.webhook_work import WebhookFeed, WebhookWork
from selection.store.webhooks import WebhookStore
from selection.wire import REASONS

from tests.builders.delivery import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from google.protobuf.message import Message
    from selection.store.webhook_work import Post

QUICK = Retries(attempts=3, first_pause=timedelta(milliseconds=20))
"""For what could not even be attempted: it is tried again in real time."""

WEBHOOKS = "dokpamo.selection.v1.WebhookService"
BEGINNING = datetime(2026, 1, 5, 1, tzinfo=UTC)


@dataclass
class Webhooks:
    """The running webhooks, and somebody of staff who calls."""

    database: Database
    clock: FixedClock
    client: Client
    issuer: DevelopmentIssuer
    address: str

    async def call(self, rpc: str, **fields: Any) -> Any:
        """Call an RPC; a write gets a request id."""
        request = getattr(pb, f"{rpc}Request")(**fields)
        if "request_id" in request.DESCRIPTOR.fields_by_name and not request.request_id:
            request.request_id = str(uuid4())
        return await getattr(self.client, rpc)(request)

    async def create(self, url: str, **fields: Any) -> Any:
        """A new webhook, as the answer tells it."""
        return await self.call("CreateWebhook", url=url, description="a test's", **fields)

    async def say(self, *messages: Message) -> None:
        """Raise events, in one transaction."""
        async with self.database.transaction() as tx:
            for message in messages:
                await tx.publish(message)

    async def deliveries(self, webhook_id: str, **fields: Any) -> list[pb.Delivery]:
        """The deliveries of a webhook, oldest first."""
        answer = await self.call("ListDeliveries", webhook_id=webhook_id, page_size=500, **fields)
        return list(reversed(answer.deliveries))

    async def webhook(self, webhook_id: str) -> pb.Webhook:
        """A webhook as it is listed."""
        listed = (await self.call("ListWebhooks")).webhooks
        (found,) = [each for each in listed if each.webhook_id == webhook_id]
        return found  # type: ignore[no-any-return] # what an RPC found by name answers

    async def attempts(self, webhook_id: str, number: int) -> list[pb.Delivery]:
        """The deliveries once so many attempts were recorded."""

        async def made() -> list[pb.Delivery] | None:
            found = await self.deliveries(webhook_id)
            return found if sum(each.attempts for each in found) >= number else None

        return list(await eventually(made))

    async def settled(self, webhook_id: str) -> list[pb.Delivery]:
        """The deliveries once the feed has read all events and none waits."""

        async def idle() -> tuple[list[pb.Delivery]] | None:
            async with self.database.transaction(readonly=True) as tx:
                behind = await tx.fetchval(
                    "SELECT (SELECT coalesce(max(seq), 0) FROM outbox) > (SELECT position FROM webhook_feed)"
                )
            found = await self.deliveries(webhook_id)
            waits = [each for each in found if each.state == pb.DELIVERY_STATE_WAITING]
            return None if behind or waits else (found,)

        (found,) = await eventually(idle, 60)
        return list(found)

    async def overdue(self) -> list[str]:
        """Ids of the processes whose alarm was raised."""
        async with self.database.transaction(readonly=True) as tx:
            rows = await tx.fetch("SELECT id FROM process WHERE alarmed_at IS NOT NULL ORDER BY id")
        return [row["id"] for row in rows]


def planned(stage: str) -> events_pb2.StagePlanned:
    """A stage was planned."""
    return events_pb2.StagePlanned(stage_id=stage, rule_set_sha256="a" * 64)


def opened(stage: str) -> events_pb2.StageOpened:
    """A stage was opened."""
    return events_pb2.StageOpened(stage_id=stage, rule_set_sha256="a" * 64, team_ids=["upstage"])


def frozen(stage: str) -> events_pb2.RuleSetFrozen:
    """A rule set was frozen."""
    return events_pb2.RuleSetFrozen(rule_set_sha256="a" * 64, stage_id=stage)


@asynccontextmanager
async def running_webhooks(
    folder: Path,
    database_url: str,
    *,
    clock: FixedClock | None = None,
    post: Post | None = None,
    give_up_after: timedelta = timedelta(seconds=15),
    key: Path | None = None,
    with_key: bool = True,
) -> AsyncIterator[Webhooks]:
    """Everything that webhooks are made of, reaching this machine; `post` takes the sender's place."""
    issuer = DevelopmentIssuer.create(folder / "issuer.pem")
    (folder / "keys.json").write_text(json.dumps(issuer.key_set()))
    DevelopmentIssuer.create(folder / "webhooks.pem")
    clock = clock or FixedClock(BEGINNING)
    settings = Settings(
        environment="embedded",
        database_url=database_url,
        kafka_bootstrap=["127.0.0.1:1"],
        grpc_listen=f"127.0.0.1:{free_ports(1)[0]}",
        token_keys=folder / "keys.json",
    )
    keys = WebhookKeys((key or folder / "webhooks.pem") if with_key else None)
    reach = Reach(own_network=True)
    sender = WebhookSender(reach, timeout_seconds=give_up_after.total_seconds())
    database = Database(database_url, "selection", MIGRATIONS, clock)
    work = WebhookWork(database, keys, post or sender.post)
    api = WebhookApi(WebhookStore, WebhookViews, keys, reach)
    async with AsyncExitStack() as parts:
        await parts.enter_async_context(database)
        await parts.enter_async_context(Timers(database, clock, {}))
        await parts.enter_async_context(WebhookFeed(database))
        worker = Worker(database, clock, work.handlers(), on_failed=work.on_failed(), retries=QUICK)
        await parts.enter_async_context(worker)
        await parts.enter_async_context(GrpcServer(settings, database, {WEBHOOKS: api}, REASONS, clock))
        token = issuer.issue("kim", ["staff"])
        channel = await parts.enter_async_context(connect(settings.grpc_listen, lambda: token, timeout_seconds=30))
        yield Webhooks(database, clock, Client(channel, WEBHOOKS), issuer, settings.grpc_listen)
