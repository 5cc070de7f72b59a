"""The parts of our stack, as data: what `dokpamo up` starts."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING

from client.stack.kafka import external_kafka_part, kafka_part
from client.stack.mlflow_server import DATABASE, external_mlflow_part, mlflow_part
from client.stack.plan import GRPC_SERVICES
from client.stack.postgres import external_postgres_part, postgres_part
from client.stack.probes import check_grpc, check_http
from client.stack.ray_head import RayPorts, external_ray_part, ray_part
from client.stack.seaweed import S3Access, SeaweedPorts, external_s3_part, seaweed_part
from client.stack.spec import PartSpec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from client.stack.addresses import Stack
    from client.stack.home import StackHome
    from client.stack.plan import Plan

# Every service migrates its schema and makes its topics when it starts; what else it uses, it waits for itself.
SERVICE_NEEDS = {"registry": ("postgres", "kafka", "s3"), "downloads": ("postgres", "s3"), "console": ("kafka",)}


class UnknownPartError(Exception):
    """A name that is no part's."""


def all_parts(home: StackHome, plan: Plan, stack: Stack) -> list[PartSpec]:
    """Return the stack's parts, those that others run included, restricted to what was asked for."""
    parts = [*_infrastructure(home, plan, stack), *_services(home, stack)]
    return chosen(parts, plan.only)


def chosen(parts: list[PartSpec], names: Iterable[str]) -> list[PartSpec]:
    """Return the named parts with all they need, in the order of `parts`; all if no name is given.

    Raises:
        UnknownPartError: There is no part of such a name.
    """
    by_name = {part.name: part for part in parts}
    wanted: set[str] = set()
    waiting = list(names) or list(by_name)
    while waiting:
        name = waiting.pop()
        if name not in by_name:
            raise UnknownPartError(f"there is no part {name!r}; the parts are {', '.join(by_name)}")
        if name not in wanted:
            wanted.add(name)
            waiting.extend(by_name[name].needs)
    return [part for part in parts if part.name in wanted]


def _infrastructure(home: StackHome, plan: Plan, stack: Stack) -> list[PartSpec]:
    ports, others = plan.ports, plan.external_parts()
    access = S3Access(stack.s3_endpoint, stack.s3_access_key, stack.s3_secret_key)
    databases = () if "mlflow" in others else (DATABASE,)
    seaweed_ports = SeaweedPorts.of([ports[f"s3-{number}"] for number in range(8)])
    ray_ports = RayPorts.of([ports[f"ray-{number}"] for number in range(9)])
    return [
        external_postgres_part(stack.database_url, databases=databases)
        if "postgres" in others
        else postgres_part(home.data("postgres"), ports["postgres"], plan.passwords["postgres"], databases=databases),
        external_kafka_part(",".join(stack.kafka_bootstrap))
        if "kafka" in others
        else kafka_part(home.data("kafka"), ports["kafka"], ports["kafka-controller"]),
        external_s3_part(access) if "s3" in others else seaweed_part(home.data("s3"), seaweed_ports, access),
        external_mlflow_part(stack.mlflow_uri)
        if "mlflow" in others
        else mlflow_part(home.data("mlflow"), ports["mlflow"], stack.database_url, access),
        external_ray_part(stack.ray_address) if "ray" in others else ray_part(home.data("ray"), ray_ports),
    ]


def _services(home: StackHome, stack: Stack) -> list[PartSpec]:
    parts = [_service(home, stack, service, address) for service, address in stack.services.items()]
    downloads = _http(home, stack, "downloads", stack.downloads_url, ("registry", "downloads"))
    return [*parts, downloads, _http(home, stack, "console", stack.console_url, ("console",))]


def _service(home: StackHome, stack: Stack, service: str, address: str) -> PartSpec:
    folder = home.data(service)
    return PartSpec(
        name=service,
        address=address,
        command=(sys.executable, "-m", service),
        environment=stack.environment() | {"DOKPAMO_GRPC_LISTEN": address},
        folder=folder,
        needs=SERVICE_NEEDS.get(service, ("postgres", "kafka")),
        probe=functools.partial(check_grpc, address),
        prepare=functools.partial(folder.mkdir, parents=True, exist_ok=True),
        ready_seconds=180.0,
    )


def _http(home: StackHome, stack: Stack, name: str, url: str, module: tuple[str, ...]) -> PartSpec:
    folder = home.data(name)
    return PartSpec(
        name=name,
        address=url,
        command=(sys.executable, "-m", *module),
        environment=stack.environment() | {"DOKPAMO_HTTP_LISTEN": url.removeprefix("http://")},
        folder=folder,
        needs=SERVICE_NEEDS[name],
        probe=functools.partial(check_http, f"{url}/healthz"),
        prepare=functools.partial(folder.mkdir, parents=True, exist_ok=True),
        ready_seconds=180.0,
    )


NAMES = ("postgres", "kafka", "s3", "mlflow", "ray", *GRPC_SERVICES, "downloads", "console")
"""Names of all parts, in the order in which they are shown."""
