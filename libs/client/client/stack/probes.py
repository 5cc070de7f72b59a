"""Readiness probes: each asks a part the cheapest question that only a working part can answer.

Their libraries are imported where they are used: most commands on a stack name its parts and ask nobody.
"""

from __future__ import annotations

import asyncio
import http.client
import socket
import urllib.error
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from client.stack.apart import run_apart
from client.stack.spec import NotReadyError

if TYPE_CHECKING:
    from collections.abc import Sequence

PROBE_SECONDS = 3.0
SERVER_ERRORS_FROM = 500


def check_tcp(address: str) -> None:
    """Raise NotReadyError unless something accepts connections at `host:port`."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), PROBE_SECONDS).close()
    except OSError as error:
        message = f"no connection to {address}: {error}"
        raise NotReadyError(message) from error


def check_http(url: str, *, healthy_below: int = 400) -> None:
    """Raise NotReadyError unless GET `url` answers with a status below `healthy_below`."""
    ask_http(url, healthy_below=healthy_below)


def ask_http(url: str, *, healthy_below: int = 400) -> bytes:
    """Return what GET `url` answers; raise NotReadyError for no answer, or a status not below `healthy_below`."""
    # The loopback address is never to be reached through a proxy of the environment.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=PROBE_SECONDS) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            if error.code < healthy_below:
                return error.read()
        raise NotReadyError(f"{url} answers {error.code}") from error
    except (OSError, http.client.HTTPException) as error:
        raise NotReadyError(f"{url}: {error}") from error


def check_s3(endpoint: str) -> None:
    """Raise NotReadyError unless the S3 gateway answers; "forbidden" to a nameless caller is an answer."""
    check_http(endpoint, healthy_below=SERVER_ERRORS_FROM)


def check_grpc(address: str) -> None:
    """Raise NotReadyError unless the gRPC health service at `host:port` says SERVING for the whole server."""
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    check_tcp(address)
    with grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        try:
            answer = stub.Check(health_pb2.HealthCheckRequest(service=""), timeout=PROBE_SECONDS)
        except grpc.RpcError as error:
            message = f"health of {address}: {error.code().name}"
            raise NotReadyError(message) from error
    if answer.status != health_pb2.HealthCheckResponse.SERVING:
        name = health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)
        message = f"health of {address}: {name}"
        raise NotReadyError(message)


def check_postgres(url: str) -> None:
    """Raise NotReadyError unless the database answers a query."""
    run_apart(_ask_postgres(url))


async def _ask_postgres(url: str) -> None:
    import asyncpg

    try:
        connection = await asyncpg.connect(url, timeout=PROBE_SECONDS)
        try:
            await connection.fetchval("SELECT 1", timeout=PROBE_SECONDS)
        finally:
            await connection.close(timeout=PROBE_SECONDS)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        # The URL holds the password: name the place only.
        message = f"database at {urlsplit(url).hostname}:{urlsplit(url).port}: {error or type(error).__name__}"
        raise NotReadyError(message) from error


def check_kafka(bootstrap: Sequence[str]) -> None:
    """Raise NotReadyError unless a broker answers with the list of brokers."""
    check_tcp(bootstrap[0])
    run_apart(_ask_kafka(bootstrap))


async def _ask_kafka(bootstrap: Sequence[str]) -> None:
    from aiokafka import AIOKafkaClient
    from aiokafka.errors import KafkaError

    client = AIOKafkaClient(bootstrap_servers=list(bootstrap), request_timeout_ms=int(PROBE_SECONDS * 1000))
    try:
        await asyncio.wait_for(client.bootstrap(), PROBE_SECONDS)
        brokers = client.cluster.brokers()
    except (OSError, TimeoutError, KafkaError) as error:
        message = f"Kafka at {bootstrap[0]}: {error or type(error).__name__}"
        raise NotReadyError(message) from error
    finally:
        await client.close()
    if not brokers:
        message = f"Kafka at {bootstrap[0]} has no registered broker yet"
        raise NotReadyError(message)
