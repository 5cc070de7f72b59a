"""What a webhook tells of an event, and how it is signed: held against two other implementations of the scheme."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from client.sdk.webhooks import WebhookKeyError, WebhookRefusedError, verify
from common.auth import DevelopmentIssuer, NotAKeyError
from common.events import event_of
from common.sealed import Sealing, is_map, sealing_of
from common.topics import event_types
from dokpamo.selection.v1 import events_pb2
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given
from hypothesis import strategies as st
from selection.domain.webhook import EventTypeUnknownError, SigningKeyChangedError, SigningKeyMissingError
from selection.handlers.webhook_records import Generation
from selection.store.webhook_keys import WebhookKeys
from selection.store.webhook_sender import retry_after
from selection.wire.webhook_events import cloud_event, lane_of, own_types, reference, types_of
from selection.wire.webhooks import since_of
from standardwebhooks import Webhook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from common.events import AnyDescriptor
    from google.protobuf.message import Message

NOW = datetime(2026, 1, 5, tzinfo=UTC)
BODY = '{"specversion":"1.0","data":{"단계":"1"}}'.encode()


@pytest.fixture
def keys(tmp_path: Path) -> WebhookKeys:
    DevelopmentIssuer.create(tmp_path / "key.pem")
    return WebhookKeys(tmp_path / "key.pem")


def signed(keys: WebhookKeys, *numbers: int, body: bytes = BODY, at: datetime | None = None) -> dict[str, str]:
    return keys.headers("w", [Generation(number, keys.root) for number in numbers], "d", at or datetime.now(UTC), body)


def filled(name: str) -> Message:
    """An event of this type with something in every field, and in every field of the messages in it."""
    message = GetMessageClass(event_types()[name].descriptor)()
    fill(message)
    return message


def fill(message: Any) -> None:
    for field in message.DESCRIPTOR.fields:
        if is_map(field):
            getattr(message, field.name)["name"] = "text of a map"
            continue
        if field.message_type is not None:
            held = getattr(message, field.name)
            inner = held.add() if field.is_repeated else held
            inner.SetInParent()
            fill(inner)
            continue
        value = {
            field.CPPTYPE_STRING: b"content" if field.type == field.TYPE_BYTES else f"text of {field.name}",
            field.CPPTYPE_BOOL: True,
            field.CPPTYPE_ENUM: 1,
        }.get(field.cpp_type, 7)
        if field.is_repeated:
            getattr(message, field.name).append(value)
        else:
            setattr(message, field.name, value)


def fields_told(descriptor: AnyDescriptor, told: dict[str, Any]) -> Iterator[Any]:
    """The fields that hold something in the JSON `told` of a message."""
    for field in descriptor.fields:
        if field.json_name in told:
            yield field
            if field.message_type is not None and field.message_type.name != "Timestamp":
                yield from fields_told(field.message_type, told[field.json_name])


@pytest.mark.parametrize("name", sorted(own_types()))
def test_no_event_tells_what_is_sealed_nor_any_document_list_or_reason(name: str) -> None:
    descriptor = event_types()[name].descriptor
    told = list(fields_told(descriptor, reference(filled(name))))
    assert told
    for field in told:
        assert sealing_of(field) is Sealing.OPEN
        assert not field.is_repeated
        assert field.type != field.TYPE_BYTES
        last = field.name.rpartition("_")[2]
        assert field.message_type or last in {"id", "sha256", "state", "version", "sequence", "cause", "owner"}


def test_a_reference_holds_ids_hashes_instants_and_states_also_of_messages_inside() -> None:
    published = reference(filled("dokpamo.selection.v1.RuleSetPublished"))
    assert set(published) == {"ruleSetSha256", "ruleSetId", "version", "stageId"}
    advanced = reference(filled("dokpamo.selection.v1.StageAdvanced"))
    assert advanced["transition"] == {
        "sequence": 7,
        "state": "text of state",
        "at": "1970-01-01T00:00:07.000000007Z",
        "cause": "text of cause",
        "owner": "text of owner",
        "deadline": "1970-01-01T00:00:07.000000007Z",
        "ruleSetSha256": "text of rule_set_sha256",
        "decisionVersion": 7,
    }


def test_an_event_that_is_about_a_stage_is_ordered_by_it_whatever_its_key() -> None:
    frozen = events_pb2.RuleSetFrozen(rule_set_sha256="a" * 64, stage_id="stage-1")
    assert lane_of("dokpamo.selection.v1.RuleSetFrozen", "a" * 64, frozen.SerializeToString()) == "stage-1"
    bare = events_pb2.RuleSetFrozen(rule_set_sha256="a" * 64)
    assert lane_of("dokpamo.selection.v1.RuleSetFrozen", "a" * 64, bare.SerializeToString()) == "a" * 64


def test_types_have_a_full_and_a_short_name_and_only_selections_own_are_known() -> None:
    assert types_of(["StageOpened"]) == types_of(["dokpamo.selection.v1.StageOpened"])
    for unknown in ("stageopened", "", "dokpamo.intake.v1.CallClosed", "ProcessOverdue"):
        with pytest.raises(EventTypeUnknownError):
            types_of([unknown])


def test_a_body_is_the_same_whenever_it_is_made() -> None:
    planned = events_pb2.StagePlanned(stage_id="stage-1", rule_set_sha256="a" * 64)
    event = event_of(planned, service="selection", time=NOW, actor="kim")
    headers = {"ce_id": str(event.id), "ce_type": event.type, "ce_source": event.source, "ce_time": NOW.isoformat(),
               "ce_partitionkey": event.key, "ce_actor": "kim"}  # fmt: skip
    first = cloud_event(headers, event.payload, 7, replayed=False)
    assert first == cloud_event(headers, event.payload, 7, replayed=False)
    assert "kim" not in first.decode()
    assert json.loads(cloud_event(headers, event.payload, 7, replayed=True))["replayed"] is True


def test_a_request_is_believed_by_secret_by_key_and_by_the_reference_implementation(keys: WebhookKeys) -> None:
    headers = signed(keys, 1)
    event = json.loads(BODY)
    assert verify(headers, BODY, keys.secret("w", 1)) == event
    assert verify(headers, BODY, keys.public_key("w", 1)) == event
    assert Webhook(keys.secret("w", 1)).verify(BODY, headers) == event


def test_what_the_reference_implementation_signs_is_believed(keys: WebhookKeys) -> None:
    secret = keys.secret("w", 1)
    headers = {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(int(NOW.timestamp())),
        "Webhook-Signature": Webhook(secret).sign("msg_1", NOW, BODY.decode()),
    }
    assert verify(headers, BODY, secret, now=NOW)


def test_the_schemes_own_example_holds() -> None:
    """The secret, message and signature that the libraries of Standard Webhooks are tested with."""
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    at = datetime.fromtimestamp(1614265330, UTC)
    assert verify(headers, b'{"test": 2432232314}', "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", now=at)


def test_during_a_rotation_either_generation_is_believed_and_no_other(keys: WebhookKeys) -> None:
    headers = signed(keys, 2, 1)
    for number in (1, 2):
        assert verify(headers, BODY, keys.secret("w", number))
        assert verify(headers, BODY, keys.public_key("w", number))
    with pytest.raises(WebhookRefusedError):
        verify(headers, BODY, keys.secret("w", 3))


def test_webhooks_and_generations_have_secrets_of_their_own(keys: WebhookKeys) -> None:
    found = {keys.secret(webhook, number) for webhook in ("w", "v") for number in (1, 2, 12)}
    found |= {keys.public_key(webhook, number) for webhook in ("w", "v") for number in (1, 2, 12)}
    assert len(found) == 12
    assert all(len(base64.b64decode(text.partition("_")[2])) == 32 for text in found)


@given(position=st.integers(0, len(BODY) - 1), flip=st.integers(1, 255))
def test_a_changed_byte_is_noticed(position: int, flip: int) -> None:
    body = bytearray(BODY)
    body[position] ^= flip
    secret = "whsec_" + base64.b64encode(b"s" * 32).decode()
    stamp = str(int(NOW.timestamp()))
    signature = Webhook(secret).sign("d", NOW, BODY.decode())
    headers = {"webhook-id": "d", "webhook-timestamp": stamp, "webhook-signature": signature}
    with pytest.raises(WebhookRefusedError):
        verify(headers, bytes(body), secret, now=NOW)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("value", ["", "x", "v1,", "v1,!!", "v1a,aaaa", "1e9", "-1", "9" * 30, "v2,aaaa v1"])
def test_a_missing_or_forged_header_is_refused(keys: WebhookKeys, name: str, value: str) -> None:
    with pytest.raises(WebhookRefusedError):
        verify(signed(keys, 1) | {name: value}, BODY, keys.secret("w", 1))


@pytest.mark.parametrize("age", [timedelta(minutes=6), timedelta(minutes=-6)])
def test_a_request_that_is_too_old_or_too_new_is_refused(keys: WebhookKeys, age: timedelta) -> None:
    with pytest.raises(WebhookRefusedError, match="this clock"):
        verify(signed(keys, 1, at=NOW - age), BODY, keys.secret("w", 1), now=NOW)
    assert verify(signed(keys, 1, at=NOW - age), BODY, keys.secret("w", 1), now=NOW, tolerance=timedelta(hours=1))


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"null"])
def test_a_signed_body_that_is_no_event_is_refused(keys: WebhookKeys, body: bytes) -> None:
    with pytest.raises(WebhookRefusedError, match="JSON"):
        verify(signed(keys, 1, body=body), body, keys.secret("w", 1))


@pytest.mark.parametrize("key", ["", "secret", "whsec_", "whsec_!!", "whpk_", "whpk_aaaa", "whsk_" + "a" * 44])
def test_what_is_no_secret_or_key_is_named(keys: WebhookKeys, key: str) -> None:
    with pytest.raises(WebhookKeyError):
        verify(signed(keys, 1), BODY, key)


def test_without_the_key_or_with_another_nothing_is_signed(keys: WebhookKeys, tmp_path: Path) -> None:
    with pytest.raises(SigningKeyMissingError):
        signed(WebhookKeys(None), 1)
    with pytest.raises(SigningKeyChangedError):
        keys.headers("w", [Generation(1, "another")], "d", NOW, BODY)
    (tmp_path / "none.pem").write_text("no key")
    with pytest.raises(NotAKeyError):
        WebhookKeys(tmp_path / "none.pem")


@pytest.mark.parametrize(
    ("header", "wish"),
    [
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("120", timedelta(seconds=120)),
        ("0", timedelta(0)),
        ("9" * 400, timedelta(seconds=10**8)),
        ("Mon, 05 Jan 2026 00:10:00 GMT", timedelta(minutes=10)),
        ("Mon, 05 Jan 2026 00:10:00", timedelta(minutes=10)),
        ("Sun, 04 Jan 2026 00:00:00 GMT", timedelta(0)),
        ("Mon, 99 Jan 2026 00:00:00 GMT", None),
    ],
)
def test_a_wish_for_patience_is_read_as_seconds_or_as_a_date(header: str, wish: timedelta | None) -> None:
    assert retry_after(header, datetime(2026, 1, 5, tzinfo=UTC)) == wish


def test_an_instant_that_no_date_has_is_refused() -> None:
    from common.errors import FieldInvalidError
    from dokpamo.selection.v1 import webhooks_pb2 as pb
    from google.protobuf.timestamp_pb2 import Timestamp

    for wrong in (Timestamp(seconds=2**62), Timestamp(nanos=-1)):
        with pytest.raises(FieldInvalidError):
            since_of(pb.ReplayDeliveriesRequest(since=wrong))
