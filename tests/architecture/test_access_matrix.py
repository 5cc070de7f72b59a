"""Every RPC × every role, read from the contracts and put through the check that the servers use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest
from common.auth import ANYONE, Actor
from common.errors import Refused
from common.grpc.access import check, role_name
from common.grpc.contract import AccessUndeclaredError, Rpc, all_services, declared_access, rpcs_of
from dokpamo.common.v1 import options_pb2
from google.protobuf import empty_pb2

if TYPE_CHECKING:
    from google.protobuf.message import Message

ROOT = Path(__file__).parents[2]
RPCS = [rpc for service in all_services() for rpc in rpcs_of(service)]
ROLES = [role_name(number) for number in options_pb2.Role.values() if number != options_pb2.ROLE_UNSPECIFIED]
# RPCs that a consortium may call although no field of the request binds it to its own team, each with the reason.
SEES_EVERY_TEAM = {
    "dokpamo.registry.v1.ExaminationService/ListReferences": "the catalogue is of known models and of no team",
    "dokpamo.registry.v1.ReleaseService/AcceptLicence": "it is the licence of somebody else's released model",
}
OWN_TEAM, OTHER_TEAM = "sk-telecom", "nc-ai"
SELF, SOMEBODY_ELSE = "assessor-1", "assessor-2"


def names(rpcs: list[Rpc]) -> list[str]:
    return [rpc.full_name for rpc in rpcs]


def caller(role: str) -> Actor:
    if role == "public":
        return ANYONE
    return Actor(SELF, frozenset({role}), OWN_TEAM if role == "consortium" else None)


def declared_roles(rpc: Rpc) -> set[str]:
    return {role_name(role) for role in declared_access(rpc).roles}


def request_naming(rpc: Rpc, team: str, person: str) -> Message:
    request = rpc.request()
    access = declared_access(rpc)
    for path, value in ((access.team_field, team), (access.person_field, person)):
        if path:
            *parents, last = path.split(".")
            target: Message = request
            for parent in parents:
                target = getattr(target, parent)
            setattr(target, last, value)
    return request


def refusal(rpc: Rpc, actor: Actor, request: Message) -> grpc.StatusCode | None:
    try:
        check(rpc, actor, request)
    except Refused as refused:
        return refused.status
    return None


def test_the_contracts_of_all_services_are_found() -> None:
    folders = {path.parent.parent.name for path in (ROOT / "proto/dokpamo").glob("*/v1/service.proto")}

    assert {service.split(".")[1] for service in all_services()} == folders | {"common"}
    assert folders >= {"intake", "selection", "grants", "training", "registry", "evaluation", "notary"}


@pytest.mark.parametrize("rpc", RPCS, ids=names(RPCS))
def test_an_rpc_declares_who_may_call_it(rpc: Rpc) -> None:
    assert declared_access(rpc).roles


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("rpc", RPCS, ids=names(RPCS))
def test_a_role_may_call_exactly_what_the_contract_says(rpc: Rpc, role: str) -> None:
    allowed = declared_roles(rpc)

    status = refusal(rpc, caller(role), request_naming(rpc, OWN_TEAM, SELF))

    if role in allowed or "public" in allowed:
        assert status is None
    elif role == "public":
        assert status is grpc.StatusCode.UNAUTHENTICATED
    else:
        assert status is grpc.StatusCode.PERMISSION_DENIED


SCOPED_TO_A_TEAM = [rpc for rpc in RPCS if rpc.access and rpc.access.team_field and "consortium" in declared_roles(rpc)]
SCOPED_TO_A_PERSON = [
    rpc for rpc in RPCS if rpc.access and rpc.access.person_field and "assessor" in declared_roles(rpc)
]


@pytest.mark.parametrize("named", [OTHER_TEAM, ""])
@pytest.mark.parametrize("rpc", SCOPED_TO_A_TEAM, ids=names(SCOPED_TO_A_TEAM))
def test_a_consortium_may_name_no_other_team_and_not_leave_it_out(rpc: Rpc, named: str) -> None:
    request = request_naming(rpc, named, SELF)

    assert refusal(rpc, caller("consortium"), request) is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize("rpc", SCOPED_TO_A_TEAM, ids=names(SCOPED_TO_A_TEAM))
def test_a_consortium_whose_token_names_no_team_may_name_none(rpc: Rpc) -> None:
    nobody = Actor("kim", frozenset({"consortium"}), None)

    assert refusal(rpc, nobody, request_naming(rpc, OWN_TEAM, SELF)) is grpc.StatusCode.PERMISSION_DENIED
    assert refusal(rpc, nobody, request_naming(rpc, "", SELF)) is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize("rpc", SCOPED_TO_A_PERSON, ids=names(SCOPED_TO_A_PERSON))
def test_an_assessor_may_only_name_himself(rpc: Rpc) -> None:
    request = request_naming(rpc, OWN_TEAM, SOMEBODY_ELSE)

    assert refusal(rpc, caller("assessor"), request) is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize("rpc", RPCS, ids=names(RPCS))
def test_an_rpc_that_a_consortium_may_call_names_its_team(rpc: Rpc) -> None:
    allowed = declared_roles(rpc)

    if "consortium" in allowed and "public" not in allowed and rpc.full_name not in SEES_EVERY_TEAM:
        assert declared_access(rpc).team_field


@pytest.mark.parametrize("rpc", RPCS, ids=names(RPCS))
def test_nobody_writes_without_a_token(rpc: Rpc) -> None:
    assert not (rpc.writes and "public" in declared_roles(rpc))


@pytest.mark.parametrize(
    "access",
    [
        None,
        options_pb2.Access(),
        options_pb2.Access(roles=[options_pb2.ROLE_UNSPECIFIED]),
        options_pb2.Access(roles=[options_pb2.ROLE_CONSORTIUM], team_field="no_such_field"),
    ],
)
@pytest.mark.parametrize("role", ROLES)
def test_an_rpc_without_a_usable_option_can_be_called_by_nobody(access: options_pb2.Access | None, role: str) -> None:
    rpc = Rpc("dokpamo.intake.v1.IntakeService", "Undeclared", empty_pb2.Empty, empty_pb2.Empty, access)

    with pytest.raises(AccessUndeclaredError):
        check(rpc, caller(role), empty_pb2.Empty())
