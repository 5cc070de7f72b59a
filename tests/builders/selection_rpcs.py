"""Selection's RPCs over one database, without Kafka: each caller in his own name and with his own role."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from client.stack.ports import free_ports
from common.auth import Authenticator, DevelopmentIssuer
from common.grpc import Client, GrpcServer, connect
from selection.app import apis
from selection.domain.webhook_address import Reach
from selection.settings import Settings
from selection.store.webhook_keys import WebhookKeys
from selection.wire import REASONS

from tests.builders.selection_cases import Selection, opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PACKAGE = "dokpamo.selection.v1."


@dataclass(frozen=True)
class Served:
    """Selection's RPCs over one database."""

    selection: Selection
    issuer: DevelopmentIssuer
    address: str
    channels: AsyncExitStack

    async def as_(self, api: str, subject: str, *roles: str, team: str | None = None) -> Client:
        token = self.issuer.issue(subject, roles, team) if roles else ""
        channel = await self.channels.enter_async_context(connect(self.address, (lambda: token) if roles else None))
        return Client(channel, PACKAGE + api)


@asynccontextmanager
async def served(folder: Path, url: str) -> AsyncIterator[Served]:
    issuer = DevelopmentIssuer.create(folder / "issuer.pem")
    (folder / "keys.json").write_text(json.dumps(issuer.key_set()))
    (port,) = free_ports(1)
    settings = Settings(
        environment="embedded",
        database_url=url,
        kafka_bootstrap=["127.0.0.1:1"],
        grpc_listen=f"127.0.0.1:{port}",
        token_keys=folder / "keys.json",
    )
    async with opened(url) as selection, AsyncExitStack() as parts:
        answering = apis(WebhookKeys(settings.webhook_key), Reach(own_network=False))
        authenticator = Authenticator(settings.token_keys, allow_development=True)
        server = GrpcServer(settings, selection.database, answering, REASONS, selection.clock, authenticator)
        await parts.enter_async_context(server)
        channels = await parts.enter_async_context(AsyncExitStack())
        yield Served(selection, issuer, settings.grpc_listen, channels)
