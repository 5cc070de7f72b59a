"""The registry's own parts in this process, without Kafka: events stay in its outbox, where a test reads them."""

from __future__ import annotations

import asyncio
import hashlib
import json
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import numpy as np
from client.stack.ports import free_ports
from common.auth import DevelopmentIssuer
from common.clock import SystemClock
from common.database import Database
from common.errors import Refused
from common.grpc import Client, GrpcServer, connect
from common.worker import Worker
from dokpamo.registry.v1 import service_pb2 as pb
from pydantic import SecretStr
from registry.app import SERVICE, apis
from registry.events import Tasks
from registry.settings import Settings
from registry.store import MIGRATIONS
from registry.store.catalogue import CatalogueStore
from registry.store.checkpoints import CheckpointStore
from registry.store.examiner import ProcessExaminer
from registry.store.inspector import ProcessInspector
from registry.store.objects import S3Objects
from registry.store.outcomes import OutcomeStore
from registry.store.uploads import UploadStore
from registry.wire import REASONS
from safetensors.numpy import save_file

from tests.builders.names_in_memory import NamesInMemory

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping
    from pathlib import Path

    from client.stack.seaweed import S3Access

BUCKET = "checkpoints"
TEAM = "upstage"


@dataclass
class RunningRegistry:
    """A registry that answers, and what lies behind it."""

    address: str
    issuer: DevelopmentIssuer
    database: Database
    objects: S3Objects
    names: NamesInMemory

    @asynccontextmanager
    async def client(self, *roles: str, team: str | None = None, service: str = SERVICE) -> AsyncIterator[Client]:
        """A client of one of its services in the name of someone with these roles."""
        token = self.issuer.issue("someone", roles, team)
        async with connect(self.address, lambda: token, timeout_seconds=30) as channel:
            yield Client(channel, service)

    async def events(self) -> list[str]:
        """Types of the events in the outbox, the first first."""
        async with self.database.transaction() as tx:
            rows = await tx.fetch("SELECT type FROM outbox ORDER BY seq")
        return [row["type"].rpartition(".")[2] for row in rows]


@asynccontextmanager
async def running_registry(
    folder: Path, database_url: str, s3: S3Access, *, quota_bytes: int = 2**40
) -> AsyncIterator[RunningRegistry]:
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
        await _empty(database, objects)
        inspector = await parts.enter_async_context(ProcessInspector(objects))
        examiner = await parts.enter_async_context(ProcessExaminer(objects, folder, 2**30))
        tasks = Tasks(
            database, UploadStore, CheckpointStore, OutcomeStore, CatalogueStore, objects, names, inspector, BUCKET
        )
        await parts.enter_async_context(Worker(database, clock, tasks.handlers()))
        server = GrpcServer(settings, database, apis(objects, examiner, quota_bytes), REASONS, clock)
        await parts.enter_async_context(server)
        yield RunningRegistry(settings.grpc_listen, issuer, database, objects, names)


async def _empty(database: Database, objects: S3Objects) -> None:
    """Let a registry that begins with no uploads begin with no bytes either: the store is that of all tests."""
    async with database.transaction() as tx:
        if not await tx.fetchval("SELECT EXISTS (SELECT 1 FROM uploads)"):
            for prefix in ("blobs/", "manifests/"):
                async for page in objects.listing(prefix):
                    await asyncio.gather(*(objects.discard(key) for key, _ in page))


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


