"""The registry as a process of its own, over parts that others start: what the benchmarks measure and chaos kills."""

from __future__ import annotations

import functools
import json
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

from client.stack.ports import free_ports
from client.stack.probes import check_grpc, check_http
from client.stack.spec import PartSpec
from common.auth import DevelopmentIssuer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from client.stack.seaweed import S3Access


def registry_part(
    folder: Path, bootstrap: Sequence[str], database_url: str, s3: S3Access
) -> tuple[PartSpec, DevelopmentIssuer]:
    """The registry as a part, and who issues tokens that it takes; it names nothing, as there is no MLflow."""
    folder.mkdir(parents=True)
    issuer = DevelopmentIssuer.create(folder / "issuer.pem")
    (folder / "keys.json").write_text(json.dumps(issuer.key_set()))
    address = f"127.0.0.1:{free_ports(1)[0]}"
    environment = {
        "environment": "embedded",
        "database_url": database_url,
        "kafka_bootstrap": ",".join(bootstrap),
        "grpc_listen": address,
        "token_keys": str(folder / "keys.json"),
        "s3_endpoint": s3.endpoint,
        "s3_access_key": s3.access_key,
        "s3_secret_key": s3.secret_key,
        "mlflow_uri": "http://127.0.0.1:1",
    }
    part = PartSpec(
        name="registry",
        address=address,
        command=(sys.executable, "-m", "registry"),
        environment={f"DOKPAMO_{name.upper()}": value for name, value in environment.items()},
        folder=folder,
        probe=functools.partial(check_grpc, address),
    )
    return part, issuer


def downloads_part(folder: Path, database_url: str, s3: S3Access) -> PartSpec:
    """What gives the releases of a registry out by HTTP, as a part of its own."""
    folder.mkdir(parents=True)
    (folder / "keys.json").write_text('{"keys": []}')
    listen = f"127.0.0.1:{free_ports(1)[0]}"
    environment = {
        "environment": "embedded",
        "database_url": database_url,
        "kafka_bootstrap": "127.0.0.1:1",
        "http_listen": listen,
        "token_keys": str(folder / "keys.json"),
        "s3_endpoint": s3.endpoint,
        "s3_access_key": s3.access_key,
        "s3_secret_key": s3.secret_key,
    }
    return PartSpec(
        name="downloads",
        address=f"http://{listen}",
        command=(sys.executable, "-m", "registry", "downloads"),
        environment={f"DOKPAMO_{name.upper()}": value for name, value in environment.items()},
        folder=folder,
        probe=functools.partial(check_http, f"http://{listen}/healthz"),
    )


def team_token(issuer: DevelopmentIssuer, team: str) -> str:
    """A token of a member of a team, good for an hour."""
    return issuer.issue("someone", ["consortium"], team, timedelta(hours=1))
