"""Where a service is, and in whose name it is called: as a command's options say, else as the running stack has it.

The services of a running stack take the tokens of its development issuer, so that whoever tries the platform out needs
none of his own.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from client.session import Caller

    Access = tuple[str, Callable[[], str] | None]
    """Where the service is ("host:port"), and what gives a token for each call; `None` calls as anybody may."""

TOKEN_LIFE: Final = timedelta(minutes=15)


class NoAccessError(Exception):
    """No service was named and no stack runs, or one was named and no token for it."""


def access(service: str, caller: Caller | None, address: str | None, token: str | None) -> Access:
    """Return the access to `service` for `caller`, `None` for anybody.

    A `token` counts before the caller, and an `address` before the running stack. Raises `NoAccessError`.
    """
    given = None if token is None else lambda: token
    if address:
        if given is None and caller is not None:
            raise NoAccessError(f"{service} is named and no token for it: set DOKPAMO_TOKEN")
        return address, given
    from client.stack.addresses import NoStackError
    from client.stack.control import running_stack

    try:
        stack = running_stack()
    except NoStackError as error:
        raise NoAccessError(f"{error}, or name the service with --{service} and set DOKPAMO_TOKEN") from error
    if given is None and caller is not None:
        given = _issued(stack.service_key, caller)
    return stack.services[service], given


def _issued(key: Path, caller: Caller) -> Callable[[], str]:
    from common.auth import DevelopmentIssuer

    # `dokpamo up` has said what it is, and what a command prints is its answer.
    issuer = DevelopmentIssuer(key, quiet=True)
    return lambda: issuer.issue(caller.subject, caller.roles, caller.team, TOKEN_LIFE)
