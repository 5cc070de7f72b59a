"""What the benchmarks stand on: a Kafka and a PostgreSQL of their own, and how a verdict reads."""

from __future__ import annotations

import logging
import secrets
import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import structlog
from client.stack.kafka import kafka_part
from client.stack.ports import free_ports
from client.stack.postgres import create_databases, database_url, postgres_part, with_database
from client.stack.single import SinglePart

if TYPE_CHECKING:
    from types import TracebackType

PASSWORD = "only-for-benchmarks"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A measured figure and its target; `at_least` says on which side of the target it must lie."""

    figure: float
    unit: str
    target: float
    at_least: bool = True
    name: str = ""
    """What it is of, where a benchmark has several."""

    @property
    def holds(self) -> bool:
        """Whether the target is met."""
        return self.figure >= self.target if self.at_least else self.figure <= self.target

    def __str__(self) -> str:
        """Return "<name> <figure> <unit>, target <target>, holds|falls short"."""
        sign = "≥" if self.at_least else "≤"
        outcome = "holds" if self.holds else "falls short"
        name = f"{self.name} " if self.name else ""
        return f"{name}{self.figure:.2f} {self.unit}, target {sign} {self.target:g}, {outcome}"


class Ground:
    """Started parts, in a folder that is removed afterwards."""

    def __init__(self) -> None:
        """Nothing runs before the `with` block."""
        self._stack = ExitStack()
        self.folder = Path()
        self.bootstrap: list[str] = []
        self._url = ""

    def __enter__(self) -> Self:
        """Start both parts."""
        # What a service logs in production, it logs here: one line a batch, to a file that nobody reads.
        logging.disable(logging.INFO)
        self.folder = Path(tempfile.mkdtemp(prefix="dokpamo-bench-"))
        self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        sink = self._stack.enter_context((self.folder / "log").open("w"))
        structlog.configure(
            processors=[structlog.processors.TimeStamper(fmt="iso", utc=True), structlog.processors.JSONRenderer()],
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
            logger_factory=structlog.PrintLoggerFactory(sink),
            cache_logger_on_first_use=False,
        )
        kafka_port, controller_port, postgres_port = free_ports(3)
        kafka = kafka_part(self.folder / "kafka", kafka_port, controller_port)
        postgres = postgres_part(self.folder / "postgres", postgres_port, PASSWORD)
        self.bootstrap = [self._stack.enter_context(SinglePart(kafka, self.folder / "kafka.log")).address]
        self._stack.enter_context(SinglePart(postgres, self.folder / "postgres.log"))
        self._url = database_url(postgres_port, PASSWORD)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop both and remove the folder."""
        self._stack.close()

    def database(self, name: str = "") -> str:
        """Return the URL of a new, empty database, of this name where one is wanted."""
        name = name or f"bench_{secrets.token_hex(4)}"
        create_databases(self._url, (name,))
        return with_database(self._url, name)
