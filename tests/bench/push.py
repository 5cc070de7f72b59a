"""How fast a checkpoint of 1 GiB is pushed, verified end to end, against MLflow's two ways and a copy on this disk.

Ours: `client.sdk.checkpoints.push` from this process to a registry of its own process, S3 and PostgreSQL, until it is
committed: each byte hashed, sent, checked by the store on arrival, and read back, hashed and inspected by the registry.
Peers: MLflow's `log_artifacts` to a server on the same S3, once through the server as it comes, once with its multipart
upload by presigned URLs. Neither hashes anything, and nothing is read back.
Floor: the same files copied on the same disk, each block hashed and the copy synced.
Shown beside it: the parts alone, put to the S3 by the same client without a registry. What the store takes for itself
no push can be faster than.
All take turns, on bytes of their own in each round; the figures are medians.
"""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

from client.sdk.checkpoints import SERVICE, push
from client.sdk.examinations import CONTRACT as EXAMINATIONS
from client.sdk.transfer.cutting import cut_evenly
from client.sdk.transfer.store import Store
from client.stack.ports import free_ports
from client.stack.seaweed import S3Access, SeaweedPorts, seaweed_part
from client.stack.single import SinglePart
from common.grpc import Client, connect
from dokpamo.registry.v1 import examinations_pb2
from dokpamo.registry.v1 import service_pb2 as pb

from tests.bench.ground import Verdict
from tests.builders.delivery import eventually
from tests.builders.large_checkpoint import large_checkpoint, parameters
from tests.builders.registry_process import registry_part, team_token

if TYPE_CHECKING:
    from pathlib import Path

    from client.sdk.transfer import Progress

    from tests.bench.ground import Ground

SIZE = 2**30
ROUNDS = 3
TEAM = "upstage"
CONNECTIONS = 8
BLOCK = 2**20


class RegistryGround:
    """A registry and an S3 beside the benchmark's Kafka and PostgreSQL."""

    def __init__(self, ground: Ground) -> None:
        self.folder = ground.folder
        ports = SeaweedPorts.of(free_ports(8))
        self.s3 = S3Access(f"http://127.0.0.1:{ports.s3}", "bench", "only-for-benchmarks")
        self._s3 = SinglePart(seaweed_part(self.folder / "s3", ports, self.s3), self.folder / "s3.log")
        part, issuer = registry_part(self.folder / "registry", ground.bootstrap, ground.database(), self.s3)
        self._registry = SinglePart(part, self.folder / "registry.log")
        self._token = team_token(issuer, TEAM)

    def __enter__(self) -> Self:
        self._s3.start()
        self._registry.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._registry.stop()
        self._s3.stop()

    async def push(
        self, folder: Path, size: int, progress: Progress | None = None, *, until_at_rest: bool = False
    ) -> float:
        """Push until it is committed; seconds. `until_at_rest` then waits for the version's examination, uncounted."""
        said = pb.Declaration(licence="Apache-2.0", period="2025-h2", parameters=parameters(size))
        began = time.perf_counter()
        async with connect(self._registry.address, lambda: self._token) as channel:
            pushed = await push(
                Client(channel, SERVICE), folder, team_id=TEAM, model="solar", declaration=said, progress=progress
            )
            taken = time.perf_counter() - began
            if until_at_rest:
                examinations = Client(channel, EXAMINATIONS)
                asked = examinations_pb2.GetExaminationRequest(team_id=TEAM, checkpoint_digest=pushed.checkpoint_digest)

                async def examined() -> bool:
                    found = (await examinations.GetExamination(asked)).examination
                    return bool(found.state != examinations_pb2.EXAMINATION_STATE_QUEUED)

                await eventually(examined, seconds=120)
        return taken


async def measure(ground: Ground) -> list[Verdict]:
    """Print all and return ours against each."""
    from tests.bench.mlflow_upload import MlflowGround

    rates: dict[str, list[float]] = {name: [] for name in ("ours", "proxied", "multipart", "disk", "parts")}
    with RegistryGround(ground) as registry, MlflowGround(ground, registry.s3) as mlflow:
        for number in range(ROUNDS):
            folder = large_checkpoint(ground.folder / "model", SIZE, seed=number)
            before = cpu_seconds()
            rates["ours"].append(SIZE / await registry.push(folder, SIZE))
            client = cpu_seconds() - before
            rates["multipart"].append(SIZE / mlflow.upload(folder, multipart=True))
            rates["proxied"].append(SIZE / mlflow.upload(folder, multipart=False))
            rates["disk"].append(SIZE / _copied(folder, ground.folder / "copy"))
            rates["parts"].append(SIZE / _put(folder, registry.s3, f"plain-{number}"))
            told = ", ".join(f"{name} {rate[-1] / 2**20:6.0f}" for name, rate in rates.items())
            print(f"round {number + 1} (MiB/s): {told}; client {client:.2f} CPU s")
            shutil.rmtree(folder)
    middle = {name: statistics.median(rate) for name, rate in rates.items()}
    print(f"of the parts alone, without a registry: {middle['ours'] / middle['parts']:.2f}")
    return [
        Verdict(middle["ours"] / middle["proxied"], "× MLflow's proxied upload", 20, name="push"),
        Verdict(middle["ours"] / middle["multipart"], "× MLflow's multipart upload", 3, name="push"),
        Verdict(middle["ours"] / middle["disk"], "of write, sync and hash on this disk", 0.8, name="push"),
    ]


def cpu_seconds() -> float:
    """What this process has used so far, of all its threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _copied(folder: Path, copy: Path) -> float:
    """Seconds to copy the files, hashed and synced."""
    copy.mkdir()
    began = time.perf_counter()
    for path in sorted(folder.iterdir()):
        digest = hashlib.sha256()
        with path.open("rb") as source, (copy / path.name).open("wb") as file:
            while block := source.read(BLOCK):
                digest.update(block)
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
    taken = time.perf_counter() - began
    shutil.rmtree(copy)
    return taken


def _put(folder: Path, s3: S3Access, name: str) -> float:
    """Seconds to put the parts of the files to the store, nothing hashed, no registry asked."""
    client, store = s3.client(), Store()
    work = []
    for path in sorted(folder.iterdir()):
        data = memoryview(path.read_bytes())
        for span in cut_evenly(0, len(data)):
            key = {"Bucket": "evaluation", "Key": f"{name}/{path.name}/{span.offset}"}
            url = client.generate_presigned_url("put_object", Params=key, ExpiresIn=3600)
            work.append((url, data[span.offset : span.offset + span.size]))
    client.close()
    began = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        list(threads.map(lambda item: store.put(item[0], {}, item[1], lambda _: None), work))
    taken = time.perf_counter() - began
    store.close()
    return taken
