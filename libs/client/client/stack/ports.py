"""Free TCP ports, below the range from which the system takes ports for outgoing connections.

A port from the system's own range (bind to 0) could be taken by any client between two starts of a part.
"""

from __future__ import annotations

import random
import socket

LOWEST, HIGHEST = 20_000, 32_000
HOST = "127.0.0.1"


class NoFreePortError(Exception):
    """All ports of the range are taken."""


def is_free(port: int) -> bool:
    """Whether nothing listens on the port now."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return False
    return True


def free_ports(count: int, *, seed: str | None = None) -> list[int]:
    """Return `count` different free ports; `seed` keeps the choices of two stacks apart, and repeatable.

    Raises:
        NoFreePortError: Fewer than `count` ports are free.
    """
    candidates = list(range(LOWEST, HIGHEST))
    # No secret is drawn here: the seed only spreads the stacks of one machine over the range.
    random.Random(seed).shuffle(candidates)  # noqa: S311 (see above)
    found: list[int] = []
    for port in candidates:
        if len(found) == count:
            break
        if is_free(port):
            found.append(port)
    if len(found) < count:
        message = f"only {len(found)} of {count} ports are free between {LOWEST} and {HIGHEST}"
        raise NoFreePortError(message)
    return found
