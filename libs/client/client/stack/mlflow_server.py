"""The MLflow tracking server and model registry, on the stack's PostgreSQL and S3."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING

from client.stack.ports import HOST
from client.stack.postgres import with_database
from client.stack.probes import check_http
from client.stack.seaweed import REGION
from client.stack.spec import PartSpec

if TYPE_CHECKING:
    from pathlib import Path

    from client.stack.seaweed import S3Access

DATABASE = "mlflow"
BUCKET = "mlflow"


def mlflow_part(folder: Path, port: int, postgres_url: str, access: S3Access, *, name: str = "mlflow") -> PartSpec:
    """Return the specification of an MLflow server with one worker.

    Args:
        folder: The part's own folder.
        port: Where it listens.
        postgres_url: URL of any database of the server on which its own database `mlflow` is.
        access: The S3 in which the bucket `mlflow` is; artifacts go through the server.
        name: Name of the part.
    """
    store = with_database(postgres_url, DATABASE).replace("postgresql://", "postgresql+psycopg://", 1)
    environment = {
        # Not on the command line, where everybody could read the password.
        "MLFLOW_BACKEND_STORE_URI": store,
        "MLFLOW_S3_ENDPOINT_URL": access.endpoint,
        "AWS_ACCESS_KEY_ID": access.access_key,
        "AWS_SECRET_ACCESS_KEY": access.secret_key,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "NO_PROXY": HOST,
        "no_proxy": HOST,
    }
    return PartSpec(
        name=name,
        address=f"http://{HOST}:{port}",
        command=(sys.executable, "-m", "client.stack.mlflow_app", f"--port={port}", f"--destination=s3://{BUCKET}"),
        environment=environment,
        folder=folder.absolute(),
        needs=("postgres", "s3"),
        probe=functools.partial(check_http, f"http://{HOST}:{port}/health"),
        prepare=functools.partial(folder.mkdir, parents=True, exist_ok=True),
    )


def external_mlflow_part(uri: str, *, name: str = "mlflow") -> PartSpec:
    """Return the specification of an MLflow server that somebody else runs."""
    return PartSpec(name=name, address=uri, probe=functools.partial(check_http, f"{uri.rstrip('/')}/health"))
