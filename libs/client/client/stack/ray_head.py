"""A Ray head on this machine, with declared GPUs that no hardware backs: jobs are admitted as on the real clusters."""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from client.stack.ports import HOST
from client.stack.probes import ask_http, check_http
from client.stack.spec import NotReadyError, PartSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

# Four supported teams at 1,000 GPUs fit, as grants and training account for them.
DECLARED_GPUS = 4096
OBJECT_STORE_BYTES = 128 * 1024 * 1024
# A Unix socket's path has at most 107 characters, of which Ray's own part takes about 65.
LONGEST_TEMP_DIR = 40


@dataclass(frozen=True, slots=True)
class RayPorts:
    """The ports of Ray's daemons; `dashboard` is the Jobs API."""

    gcs: int
    dashboard: int
    object_manager: int
    node_manager: int
    agent_http: int
    agent_grpc: int
    runtime_env: int
    metrics: int
    client: int

    @classmethod
    def of(cls, ports: Sequence[int]) -> Self:
        """Take nine ports."""
        return cls(*ports)


def ray_part(folder: Path, ports: RayPorts, *, name: str = "ray", gpus: int = DECLARED_GPUS) -> PartSpec:
    """Return the specification of a Ray head with the Jobs API.

    Args:
        folder: The part's own folder; logs and sessions go there.
        ports: Where its daemons listen.
        name: Name of the part.
        gpus: How many GPUs it declares.
    """
    folder = folder.absolute()
    temp = short_folder(folder)
    options = {
        "node-ip-address": HOST,
        "port": ports.gcs,
        "include-dashboard": "true",
        "dashboard-host": HOST,
        "dashboard-port": ports.dashboard,
        "object-manager-port": ports.object_manager,
        "node-manager-port": ports.node_manager,
        "dashboard-agent-listen-port": ports.agent_http,
        "dashboard-agent-grpc-port": ports.agent_grpc,
        "runtime-env-agent-port": ports.runtime_env,
        "metrics-export-port": ports.metrics,
        "ray-client-server-port": ports.client,
        # Workers take what the system gives them: a fixed range would be shared with a second stack.
        "min-worker-port": 0,
        "max-worker-port": 0,
        "num-cpus": max(2, os.cpu_count() or 2),
        "num-gpus": gpus,
        "object-store-memory": OBJECT_STORE_BYTES,
        "temp-dir": temp,
        "include-log-monitor": "false",
    }
    flags = ("--head", "--block", "--disable-usage-stats", "--no-monitor")
    program = str(Path(sysconfig.get_path("scripts")) / "ray")
    environment = {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ENABLE_RECORD_ACTOR_TASK_LOGGING": "0",
        "RAY_DISABLE_MEMORY_MONITOR": "1",
        "RAY_DASHBOARD_NO_CACHE": "1",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
        # A node by itself: `ray start` would turn the loopback address into the machine's own, and its daemons, which
        # run what anybody sends them, would listen on every interface.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        # Job drivers find the same Python as we run on.
        "PATH": os.pathsep.join((str(Path(program).parent), os.environ.get("PATH", os.defpath))),
        "NO_PROXY": HOST,
        "no_proxy": HOST,
    }
    address = f"http://{HOST}:{ports.dashboard}"
    return PartSpec(
        name=name,
        address=address,
        command=(program, "start", *flags, *(f"--{key}={value}" for key, value in options.items())),
        environment=environment,
        folder=folder,
        probe=functools.partial(check_ray, address),
        prepare=functools.partial(prepare, folder, temp),
        stop_seconds=10.0,
        ready_seconds=300.0,
        litter=(temp,) if temp != folder else (),
    )


def external_ray_part(address: str, *, name: str = "ray") -> PartSpec:
    """Return the specification of a Ray whose Jobs API somebody else runs at `address`."""
    return PartSpec(name=name, address=address, probe=functools.partial(check_http, f"{address.rstrip('/')}/api/jobs/"))


def check_ray(address: str) -> None:
    """Raise NotReadyError unless the Jobs API answers and the node itself, which comes later, has joined."""
    check_http(f"{address}/api/jobs/")
    nodes = ask_http(f"{address}/nodes?view=summary")
    if b'"ALIVE"' not in nodes:
        raise NotReadyError(f"no node of the Ray at {address} is alive yet")


def short_folder(folder: Path) -> Path:
    """Return a path for Ray that is short enough for its sockets: the folder, or a link to it named after it."""
    if len(str(folder)) <= LONGEST_TEMP_DIR:
        return folder
    name = f"dokpamo-ray-{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"
    places = [Path(tempfile.gettempdir()), Path("/tmp")]  # noqa: S108 (a link to a folder of our own)
    return next((place / name for place in places if len(str(place / name)) <= LONGEST_TEMP_DIR), places[-1] / name)


def prepare(folder: Path, temp: Path) -> None:
    """Make the folder, without the sessions of earlier starts, and the link to it."""
    folder.mkdir(parents=True, exist_ok=True)
    for session in folder.glob("session_*"):
        session.unlink() if session.is_symlink() else shutil.rmtree(session, ignore_errors=True)
    if temp == folder or (temp.is_symlink() and temp.readlink() == folder):
        return
    temp.unlink(missing_ok=True)
    temp.symlink_to(folder)
