"""Nobody outside this machine reaches a part of the stack: every socket that listens is on the loopback."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from client.stack.ports import free_ports
from client.stack.process import members
from client.stack.ray_head import RayPorts, ray_part
from client.stack.single import SinglePart

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

RAY_PORTS = 9


def listening(processes: list[psutil.Process]) -> set[str]:
    """The addresses at which processes listen."""
    return addresses(socket for process in processes for socket in process.net_connections("inet"))


def listening_at(port: int) -> set[str]:
    """The addresses at which anybody listens on a port."""
    return addresses(socket for socket in psutil.net_connections("inet") if socket.laddr and socket.laddr.port == port)


def addresses(sockets: Iterable[Any]) -> set[str]:
    found = set()
    for socket in sockets:
        if socket.status == psutil.CONN_LISTEN:
            address = ipaddress.ip_address(socket.laddr.ip)
            plain = getattr(address, "ipv4_mapped", None) or address
            found.add(str(plain))
    return found


def family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


@pytest.mark.parametrize("part", ["kafka", "postgres", "s3_part"])
def test_a_part_listens_on_the_loopback_only(part: str, request: pytest.FixtureRequest) -> None:
    running: SinglePart = request.getfixturevalue(part)
    try:
        assert listening(family(running.pid)) == {"127.0.0.1"}
    except psutil.AccessDenied:  # another user's processes, in a container
        assert listening_at(int(running.address.rpartition(":")[2])) == {"127.0.0.1"}


def test_ray_whose_daemons_run_what_they_are_sent_listens_on_the_loopback_only(tmp_path: Path) -> None:
    spec = ray_part(tmp_path / "ray", RayPorts.of(free_ports(RAY_PORTS)))
    with SinglePart(spec, tmp_path / "log", stack_id=f"loopback-{tmp_path.name}"):
        daemons = [psutil.Process(found.pid) for found in members(f"loopback-{tmp_path.name}")]
        assert listening(daemons) == {"127.0.0.1"}
