"""What is decided once for a stack and kept: its id, its ports and passwords, and which parts others run."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from client.stack.home import read_json, write_json
from client.stack.ports import free_ports, is_free
from client.stack.process import members

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from client.stack.home import StackHome

GRPC_SERVICES = ("intake", "selection", "grants", "training", "registry", "evaluation", "notary")
PORTS = (
    "postgres",
    "kafka",
    "kafka-controller",
    *(f"s3-{number}" for number in range(8)),
    "mlflow",
    *(f"ray-{number}" for number in range(9)),
    *GRPC_SERVICES,
    "downloads",
    "console",
)
EXTERNAL = {
    "postgres": ("DOKPAMO_DATABASE_URL",),
    "kafka": ("DOKPAMO_KAFKA_BOOTSTRAP",),
    "s3": ("DOKPAMO_S3_ENDPOINT", "DOKPAMO_S3_ACCESS_KEY", "DOKPAMO_S3_SECRET_KEY"),
    "mlflow": ("DOKPAMO_MLFLOW_URI",),
    "ray": ("DOKPAMO_RAY_ADDRESS",),
}
"""Parts that somebody else may run, with the variables that say where; the first alone decides."""


class IncompleteAddressError(Exception):
    """The environment names a part that somebody else runs, but not all that is needed to use it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A stack's decisions.

    Attributes:
        id: The mark of its processes; unique.
        ports: Port by name.
        passwords: Password by what it is for.
        external: Variables of the environment that named parts which others run, at the last `up`.
        only: The parts that were asked for at the last `up`; empty for all.
    """

    id: str
    ports: Mapping[str, int]
    passwords: Mapping[str, str]
    external: Mapping[str, str]
    only: tuple[str, ...] = ()

    def external_parts(self) -> set[str]:
        """Names of the parts that somebody else runs."""
        return {part for part, variables in EXTERNAL.items() if variables[0] in self.external}


def read_plan(home: StackHome) -> Plan | None:
    """Return a stack's plan; None if it was never started. A part that is newer than the plan has port 0."""
    document = read_json(home.plan_file)
    if document is None:
        return None
    return Plan(**document | {"only": tuple(document["only"]), "ports": dict.fromkeys(PORTS, 0) | document["ports"]})


def make_plan(home: StackHome, environment: Mapping[str, str], only: tuple[str, ...]) -> Plan:
    """Return the plan for a start: as it was, with new ports where others have taken them meanwhile.

    What runs is never given up by asking for less: its parts stay in the plan of a running stack.

    Raises:
        IncompleteAddressError: A part of others is named without its keys.
        NoFreePortError: There are not enough ports.
    """
    plan = read_plan(home) or _first_plan(home.path)
    plan = replace(plan, external=_external(environment))
    if not members(plan.id):
        taken = [name for name in PORTS if not plan.ports[name] or not is_free(plan.ports[name])]
        return replace(plan, only=only, ports=_with_new(plan, taken))
    everything = not only or not plan.only
    ports = _with_new(plan, [name for name in PORTS if not plan.ports[name]])
    return replace(plan, only=() if everything else tuple(dict.fromkeys((*plan.only, *only))), ports=ports)


def keep_plan(home: StackHome, plan: Plan) -> None:
    """Write the plan down."""
    write_json(home.plan_file, asdict(plan))


def _first_plan(path: Path) -> Plan:
    stack_id = f"{path.parent.name}-{secrets.token_hex(6)}"
    ports = dict(zip(PORTS, free_ports(len(PORTS), seed=stack_id), strict=True))
    passwords = {name: secrets.token_urlsafe(24) for name in ("postgres", "s3")} | {"s3-key": secrets.token_hex(10)}
    return Plan(stack_id, ports, passwords, {})


def _with_new(plan: Plan, taken: list[str]) -> dict[str, int]:
    """Return the ports of a plan with new ones in the place of those that are `taken`."""
    spare = [port for port in free_ports(len(PORTS) + len(taken)) if port not in plan.ports.values()]
    return dict(plan.ports) | dict(zip(taken, spare, strict=False))


def _external(environment: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part, variables in EXTERNAL.items():
        if not environment.get(variables[0]):
            continue
        missing = [variable for variable in variables if not environment.get(variable)]
        if missing:
            raise IncompleteAddressError(f"{variables[0]} names a {part} of others; {', '.join(missing)} is missing")
        found |= {variable: environment[variable] for variable in variables}
    return found
