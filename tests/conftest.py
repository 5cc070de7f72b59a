"""Real parts for the tests: each is started once, when a test first asks for it, and is always stopped."""

from __future__ import annotations

import secrets
import signal
import sys
from typing import TYPE_CHECKING

import pytest
import structlog
from client.stack.kafka import kafka_part
from client.stack.ports import free_ports
from client.stack.postgres import create_databases, database_url, postgres_part, with_database
from client.stack.process import log_tail
from client.stack.seaweed import S3Access, SeaweedPorts, seaweed_part
from client.stack.single import SinglePart
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What a shell starts in the background ignores Ctrl-C, and so would everything that the tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Services in a test's own process log to a stream of their own, never into what a command prints at the same time.
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))

# No test depends on speed: a machine that others use as well is slow now and then.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

PASSWORD = "only-for-tests"  # of a server that lives as long as the tests, on the loopback


PARTS_FOLDER = pytest.StashKey["Path"]()


@pytest.fixture(scope="session")
def parts_folder(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    """Where the parts of this test session keep their data and logs."""
    pytestconfig.stash[PARTS_FOLDER] = tmp_path_factory.mktemp("parts")
    return pytestconfig.stash[PARTS_FOLDER]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """After a failure, show what the real parts said last: often it is the reason, and a CI's disk is gone later."""
    folder = config.stash.get(PARTS_FOLDER, None)
    if folder and (terminalreporter.stats.get("failed") or terminalreporter.stats.get("error")):
        for path in sorted(folder.glob("*.log")):
            terminalreporter.section(f"last lines of {path.name}")
            terminalreporter.write_line(log_tail(path, 8))


@pytest.fixture(scope="session")
def kafka(parts_folder: Path) -> Iterator[SinglePart]:
    """A real Kafka, with `kill()`, `start()`, `pause()` and `resume()`."""
    port, controller_port = free_ports(2)
    with SinglePart(kafka_part(parts_folder / "kafka", port, controller_port), parts_folder / "kafka.log") as part:
        yield part


@pytest.fixture(scope="session")
def kafka_bootstrap(kafka: SinglePart) -> list[str]:
    """Addresses of a real Kafka."""
    return [kafka.address]


@pytest.fixture(scope="session")
def postgres(parts_folder: Path) -> Iterator[SinglePart]:
    """A real PostgreSQL, with `kill()`, `start()`, `pause()` and `resume()`."""
    (port,) = free_ports(1)
    # Tests kill processes and not the machine; a database for each test costs a disk too much otherwise.
    spec = postgres_part(parts_folder / "postgres", port, PASSWORD, durable=False)
    with SinglePart(spec, parts_folder / "postgres.log") as part:
        yield part


@pytest.fixture(scope="session")
def postgres_url(postgres: SinglePart) -> str:
    """URL of a database that all tests of the session share: use a schema of your own."""
    return database_url(int(postgres.address.rpartition(":")[2]), PASSWORD)


@pytest.fixture
def fresh_database_url(postgres_url: str) -> str:
    """URL of an empty database for one test."""
    name = f"test_{secrets.token_hex(6)}"
    create_databases(postgres_url, (name,))
    return with_database(postgres_url, name)


@pytest.fixture(scope="session")
def s3_part(parts_folder: Path) -> Iterator[SinglePart]:
    """A real S3, with `kill()`, `start()`, `pause()` and `resume()`."""
    ports = SeaweedPorts.of(free_ports(8))
    access = S3Access(f"http://127.0.0.1:{ports.s3}", "test", PASSWORD)
    with SinglePart(seaweed_part(parts_folder / "s3", ports, access), parts_folder / "s3.log") as part:
        yield part


@pytest.fixture(scope="session")
def s3(s3_part: SinglePart) -> S3Access:
    """Endpoint and keys of a real S3 with the platform's buckets; `s3.client()` is a boto3 client."""
    return S3Access(s3_part.address, "test", PASSWORD)
