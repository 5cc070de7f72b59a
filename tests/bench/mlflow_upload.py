"""MLflow as it uploads artifacts: its own server and client, on the same PostgreSQL and S3."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Self

from client.stack.mlflow_server import mlflow_part
from client.stack.ports import free_ports
from client.stack.single import SinglePart

if TYPE_CHECKING:
    from pathlib import Path

    from client.stack.seaweed import S3Access

    from tests.bench.ground import Ground

_UPLOAD = """
import sys, time
import mlflow
client = mlflow.MlflowClient()
run = client.create_run("0")
began = time.perf_counter()
client.log_artifacts(run.info.run_id, sys.argv[1])
print(time.perf_counter() - began)
"""


class MlflowGround:
    """A server that artifacts go through, or that signs URLs for their parts."""

    def __init__(self, ground: Ground, s3: S3Access) -> None:
        (port,) = free_ports(1)
        url = ground.database(name="mlflow")
        self._part = SinglePart(mlflow_part(ground.folder / "mlflow", port, url, s3), ground.folder / "mlflow.log")

    def __enter__(self) -> Self:
        self._part.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._part.stop()

    def upload(self, folder: Path, *, multipart: bool) -> float:
        """Seconds that `log_artifacts` of a process of its own takes, without its start."""
        environment = {
            "PATH": "/usr/bin:/bin",
            "MLFLOW_TRACKING_URI": self._part.address,
            "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": str(multipart),
            "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": str(10 * 2**20),
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "GIT_PYTHON_REFRESH": "quiet",
            "NO_PROXY": "127.0.0.1",
        }
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", _UPLOAD, str(folder)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise AssertionError(done.stdout[-2000:] + done.stderr[-2000:])
        return float(done.stdout.splitlines()[-1])
