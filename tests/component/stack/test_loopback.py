"""Nobody outside this machine reaches a part of the stack: every socket that listens is on the loopback."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

import psutil
import pytest
from client.stack.ports import free_ports
from client.stack.process import members
from client.stack.ray_head import RayPorts, ray_part
from client.stack.single import SinglePart

if TYPE_CHECKING:
    from pathlib import Path

RAY_PORTS = 9


def listening(processes: list[psutil.Process]) -> set[str]:
    """The addresses at which processes listen."""
    found = set()
    for process in processes:
        for connection in process.net_connections("inet"):
            if connection.status == psutil.CONN_LISTEN:
                address = ipaddress.ip_address(connection.laddr.ip)
                plain = getattr(address, "ipv4_mapped", None) or address
                found.add(str(plain))
    return found


def family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


@pytest.mark.parametrize("part", ["kafka", "postgres", "s3_part"])
def test_a_part_listens_on_the_loopback_only(part: str, request: pytest.FixtureRequest) -> None:
    running: SinglePart = request.getfixturevalue(part)
    assert listening(family(running.pid)) == {"127.0.0.1"}


def test_ray_whose_daemons_run_what_they_are_sent_listens_on_the_loopback_only(tmp_path: Path) -> None:
    spec = ray_part(tmp_path / "ray", RayPorts.of(free_ports(RAY_PORTS)))
    with SinglePart(spec, tmp_path / "log", stack_id=f"loopback-{tmp_path.name}"):
        daemons = [psutil.Process(found.pid) for found in members(f"loopback-{tmp_path.name}")]
        assert listening(daemons) == {"127.0.0.1"}
