from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from common.events import Event, EventWithoutKeyError, ForeignEventError, NotAnEventError, event_of, route
from common.grpc.contract import all_services
from dokpamo.common.v1 import events_pb2, platform_pb2
from dokpamo.intake.v1 import events_pb2 as intake_events

if TYPE_CHECKING:
    from google.protobuf.message import Message

AT = datetime(2025, 7, 21, 7, 0, tzinfo=UTC)


def made(message: Message, service: str) -> Event:
    return event_of(message, service=service, time=AT, actor="kim")


def test_a_shared_event_goes_to_the_raising_services_own_topic() -> None:
    overdue = events_pb2.ProcessOverdue(process_id="stage-1", kind="stage")

    event = made(overdue, "selection")

    assert (event.topic, event.key, event.type) == (
        "dokpamo.selection.process.v1",
        "stage-1",
        "dokpamo.common.v1.ProcessOverdue",
    )
    assert (event.source, event.time, event.actor) == ("/dokpamo/selection", AT, "kim")
    assert events_pb2.ProcessOverdue.FromString(event.payload) == overdue


def test_an_event_of_a_contract_goes_to_its_owners_topic_for_every_subscriber() -> None:
    descriptor = next(
        message
        for message in intake_events.DESCRIPTOR.message_types_by_name.values()
        if message.GetOptions().ByteSize()
    )

    assert route(descriptor, "notary").topic.startswith("dokpamo.intake.")
    assert route(descriptor, "notary") == route(descriptor, "intake")


def test_only_the_owner_may_publish_an_event() -> None:
    name = next(
        name
        for name, message in intake_events.DESCRIPTOR.message_types_by_name.items()
        if message.GetOptions().ByteSize()
    )

    with pytest.raises(ForeignEventError) as refused:
        made(getattr(intake_events, name)(), "grants")

    assert refused.value.service == "grants"


def test_a_message_that_is_no_event_is_not_published() -> None:
    with pytest.raises(NotAnEventError):
        made(platform_pb2.GetSettlementRequest(), "grants")


def test_an_event_without_its_key_is_not_published() -> None:
    with pytest.raises(EventWithoutKeyError) as refused:
        made(events_pb2.ProcessOverdue(kind="stage"), "selection")

    assert refused.value.key_field == "process_id"


def test_each_event_has_an_id_of_its_own_and_the_same_bytes() -> None:
    message = events_pb2.EventParked(parked_id="1", code="X")

    one, other = made(message, "grants"), made(message, "grants")

    assert one.id != other.id
    assert one.payload == other.payload


def test_every_event_of_every_contract_has_a_text_key() -> None:
    from google.protobuf import descriptor_pool

    all_services()  # loads every contract
    pool = descriptor_pool.Default()
    files = ["common", "intake", "selection", "grants", "training", "registry", "evaluation"]
    events = [
        message
        for name in files
        for message in pool.FindFileByName(f"dokpamo/{name}/v1/events.proto").message_types_by_name.values()
        if message.GetOptions().ByteSize()
    ]

    assert len(events) > len(files)
    for message in events:
        field = message.fields_by_name[route(message, "any").key_field]
        assert field.type == field.TYPE_STRING, message.full_name
