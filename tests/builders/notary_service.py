"""The notary as it runs, in this process: its own parts on a real Kafka and PostgreSQL."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from aiokafka import AIOKafkaProducer
from client.stack.ports import free_ports
from common.auth import DevelopmentIssuer, read_key
from common.errors import Refused
from common.grpc import Client, connect
from dokpamo.notary.v1 import service_pb2 as pb
from notary.app import build
from notary.settings import Settings
from verify.checkpoint import sign_checkpoint
from verify.export import Record
from verify.head import SignedTreeHead, TreeHead

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from google.protobuf.message import Message

TOPIC = "dokpamo.selection.rule-set.v1"


def settings_of(folder: Path, bootstrap: list[str], database_url: str) -> Settings:
    """Settings with throw-away keys in a folder."""
    folder.mkdir(exist_ok=True)
    issuer = DevelopmentIssuer.create(folder / "issuer.pem")
    (folder / "keys.json").write_text(json.dumps(issuer.key_set()))
    DevelopmentIssuer.create(folder / "notary.pem")
    (port,) = free_ports(1)
    return Settings(
        environment="embedded",
        database_url=database_url,
        kafka_bootstrap=bootstrap,
        grpc_listen=f"127.0.0.1:{port}",
        token_keys=folder / "keys.json",
        notary_key=folder / "notary.pem",
        head_interval_seconds=0.3,
    )


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Client]:
    """The notary with all its parts, and a client of the log without a token."""
    async with AsyncExitStack() as parts:
        for part in build(settings):
            await parts.enter_async_context(part)
        channel = await parts.enter_async_context(connect(settings.grpc_listen))
        yield Client(channel, "dokpamo.notary.v1.NotaryService")


async def send(bootstrap: list[str], messages: list[tuple[str, Message | bytes]], topic: str = TOPIC) -> None:
    """Send messages with these event ids, as the relay does; an empty id sends a message without headers."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, acks="all")
    try:
        await producer.start()
        for event_id, message in messages:
            payload = message if isinstance(message, bytes) else message.SerializeToString(deterministic=True)
            name = "" if isinstance(message, bytes) else message.DESCRIPTOR.full_name
            headers = {"ce_id": event_id, "ce_type": name, "ce_source": "/dokpamo/selection", "ce_actor": "staff",
                       "ce_time": "2026-01-10T01:00:00+00:00"}  # fmt: skip
            sent = [(key, value.encode()) for key, value in headers.items()] if event_id else []
            await producer.send_and_wait(topic, payload, key=b"key", headers=sent)
    finally:
        await producer.stop()


def event_ids(count: int) -> list[str]:
    """New event ids."""
    return [str(uuid4()) for _ in range(count)]


async def covered(client: Client, ids: list[str], seconds: float = 120.0) -> pb.GetHeadResponse:
    """The head once it covers these events."""
    async with asyncio.timeout(seconds):
        while True:
            head = await client.GetHead(pb.GetHeadRequest())
            if await _all_under(client, ids, head.head.tree_size):
                return head  # type: ignore[no-any-return] # clients are built from descriptors
            await asyncio.sleep(0.1)


async def _all_under(client: Client, ids: list[str], size: int) -> bool:
    try:
        found = [await client.FindEntry(pb.FindEntryRequest(event_id=event_id)) for event_id in ids]
    except Refused as refused:
        if refused.code != "NOT_LOGGED":
            raise
        return False
    return all(each.entry.leaf_index < size for each in found)


async def record_of(client: Client, settings: Settings) -> Record:
    """What the notary publishes up to its newest head: the log grows on while it is read."""
    heads = (await client.ListHeads(pb.ListHeadsRequest(page_size=500))).heads
    covered = heads[-1].tree_size
    entries: list[bytes] = []
    while len(entries) < covered:
        request = pb.ListEntriesRequest(start=len(entries), page_size=min(500, covered - len(entries)))
        entries.extend(entry.entry_json for entry in (await client.ListEntries(request)).entries)
    key = await client.GetPublicKey(pb.GetPublicKeyRequest())
    newest = sign_checkpoint(signed(heads[-1]).head, read_key(settings.notary_key))
    return Record(key.public_key, key.log_id, [signed(head) for head in heads], entries, {}, {}, (), newest.encode())


def signed(message: Any) -> SignedTreeHead:
    """A signed head from its message."""
    head = TreeHead(message.log_id, message.tree_size, message.root_hash, message.signed_at.ToDatetime(UTC))
    return SignedTreeHead(head, message.signature)