def files_of(folder: Path) -> dict[str, bytes]:
    """The files of a folder by path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def cut(path: str, data: bytes, part_bytes: int = 2**20) -> list[pb.FilePart]:
    """The parts of a file, each of `part_bytes` at most."""
    return [
        pb.FilePart(
            path=path,
            offset_bytes=at,
            size_bytes=len(data[at : at + part_bytes]),
            sha256=hashlib.sha256(data[at : at + part_bytes]).digest(),
        )
        for at in range(0, len(data), part_bytes)
    ]


@dataclass
class RawUpload:
    """An upload step by step, by the contract alone: no client of ours stands between a test and the registry."""

    team: Client
    team_id: str
    upload_id: str
    sent: int = 0

    @classmethod
    async def begin(cls, team: Client, team_id: str = TEAM, model: str = "solar") -> RawUpload:
        begun = await team.BeginUpload(pb.BeginUploadRequest(request_id=str(uuid4()), team_id=team_id, model=model))
        return cls(team, team_id, begun.upload_id)

    async def declare(self, parts: list[pb.FilePart]) -> list[bytes]:
        """Declare parts; return those that are lacking."""
        answer = await self.team.DeclareParts(
            pb.DeclarePartsRequest(request_id=str(uuid4()), team_id=self.team_id, upload_id=self.upload_id, parts=parts)
        )
        return list(answer.lacking)

    async def targets(self, digests: Iterable[bytes], *, again: bool = False) -> list[pb.PartTarget]:
        """Where to put parts."""
        answer = await self.team.GetPartTargets(
            pb.GetPartTargetsRequest(team_id=self.team_id, upload_id=self.upload_id, sha256=digests, asked_before=again)
        )
        return list(answer.targets)

    async def send(self, files: Mapping[str, bytes], part_bytes: int = 2**20) -> None:
        """Declare and put every part that is lacking."""
        async with httpx.AsyncClient(timeout=60) as http:
            for path, data in files.items():
                parts = cut(path, data, part_bytes)
                by_digest = {part.sha256: part for part in parts}
                for target in await self.targets(await self.declare(parts)):
                    part = by_digest[target.sha256]
                    content = data[part.offset_bytes : part.offset_bytes + part.size_bytes]
                    answer = await http.put(target.url, content=content, headers=dict(target.headers))
                    # 412: another file has brought the same bytes.
                    assert answer.is_success or answer.status_code == httpx.codes.PRECONDITION_FAILED, answer.text
                    self.sent += len(content)

    async def list(self, files: Iterable[pb.CheckpointFile]) -> int:
        """Declare files; return how many there are."""
        request = pb.DeclareFilesRequest(
            request_id=str(uuid4()), team_id=self.team_id, upload_id=self.upload_id, files=files
        )
        return int((await self.team.DeclareFiles(request)).files)

    async def commit(self, said: pb.Declaration, **more: Any) -> pb.Upload:
        """Ask for the commit; return the upload as it is then."""
        request = pb.CommitUploadRequest(
            request_id=str(uuid4()), team_id=self.team_id, upload_id=self.upload_id, declaration=said, **more
        )
        upload: pb.Upload = (await self.team.CommitUpload(request)).upload
        return upload

    async def ended(self, seconds: float = 60) -> pb.Checkpoint:
        """Wait until it is committed, and return the checkpoint; raise `Refused` where it is refused."""
        request = pb.GetUploadRequest(team_id=self.team_id, upload_id=self.upload_id)
        for _ in range(int(seconds / 0.05)):
            upload = (await self.team.GetUpload(request)).upload
            if upload.state == pb.UPLOAD_STATE_COMMITTED:
                checkpoint: pb.Checkpoint = upload.checkpoint
                return checkpoint
            if upload.state == pb.UPLOAD_STATE_REFUSED:
                told = upload.refusal
                raise Refused(told.code, told.message, dict(told.facts))
            await asyncio.sleep(0.05)
        raise AssertionError(f"still {pb.UploadState.Name(upload.state)} after {seconds} s")

    async def push(self, files: Mapping[str, bytes], said: pb.Declaration, **more: Any) -> pb.Checkpoint:
        """All steps."""
        await self.send(files)
        await self.list([listed(path, data) for path, data in files.items()])
        await self.commit(said, **more)
        return await self.ended()


async def put_all(
    team: Client, folder: Path, said: pb.Declaration, *, team_id: str = TEAM, model: str = "solar", **more: Any
) -> pb.Checkpoint:
    """Push a folder as the usual team's model."""
    upload = await RawUpload.begin(team, team_id, model)
    return await upload.push(files_of(folder), said, **more)


async def fetched(client: Client, digest: str, team_id: str = TEAM) -> dict[str, bytes]:
    """All files of a checkpoint, by path, from the URLs that the registry gives."""
    listing = await client.ListFiles(pb.ListFilesRequest(team_id=team_id, checkpoint_digest=digest))
    found = {file.path: b"" for file in listing.files}
    token = ""
    async with httpx.AsyncClient(timeout=60) as http:
        while True:
            page = await client.ListParts(
                pb.ListPartsRequest(team_id=team_id, checkpoint_digest=digest, page_size=2, page_token=token)
            )
            for source in page.parts:
                assert len(found[source.part.path]) == source.part.offset_bytes
                found[source.part.path] += (await http.get(source.url)).raise_for_status().content
            token = page.next_page_token
            if not token:
                return found
