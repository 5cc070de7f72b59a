"""The registry's own parts in this process, without Kafka: events stay in its outbox, where a test reads them."""

from __future__ import annotations

import hashlib
import json
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
from client.sdk.checkpoints import push
from client.stack.ports import free_ports
from common.auth import DevelopmentIssuer
from common.clock import SystemClock
from common.database import Database
from common.grpc import Client, GrpcServer, connect
from common.worker import Worker
from dokpamo.registry.v1 import service_pb2 as pb
from pydantic import SecretStr
from registry.app import MIGRATIONS, SERVICE
from registry.events import Tasks
from registry.grpc_api import RegistryApi
from registry.settings import Settings
from registry.store.checkpoints import CheckpointStore
from registry.store.objects import S3Objects
from registry.store.outcomes import OutcomeStore
from registry.wire import REASONS
from safetensors.numpy import save_file

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping
    from pathlib import Path

    import httpx
    from client.stack.seaweed import S3Access

BUCKET = "checkpoints"
TEAM = "upstage"


class NamesInMemory:
    """MLflow's part: versions by model, found by their tags, and their marks; `away` are faults of the next calls."""

    def __init__(self) -> None:
        self.versions: dict[str, list[Mapping[str, str]]] = {}
        self.away: list[Exception] = []
        self.aliases: dict[tuple[str, str], str] = {}
        self.marks: dict[tuple[str, str], dict[str, str]] = {}

    async def ensure_version(self, model: str, source: str, tags: Mapping[str, str]) -> str:
        if self.away:
            raise self.away.pop(0)
        versions = self.versions.setdefault(model, [])
        wanted = {"source": source, **tags}
        if wanted not in versions:
            versions.append(wanted)
        return str(versions.index(wanted) + 1)

    async def mark_version(self, model: str, version: str, alias: str, tags: Mapping[str, str]) -> None:
        if self.away:
            raise self.away.pop(0)
        self.marks.setdefault((model, version), {}).update(tags)
        self.aliases[model, alias] = version

    def aliased(self, model: str, alias: str) -> tuple[str, dict[str, str]]:
        """The version of `model` that `alias` names, and its tags."""
        version = self.aliases[model, alias]
        tags = {key: value for key, value in self.versions[model][int(version) - 1].items() if key != "source"}
        return version, tags | self.marks.get((model, version), {})


@dataclass
class RunningRegistry:
    """A registry that answers, and what lies behind it."""

    address: str
    issuer: DevelopmentIssuer
    database: Database
    objects: S3Objects
    names: NamesInMemory

    @asynccontextmanager
    async def client(self, *roles: str, team: str | None = None) -> AsyncIterator[Client]:
        """A client in the name of someone with these roles."""
        token = self.issuer.issue("someone", roles, team)
        async with connect(self.address, lambda: token, timeout_seconds=30) as channel:
            yield Client(channel, SERVICE)

    async def events(self) -> list[str]:
        """Types of the events in the outbox, the first first."""
        async with self.database.transaction() as tx:
            rows = await tx.fetch("SELECT type FROM outbox ORDER BY seq")
        return [row["type"].rpartition(".")[2] for row in rows]


@asynccontextmanager
async def running_registry(folder: Path, database_url: str, s3: S3Access) -> AsyncIterator[RunningRegistry]:
    """The registry with all its parts that need no Kafka; it names in memory."""
    issuer = DevelopmentIssuer.create(folder / "issuer.pem")
    (folder / "keys.json").write_text(json.dumps(issuer.key_set()))
    settings = Settings(
        environment="embedded",
        database_url=database_url,
        kafka_bootstrap=["127.0.0.1:1"],
        grpc_listen=f"127.0.0.1:{free_ports(1)[0]}",
        token_keys=folder / "keys.json",
        s3_endpoint=s3.endpoint,
        s3_access_key=s3.access_key,
        s3_secret_key=SecretStr(s3.secret_key),
        mlflow_uri="http://127.0.0.1:1",
    )
    clock, names = SystemClock(), NamesInMemory()
    database = Database(database_url, "registry", MIGRATIONS, clock)
    objects = S3Objects(s3.endpoint, BUCKET, s3.access_key, s3.secret_key, region="us-east-1")
    async with AsyncExitStack() as parts:
        await parts.enter_async_context(database)
        await parts.enter_async_context(objects)
        await parts.enter_async_context(
            Worker(database, clock, Tasks(database, CheckpointStore, OutcomeStore, objects, names, BUCKET).handlers())
        )
        server = GrpcServer(settings, database, {SERVICE: RegistryApi(CheckpointStore, objects)}, REASONS, clock)
        await parts.enter_async_context(server)
        yield RunningRegistry(settings.grpc_listen, issuer, database, objects, names)


def checkpoint_folder(folder: Path, *, seed: int = 1, rows: int = 20) -> Path:
    """A folder that holds a small good checkpoint of `rows` × 8 + 8 parameters."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(seed)
    tensors = {"w": chance.normal(size=(rows, 8)).astype(np.float32), "b": np.zeros(8, np.float32)}
    save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text('{"architecture": "test"}')
    (folder / "README.md").write_text("# a model\n")
    return folder


def declaration(rows: int = 20, **changes: Any) -> pb.Declaration:
    """What a team says of such a checkpoint."""
    usual: dict[str, Any] = {"licence": "Apache-2.0", "seed": 1, "period": "2025-h2", "parameters": rows * 8 + 8}
    return pb.Declaration(**{**usual, **changes})


def listed(path: str, data: bytes) -> pb.CheckpointFile:
    """A file as a listing has it."""
    return pb.CheckpointFile(path=path, size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


def listing(folder: Path) -> list[pb.CheckpointFile]:
    """The files of a flat folder as a listing has them, by name."""
    return [listed(path.name, path.read_bytes()) for path in sorted(folder.iterdir())]


def begin(team: str, files: list[pb.CheckpointFile], model: str = "solar") -> pb.BeginUploadRequest:
    """A request to begin an upload."""
    return pb.BeginUploadRequest(request_id=str(uuid4()), team_id=team, model=model, files=files)


def commit(team: str, upload_id: str, said: pb.Declaration) -> pb.CommitUploadRequest:
    """A request to commit an upload."""
    return pb.CommitUploadRequest(request_id=str(uuid4()), team_id=team, upload_id=upload_id, declaration=said)


async def send(http: httpx.AsyncClient, targets: Iterable[pb.UploadTarget], folder: Path) -> None:
    """Put the files of `folder` where the registry wants them."""
    for target in targets:
        data = (folder / target.path).read_bytes()
        assert (await http.put(target.url, content=data, headers=dict(target.headers))).is_success


async def put_all(team: Client, folder: Path, said: pb.Declaration) -> pb.Checkpoint:
    """Push a folder as the usual team's model."""
    return await push(team, folder, team_id=TEAM, model="solar", declaration=said)
