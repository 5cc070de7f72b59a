"""Each part by itself: it starts, works, survives a kill with what it has acknowledged, and leaves no process."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from client.stack import unprivileged
from client.stack.ports import free_ports
from client.stack.postgres import database_url, postgres_part
from client.stack.process import members
from client.stack.single import SinglePart

if TYPE_CHECKING:
    from pathlib import Path


async def test_what_kafka_has_acknowledged_is_there_after_a_kill(kafka: SinglePart, kafka_bootstrap: list[str]) -> None:
    topic = "test.stack.kill"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, enable_idempotence=True, acks="all")
    await producer.start()
    sent = [f"event-{number}".encode() for number in range(50)]
    for value in sent:
        await producer.send_and_wait(topic, value, partition=0)
    await producer.stop()

    kafka.kill()
    kafka.start()

    consumer = AIOKafkaConsumer(bootstrap_servers=kafka_bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    consumer.assign([TopicPartition(topic, 0)])
    received = [(await consumer.getone()).value for _ in sent]
    await consumer.stop()
    assert received == sent


async def test_what_postgres_has_committed_is_there_after_a_kill(postgres: SinglePart, fresh_database_url: str) -> None:
    connection = await asyncpg.connect(fresh_database_url)
    await connection.execute("CREATE TABLE kept (value int); INSERT INTO kept SELECT generate_series(1, 1000)")
    await connection.close()

    postgres.kill()
    postgres.start()

    connection = await asyncpg.connect(fresh_database_url)
    assert await connection.fetchval("SELECT sum(value) FROM kept") == 500_500
    await connection.close()


async def test_postgres_works_in_a_folder_that_is_closed_to_everybody_else(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (port,) = free_ports(1)
    spec = postgres_part(closed / "postgres", port, "a password / with % signs")
    with SinglePart(spec, tmp_path / "log"):
        connection = await asyncpg.connect(database_url(port, "a password / with % signs"))
        assert await connection.fetchval("SELECT current_user") == "dokpamo"
        await connection.close()
    assert closed.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(not unprivileged.needed(), reason="only root has to become somebody else")
def test_what_we_run_for_root_is_nobody_and_passes_folders_closed_to_it(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "program").touch(mode=0o755)
    # access(2) is how PostgreSQL looks for its programs; it ignores most rights of a process that is not root.
    script = "import os, sys; print(os.getuid(), os.geteuid(), os.access(sys.argv[1], os.R_OK | os.X_OK))"
    command = (*unprivileged.prefix(), sys.executable, "-I", "-c", script, str(closed / "program"))
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    uid, _ = unprivileged.user_and_group()
    assert done.stdout.split() == [str(uid), str(uid), "True"]


def test_a_stopped_part_leaves_no_process(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    spec = postgres_part(tmp_path / "postgres", port, "secret")
    with SinglePart(spec, tmp_path / "log", stack_id="stack-of-this-test") as part:
        assert part.pid in {process.pid for process in members("stack-of-this-test")}
    assert members("stack-of-this-test") == []


@pytest.mark.skipif(not unprivileged.needed(), reason="only root runs PostgreSQL as somebody else")
def test_processes_are_found_also_where_root_may_not_look_into_those_of_others() -> None:
    test = f"{__file__}::{test_a_stopped_part_leaves_no_process.__name__}"
    # PR_CAPBSET_DROP of all but what containers usually leave; it holds from the next program on.
    script = (
        "import ctypes, os, sys\n"
        "usual = {0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31}\n"
        "for right in set(range(41)) - usual: ctypes.CDLL(None).prctl(24, right, 0, 0, 0)\n"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    command = (sys.executable, "-c", script, sys.executable, "-m", "pytest", test)
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
