"""Where processes listen."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

import psutil
from client.stack.process import members

if TYPE_CHECKING:
    from collections.abc import Iterable


def listening(processes: Iterable[psutil.Process]) -> set[str]:
    """The addresses at which processes listen."""
    return addresses(socket for process in processes for socket in process.net_connections("inet"))


def listening_at(port: int) -> set[str]:
    """The addresses at which anybody listens on a port."""
    return addresses(socket for socket in psutil.net_connections("inet") if socket.laddr and socket.laddr.port == port)


def listening_of(stack_id: str, part: str) -> set[str]:
    """The addresses at which a part of a stack listens, daemons that left its main process included."""
    return listening(psutil.Process(found.pid) for found in members(stack_id, part))


def addresses(sockets: Iterable[Any]) -> set[str]:
    """The addresses of those sockets that listen; an IPv4 address in IPv6 is the one that it stands for."""
    found = set()
    for socket in sockets:
        if socket.status == psutil.CONN_LISTEN:
            address = ipaddress.ip_address(socket.laddr.ip)
            plain = getattr(address, "ipv4_mapped", None) or address
            found.add(str(plain))
    return found
