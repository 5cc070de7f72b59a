"""Releases by HTTP beside a running registry, and a model to release."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
from client.stack.ports import free_ports
from common.auth import Authenticator
from common.grpc import Client, connect
from common.http import HttpServer
from dokpamo.registry.v1 import releases_pb2 as pb
from registry.http_api import Hub
from registry.store.releases import ReleaseStore
from registry.store.scrubs import ScrubStore

from tests.builders.delivery import eventually
from tests.builders.registry_service import TEAM, RawUpload, checkpoint_folder, declaration, files_of, listed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import timedelta
    from pathlib import Path

    from dokpamo.registry.v1 import service_pb2
    from registry.handlers import Objects

    from tests.builders.registry_service import RunningRegistry

RELEASES = "dokpamo.registry.v1.ReleaseService"
MODEL = "solar"
PART_BYTES = 40_000


@dataclass
class RunningHub:
    """A hub that answers: its address, a client of it, and the registry behind it."""

    url: str
    http: httpx.AsyncClient
    registry: RunningRegistry

    def token(self, subject: str = "reader", team: str | None = None, **more: timedelta) -> str:
        """A good token of somebody."""
        return self.registry.issuer.issue(subject, ["consortium" if team else "auditor"], team, **more)

    @asynccontextmanager
    async def releases(self, subject: str = "member", team: str | None = None) -> AsyncIterator[Client]:
        """A client of the release service in somebody's name: for a team, or as an auditor."""
        token = self.token(subject, team)
        async with connect(self.registry.address, lambda: token, timeout_seconds=30) as channel:
            yield Client(channel, RELEASES)


@asynccontextmanager
async def running_hub(
    registry: RunningRegistry, folder: Path, *, objects: Objects | None = None, most_at_once: int = 8
) -> AsyncIterator[RunningHub]:
    """The hub over the registry's database and store, or over `objects`."""
    listen = f"127.0.0.1:{free_ports(1)[0]}"
    (folder / "hub-keys.json").write_text(json.dumps(registry.issuer.key_set()))
    authenticator = Authenticator(folder / "hub-keys.json", allow_development=True)
    hub = Hub(
        registry.database,
        ReleaseStore,
        ScrubStore,
        objects or registry.objects,
        authenticator,
        most_at_once=most_at_once,
    )
    async with HttpServer(listen, hub.application()), httpx.AsyncClient(base_url=f"http://{listen}") as http:

        async def ready() -> bool:
            try:
                return (await http.get("/healthz")).is_success
            except httpx.TransportError:
                return False

        await eventually(ready)
        yield RunningHub(f"http://{listen}", http, registry)


def model_files(folder: Path, seed: int = 1) -> dict[str, bytes]:
    """Files of a model with a licence, a file in a folder, an empty one, and weights of several parts."""
    made = checkpoint_folder(folder, seed=seed, rows=4_000)
    (made / "LICENSE").write_text(f"You may read this model. {seed}\n")
    (made / "tokenizer").mkdir()
    (made / "tokenizer" / "vocab.txt").write_text("가\n나\n")
    (made / "empty.txt").touch()
    return files_of(made)


async def pushed(
    registry: RunningRegistry, files: dict[str, bytes], *, team: str = TEAM, model: str = MODEL
) -> service_pb2.Checkpoint:
    """A committed checkpoint of these files, the weights in several parts."""
    async with registry.client("consortium", team=team) as client:
        upload = await RawUpload.begin(client, team, model)
        await upload.send(files, PART_BYTES)
        await upload.list([listed(path, data) for path, data in files.items()])
        await upload.commit(declaration(rows=4_000))
        return await upload.ended()


async def released(client: Client, checkpoint: service_pb2.Checkpoint, **more: Any) -> pb.Release:
    """Release a checkpoint."""
    request = pb.ReleaseCheckpointRequest(
        request_id=str(uuid4()),
        team_id=checkpoint.team_id,
        checkpoint_digest=checkpoint.checkpoint_digest,
        **more,
    )
    answer: pb.ReleaseCheckpointResponse = await client.ReleaseCheckpoint(request)
    return answer.release


async def accepted(client: Client, release: pb.Release, **changes: str) -> pb.AcceptLicenceResponse:
    """Accept the licence of a release."""
    usual = {"team_id": release.team_id, "model": release.model, "licence_sha256": release.licence_sha256}
    answer: pb.AcceptLicenceResponse = await client.AcceptLicence(
        pb.AcceptLicenceRequest(request_id=str(uuid4()), **usual | changes)
    )
    return answer
