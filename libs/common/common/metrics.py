"""Every metric of the platform, in one file, and the part that shows them in Prometheus' text format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Self

from prometheus_client import Counter, Gauge, Histogram, start_http_server

if TYPE_CHECKING:
    from threading import Thread
    from types import TracebackType
    from wsgiref.simple_server import WSGIServer

MetricName = Literal[
    "dokpamo_rpc_seconds",  # time from a call's arrival to its answer
    "dokpamo_rpc_total",  # calls answered
    "dokpamo_database_wait_seconds",  # time until a connection of the pool was free
    "dokpamo_outbox_pending",  # rows that are not yet published
    "dokpamo_outbox_oldest_seconds",  # age of the oldest row that is not yet published
    "dokpamo_outbox_published_total",  # rows published
    "dokpamo_relay_delay_seconds",  # time from an event's commit to the mark that it is published
    "dokpamo_consumed_total",  # messages by outcome: done, refused, transient, duplicate
    "dokpamo_parked_open",  # parked events that nobody has closed
    "dokpamo_tasks_total",  # task runs by outcome: done, retried, failed, lost
    "dokpamo_processes_overdue",  # process managers past the deadline of their state
    "dokpamo_registry_swept_bytes_total",  # bytes removed on which no checkpoint and no upload rested
    "dokpamo_registry_scrubbed_bytes_total",  # bytes read back by schedule
    "dokpamo_registry_damages_open",  # parts of checkpoints that do not come back whole
    "dokpamo_registry_differences_open",  # what MLflow or the object store has otherwise than the tables
]
"""The names; dashboards and alerts may use no other."""

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


def _counter(name: MetricName, meaning: str, *labels: str) -> Counter:
    return Counter(name, meaning, labels)


def _gauge(name: MetricName, meaning: str, *labels: str) -> Gauge:
    return Gauge(name, meaning, labels)


def _histogram(name: MetricName, meaning: str, *labels: str) -> Histogram:
    return Histogram(name, meaning, labels, buckets=_SECONDS)


RPC_SECONDS: Final = _histogram("dokpamo_rpc_seconds", "Time from a call's arrival to its answer", "method")
RPC_TOTAL: Final = _counter("dokpamo_rpc_total", "Calls answered", "method", "status")
DATABASE_WAIT_SECONDS: Final = _histogram("dokpamo_database_wait_seconds", "Time until a pool's connection was free")
OUTBOX_PENDING: Final = _gauge("dokpamo_outbox_pending", "Outbox rows not yet published")
OUTBOX_OLDEST_SECONDS: Final = _gauge("dokpamo_outbox_oldest_seconds", "Age of the oldest row not yet published")
OUTBOX_PUBLISHED_TOTAL: Final = _counter("dokpamo_outbox_published_total", "Outbox rows published", "topic")
RELAY_DELAY_SECONDS: Final = _histogram("dokpamo_relay_delay_seconds", "Time from an event's commit to its mark")
CONSUMED_TOTAL: Final = _counter("dokpamo_consumed_total", "Messages by outcome", "topic", "outcome")
PARKED_OPEN: Final = _gauge("dokpamo_parked_open", "Parked events that nobody has closed")
TASKS_TOTAL: Final = _counter("dokpamo_tasks_total", "Task runs by outcome", "kind", "outcome")
PROCESSES_OVERDUE: Final = _gauge("dokpamo_processes_overdue", "Process managers past their deadline", "kind")
REGISTRY_SWEPT_BYTES: Final = _counter("dokpamo_registry_swept_bytes_total", "Bytes removed that nothing rested on")
REGISTRY_SCRUBBED_BYTES: Final = _counter("dokpamo_registry_scrubbed_bytes_total", "Bytes read back by schedule")
REGISTRY_DAMAGES_OPEN: Final = _gauge("dokpamo_registry_damages_open", "Parts that do not come back whole")
REGISTRY_DIFFERENCES_OPEN: Final = _gauge("dokpamo_registry_differences_open", "What is otherwise than the tables have")


class MetricsPage:
    """A part: serves the metrics over HTTP, in a thread of its own."""

    def __init__(self, listen: str) -> None:
        """Serve at `listen` ("host:port")."""
        host, _, port = listen.rpartition(":")
        self._host = host
        self._port = int(port)
        self._running: tuple[WSGIServer, Thread] | None = None

    async def __aenter__(self) -> Self:
        """Start; raise `OSError` if the port is taken."""
        self._running = start_http_server(self._port, self._host)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop."""
        if self._running is not None:
            server, thread = self._running
            server.shutdown()
            server.server_close()
            thread.join()
            self._running = None
