"""Enforces the `(access)` option of each RPC: default deny, a consortium for its own team, an assessor for himself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import grpc
from dokpamo.common.v1 import options_pb2

from common.errors import Refused
from common.grpc.contract import declared_access

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from common.auth import Actor
    from common.grpc.contract import Rpc

_PREFIX: Final = "ROLE_"
CONSORTIUM: Final = "consortium"
ASSESSOR: Final = "assessor"


def role_name(role: options_pb2.Role.ValueType) -> str:
    """Return `role` as tokens name it: lower case, without the prefix."""
    return options_pb2.Role.Name(role).removeprefix(_PREFIX).lower()


def check(rpc: Rpc, actor: Actor, request: Message) -> None:
    """Let `actor` pass, or raise `Refused` (UNAUTHENTICATED without a token, else PERMISSION_DENIED).

    A caller with several of the roles has the widest of their rights. Raises `AccessUndeclaredError` for an RPC that
    declares nothing.
    """
    access = declared_access(rpc)
    allowed = {role_name(role) for role in access.roles}
    if "public" in allowed:
        return
    held = actor.roles & allowed
    if not held:
        raise _denied(rpc, actor, allowed)
    scopes = {
        role: refusal
        for role, refusal in ((role, _outside_scope(access, role, actor, request)) for role in held)
        if refusal is not None
    }
    if len(scopes) == len(held):
        raise next(iter(scopes.values()))


def _outside_scope(access: options_pb2.Access, role: str, actor: Actor, request: Message) -> Refused | None:
    """Return why `role` does not reach as far as `request`; `None` if it does."""
    if role == CONSORTIUM and access.team_field:
        return _unless_own(access.team_field, request, actor.team, "a consortium may only name its own team")
    if role == ASSESSOR and access.person_field:
        return _unless_own(access.person_field, request, actor.subject, "an assessor may only name himself")
    return None


def _unless_own(path: str, request: Message, own: str | None, rule: str) -> Refused | None:
    value = _text_at(request, path)
    if own and value == own:
        return None
    facts = {"field": path, "value": value, "rule": rule}
    return Refused("PERMISSION_DENIED", f"{path} is {value!r}: {rule}", facts, grpc.StatusCode.PERMISSION_DENIED)


def _text_at(message: Message, path: str) -> str:
    for name in path.split("."):
        message = getattr(message, name)
    return str(message)


def _denied(rpc: Rpc, actor: Actor, allowed: set[str]) -> Refused:
    facts = {"method": rpc.full_name, "allowed_roles": ",".join(sorted(allowed))}
    if not actor.roles:
        return Refused("UNAUTHENTICATED", f"{rpc.name} needs a token", facts, status=grpc.StatusCode.UNAUTHENTICATED)
    message = f"{rpc.name} is for {', '.join(sorted(allowed))}; {actor.subject} is {', '.join(sorted(actor.roles))}"
    return Refused("PERMISSION_DENIED", message, facts, grpc.StatusCode.PERMISSION_DENIED)
