"""An event from Kafka in protobuf's JSON, with the contract's secrets taken out, whatever kind of field they are."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from common.received import Received
from dokpamo.common.v1 import options_pb2
from dokpamo.evaluation.v1.events_pb2 import PanelSeated, ScoreSheetSubmitted
from dokpamo.intake.v1 import service_pb2 as intake_api
from dokpamo.intake.v1.events_pb2 import ApplicationSubmitted
from dokpamo.selection.v1.events_pb2 import GateVerdictRecorded, RuleSetFrozen
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given, settings
from hypothesis import strategies as st
from notary.domain.sealing import sealed
from notary.wire import arrived_of
from notary.wire.arrival import NOT_IN_CONTRACT, parted
from verify.entry import decode
from verify.sealing import SealClass

if TYPE_CHECKING:
    from google.protobuf.message import Message

FIELD = descriptor_pb2.FieldDescriptorProto
# Without binary floats: no event may have one.
SCALARS: dict[str, tuple[int, st.SearchStrategy[Any]]] = {
    "int64": (FIELD.TYPE_INT64, st.integers(-(2**63), 2**63 - 1)),
    "uint64": (FIELD.TYPE_UINT64, st.integers(0, 2**64 - 1)),
    "int32": (FIELD.TYPE_INT32, st.integers(-(2**31), 2**31 - 1)),
    "fixed64": (FIELD.TYPE_FIXED64, st.integers(0, 2**64 - 1)),
    "fixed32": (FIELD.TYPE_FIXED32, st.integers(0, 2**32 - 1)),
    "bool": (FIELD.TYPE_BOOL, st.booleans()),
    "string": (FIELD.TYPE_STRING, st.text(st.characters(exclude_categories=["Cs"]))),
    "bytes": (FIELD.TYPE_BYTES, st.binary()),
    "uint32": (FIELD.TYPE_UINT32, st.integers(0, 2**32 - 1)),
    "enum": (FIELD.TYPE_ENUM, st.integers(0, 9)),
    "sfixed32": (FIELD.TYPE_SFIXED32, st.integers(-(2**31), 2**31 - 1)),
    "sfixed64": (FIELD.TYPE_SFIXED64, st.integers(-(2**63), 2**63 - 1)),
    "sint32": (FIELD.TYPE_SINT32, st.integers(-(2**31), 2**31 - 1)),
    "sint64": (FIELD.TYPE_SINT64, st.integers(-(2**63), 2**63 - 1)),
}
MARKS = {"open": 0, "blind": options_pb2.SEALED_BLIND, "personal": options_pb2.SEALED_PERSONAL}


@cache
def every_kind() -> type[Message]:
    """A message with a field of every kind, single and repeated, in each class; and messages and maps of them."""
    file = descriptor_pb2.FileDescriptorProto(
        name="every_kind.proto", package="test", syntax="proto3", dependency=["dokpamo/common/v1/options.proto"]
    )
    color = file.enum_type.add(name="Color")
    for number in range(3):
        color.value.add(name=f"COLOR_{number}", number=number)
    person = file.message_type.add(name="Person")
    _add(person, "role", 1, FIELD.TYPE_STRING, "open")
    _add(person, "name", 2, FIELD.TYPE_STRING, "personal")
    whole = file.message_type.add(name="Whole")
    number = 0
    for mark in MARKS:
        for kind, (field_type, _) in SCALARS.items():
            for repeated in (False, True):
                number += 1
                _add(whole, f"{mark}_{kind}{'s' if repeated else ''}", number, field_type, mark, repeated=repeated)
        for name, repeated in (("person", False), ("people", True)):
            number += 1
            _add(whole, f"{mark}_{name}", number, FIELD.TYPE_MESSAGE, mark, ".test.Person", repeated=repeated)
        number += 1
        _add_map(whole, f"{mark}_map", number, mark)
    pool = descriptor_pool.Default()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName("test.Whole"))


def _add(
    message: Any, name: str, number: int, kind: int, mark: str, type_name: str = "", *, repeated: bool = False
) -> None:
    label = FIELD.LABEL_REPEATED if repeated else FIELD.LABEL_OPTIONAL
    field = message.field.add(name=name, number=number, type=kind, label=label)
    if type_name or kind == FIELD.TYPE_ENUM:
        field.type_name = type_name or ".test.Color"
    if MARKS[mark]:
        field.options.Extensions[options_pb2.sealed] = MARKS[mark]


def _add_map(message: Any, name: str, number: int, mark: str) -> None:
    entry = message.nested_type.add(name="".join(part.title() for part in name.split("_")) + "Entry")
    entry.options.map_entry = True
    _add(entry, "key", 1, FIELD.TYPE_STRING, "open")
    _add(entry, "value", 2, FIELD.TYPE_MESSAGE, "open", ".test.Person")
    _add(message, name, number, FIELD.TYPE_MESSAGE, mark, f".test.Whole.{entry.name}", repeated=True)


def received(message: Message | bytes, **changes: Any) -> Received[None]:
    kind = "" if isinstance(message, bytes) else message.DESCRIPTOR.full_name
    return replace(
        Received(
            id=UUID(int=1),
            type=kind,
            source="/dokpamo/x",
            key="key",
            time=datetime(2026, 1, 10, tzinfo=UTC),
            actor="kim",
            message=None,
            payload=message if isinstance(message, bytes) else message.SerializeToString(),
            topic="dokpamo.x.y.v1",
            partition=2,
            offset=5,
            headers={},
        ),
        **changes,
    )


@given(st.data())
@settings(max_examples=20, deadline=None)
def test_every_kind_of_field_is_sealed_and_whole_again_with_its_openings(data: st.DataObject) -> None:
    message = every_kind()()
    for mark in MARKS:
        for kind, (_, values) in SCALARS.items():
            setattr(message, f"{mark}_{kind}", data.draw(values))
            getattr(message, f"{mark}_{kind}s").extend(data.draw(st.lists(values, max_size=3)))
        getattr(message, f"{mark}_people").add(role="lead", name="kim")
        getattr(message, f"{mark}_map")["a/b~c"].name = "lee"
    payload, secrets = parted(message)
    whole, _ = parted(message)
    arrived = replace(arrived_of(received(b"")), payload=payload, secrets=secrets)
    recorded = sealed(arrived, lambda: b"s" * 32)
    assert decode(recorded.entry.encode()) == recorded.entry
    opened = recorded.entry.opened(recorded.openings)["payload"]
    again = ParseDict({name: value for name, value in opened.items() if value is not None}, every_kind()())
    assert MessageToDict(again) == MessageToDict(message)
    assert whole == payload


def test_a_blind_list_is_one_secret_and_of_a_personal_list_each_element_is_one() -> None:
    message = every_kind()(blind_strings=["a", "b"], personal_strings=["c", "d"])
    _, secrets = parted(message)
    assert secrets["/payload/blind_strings"].value == ["a", "b"]
    assert [secrets[f"/payload/personal_strings/{number}"].value for number in (0, 1)] == ["c", "d"]
    assert "/payload/personal_strings" not in secrets


def test_a_personal_field_inside_open_messages_lists_and_maps_is_a_secret_of_its_own() -> None:
    message = every_kind()()
    message.open_person.name = "kim"  # type: ignore[attr-defined] # made at run time
    message.open_people.add(role="lead", name="lee")  # type: ignore[attr-defined] # as above
    message.open_map["a/b~c"].name = "park"  # type: ignore[attr-defined] # as above
    payload, secrets = parted(message)
    assert secrets["/payload/open_person/name"].value == "kim"
    assert secrets["/payload/open_people/0/name"].value == "lee"
    assert secrets["/payload/open_map/a~1b~0c/name"].value == "park"
    assert payload == {"open_person": {}, "open_people": [{"role": "lead"}], "open_map": {"a/b~c": {}}}
    assert {s.seal_class for path, s in secrets.items() if path.endswith("/name")} == {SealClass.PERSONAL}


def test_what_is_not_set_is_a_secret_as_well() -> None:
    """Or everyone could see who failed: protobuf leaves out a false."""
    passed, failed = (
        arrived_of(received(GateVerdictRecorded(stage_id="trial", passed=value))) for value in (True, False)
    )
    assert passed.payload == failed.payload == {"stage_id": "trial"}
    assert passed.secrets.keys() == failed.secrets.keys()
    assert failed.secrets["/payload/passed"].value is None


def test_the_people_of_a_panel_are_secrets_apart_from_one_another() -> None:
    secrets = arrived_of(received(PanelSeated(stage_id="trial", assessor_ids=["kim", "lee"]))).secrets
    assert {path: secret.value for path, secret in secrets.items()} == {
        "/payload/assessor_ids/0": "kim",
        "/payload/assessor_ids/1": "lee",
    }


def test_an_application_is_a_secret_in_both_its_forms() -> None:
    event = ApplicationSubmitted(
        application_id="call/alpha",
        receipt=intake_api.Receipt(application_id="call/alpha", application_json=b'{"plan":"secret plan"}'),
        application=intake_api.Application(plan="secret plan"),
    )
    arrived = arrived_of(received(event))
    assert arrived.secrets.keys() == {"/payload/application", "/payload/receipt/application_json"}
    assert "plan" not in json.dumps(arrived.payload)


def test_the_key_of_a_sheet_is_sealed_as_its_contract_says() -> None:
    assert arrived_of(received(ScoreSheetSubmitted(sheet_id="x"))).key_class is SealClass.BLIND_PERSONAL
    assert arrived_of(received(RuleSetFrozen(rule_set_sha256="x"))).key_class is None


@pytest.mark.parametrize(("data", "kind"), [
    (b"\xff\x00 no message", "dokpamo.selection.v1.RuleSetFrozen"), (b"x", ""), (b"", "dokpamo.unknown.v1.Event"),
    (b"\x0a\x01a\x1a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "dokpamo.selection.v1.StagePlanned"),
])  # fmt: skip
def test_what_nobody_can_read_is_a_secret_whole(data: bytes, kind: str) -> None:
    arrived = arrived_of(received(data, type=kind))
    assert arrived.payload is None
    assert {p: (s.value, s.seal_class) for p, s in arrived.secrets.items()} == {
        "/payload": (b64encode(data).decode(), SealClass.PERSONAL)
    }


def test_an_event_whose_json_nobody_could_fetch_is_a_secret_whole() -> None:
    """Or one event of control characters, of anybody who may raise one, would end every export."""
    large = GateVerdictRecorded(stage_id="trial", reason="x" * 900_000)
    assert arrived_of(received(large)).secrets["/payload/reason"].value == "x" * 900_000
    grown = GateVerdictRecorded(stage_id="trial", reason="\x01" * 900_000)
    arrived = arrived_of(received(grown))
    assert arrived.payload is None
    assert set(arrived.secrets) == {"/payload"}


def test_fields_of_a_newer_contract_are_kept_as_a_secret_beside_those_that_are_known() -> None:
    data = RuleSetFrozen(rule_set_sha256="a").SerializeToString() + b"\xfa\x07\x03new"
    arrived = arrived_of(received(data, type="dokpamo.selection.v1.RuleSetFrozen"))
    assert arrived.payload == {"rule_set_sha256": "a"}
    assert arrived.secrets[f"/payload/{NOT_IN_CONTRACT}"].value == b64encode(data).decode()


@given(st.binary(max_size=60))
def test_no_payload_crashes_the_notary_and_none_is_lost(data: bytes) -> None:
    arrived = arrived_of(received(data, type="dokpamo.evaluation.v1.ScoreSheetSubmitted"))
    recorded = sealed(arrived, lambda: b"s" * 32)
    assert decode(recorded.entry.encode()) == recorded.entry
