"""Selection's events as webhooks tell them: CloudEvents 1.0 in JSON, with the data in its reference form."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from common.events import route
from common.sealed import Sealing, sealing_of
from common.topics import event_types
from dokpamo.selection.v1 import webhooks_pb2
from google.protobuf.json_format import MessageToDict
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp

from selection.domain.webhook import EventTypeUnknownError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from google.protobuf.message import Message

CONTENT_TYPE: Final = "application/cloudevents+json; charset=utf-8"
"""CloudEvents 1.0, HTTP protocol binding, structured mode."""

TEST_TYPE: Final = webhooks_pb2.WebhookTest.DESCRIPTOR.full_name
_OWNER: Final = "selection"
_ORDER: Final = "stage_id"
_CONTRACTS: Final = "dokpamo."
# Told by their names: what points at content, or says how far something is, and is no content itself.
_REFERENCE: Final = re.compile(r"(?:.+_)?(?:id|sha256|state|version|sequence|cause|owner)")


@cache
def own_types() -> frozenset[str]:
    """Return the full names of all events of selection's contract."""
    return frozenset(name for name, event in event_types().items() if event.owner == _OWNER)


def types_of(asked: Iterable[str]) -> list[str]:
    """Return event types by their full names. Raises `EventTypeUnknownError`."""
    by_short = {name.rpartition(".")[2]: name for name in own_types()}
    found = []
    for number, each in enumerate(asked):
        name = each if each in own_types() else by_short.get(each)
        if name is None:
            known = ", ".join(sorted(by_short))
            raise EventTypeUnknownError(f"event_types[{number}]", each, f"must be one of {known}")
        found.append(name)
    return found


def lane_of(event_type: str, key: str, payload: bytes) -> str:
    """Return what keeps an event's order: its stage where it is about one, else its key on Kafka."""
    message = _read(event_type, payload)
    return (getattr(message, _ORDER) if _ORDER in message.DESCRIPTOR.fields_by_name else "") or key


def cloud_event(headers: Mapping[str, str], payload: bytes, sequence: int, *, replayed: bool) -> bytes:
    """Return an event of the outbox as the body of a delivery: id, type, source and time are those it has on Kafka.

    `sequence` is its place in the order of selection's events, as text that sorts (CloudEvents' extension "sequence").
    """
    kafka = {name: headers[f"ce_{name}"] for name in ("id", "type", "source", "time")}
    descriptor = event_types()[kafka["type"]].descriptor
    if sealing_of(descriptor.fields_by_name[route(descriptor, _OWNER).key_field]) is Sealing.OPEN:
        kafka["partitionkey"] = headers["ce_partitionkey"]
    data = reference(_read(kafka["type"], payload))
    return _body(kafka, data, {"sequence": f"{sequence:020d}"} | ({"replayed": True} if replayed else {}))


def test_event(event_id: str, webhook_id: str, time: str) -> bytes:
    """Return the body of a test; `time` is ISO 8601."""
    attributes = {"id": event_id, "type": TEST_TYPE, "source": f"/dokpamo/{_OWNER}", "time": time}
    return _body(attributes, _json(webhooks_pb2.WebhookTest(webhook_id=webhook_id)), {})


def reference(message: Message) -> dict[str, Any]:
    """Return the ids, hashes, instants and states of an event, without what is sealed, in JSON's mapping.

    What is none of these is left out, so that a field that somebody adds is told to nobody until it is thought of.
    """
    told = type(message)()
    _refer(message, told)
    return _json(told)


def _refer(message: Message, told: Message) -> None:
    """Copy into the empty `told` what of `message` is told."""
    for field, value in message.ListFields():
        if field.is_repeated or sealing_of(field) is not Sealing.OPEN:
            continue
        if field.message_type is None:
            if field.type != field.TYPE_BYTES and _REFERENCE.fullmatch(field.name):
                setattr(told, field.name, value)
        elif field.message_type.full_name == Timestamp.DESCRIPTOR.full_name:
            getattr(told, field.name).CopyFrom(value)
        elif field.message_type.file.package.startswith(_CONTRACTS):
            _refer(value, getattr(told, field.name))


def _read(event_type: str, payload: bytes) -> Message:
    message = GetMessageClass(event_types()[event_type].descriptor)()
    message.ParseFromString(payload)
    return message


def _json(message: Message) -> dict[str, Any]:
    mapped: dict[str, Any] = MessageToDict(message)
    return mapped


def _body(attributes: Mapping[str, str], data: Mapping[str, Any], more: Mapping[str, Any]) -> bytes:
    event = {"specversion": "1.0", **attributes, **more, "datacontenttype": "application/json", "data": data}
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
