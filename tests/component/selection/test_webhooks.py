"""Webhooks on a real PostgreSQL and over real HTTP: what arrives, in which order, signed how, and what answers do."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from common.errors import Refused
from dokpamo.common.v1 import events_pb2 as common_events
from dokpamo.selection.v1 import events_pb2
from dokpamo.selection.v1 import webhooks_pb2 as pb
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from selection.domain.webhook_address import Reach
from selection.store.webhook_sender import WebhookSender
from standardwebhooks import Webhook, WebhookVerificationError

from tests.builders.delivery import eventually
from tests.builders.webhook_receiver import CLOSE, DRIP, FLOOD, HANG, RESET, Receiver, Sent
from tests.builders.webhook_service import BEGINNING, Webhooks, frozen, opened, planned, running_webhooks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from selection.domain.webhook import Answer

FAILS = "500 Internal Server Error"
TAKES = "204 No Content"


@pytest.fixture
async def webhooks(tmp_path: Path, fresh_database_url: str) -> AsyncIterator[Webhooks]:
    async with running_webhooks(tmp_path, fresh_database_url, give_up_after=timedelta(seconds=1)) as running:
        yield running


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as running:
        yield running


def answers(*said: str) -> Callable[[Sent], str]:
    """What each request gets, in order; the last for all that come after."""
    left = list(said)
    return lambda _sent: left.pop(0) if len(left) > 1 else left[0]


async def refusal(webhooks: Webhooks, rpc: str, **fields: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        await webhooks.call(rpc, **fields)
    return refused.value


async def test_an_event_arrives_as_a_signed_cloud_event_that_names_content_and_tells_none(
    webhooks: Webhooks, receiver: Receiver
) -> None:
    created = await webhooks.create(receiver.url)
    decided = events_pb2.DecisionProvisional(
        stage_id="stage-1",
        rule_set_sha256="a" * 64,
        inputs_sha256="b" * 64,
        decision_sha256="c" * 64,
        decision_json=b'{"total":"90.2"}',
        final_at=Timestamp(seconds=1_770_000_000),
    )
    verdict = events_pb2.GateVerdictRecorded(
        stage_id="stage-1", team_id="upstage", gate="originality", passed=True, reason="no finding", evidence=["e"]
    )
    await webhooks.say(verdict, decided)
    (delivered, _) = await webhooks.settled(created.webhook.webhook_id)
    first, second = receiver.sent

    async with webhooks.database.transaction(readonly=True) as tx:
        rows = await tx.fetch("SELECT seq, headers FROM outbox ORDER BY seq")
    kafka = rows[0]["headers"]
    assert first.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert first.event == {
        "specversion": "1.0",
        "id": kafka["ce_id"],
        "type": "dokpamo.selection.v1.GateVerdictRecorded",
        "source": "/dokpamo/selection",
        "time": kafka["ce_time"],
        "partitionkey": "stage-1",
        "sequence": f"{rows[0]['seq']:020d}",
        "datacontenttype": "application/json",
        "data": {"stageId": "stage-1", "teamId": "upstage"},
    }
    # Hashes of what is sealed are sealed as well: from few possible inputs they could be guessed.
    assert second.event["data"] == {"stageId": "stage-1", "ruleSetSha256": "a" * 64, "finalAt": "2026-02-02T02:40:00Z"}
    assert b"90.2" not in second.body
    assert Webhook(created.secret).verify(first.body, first.headers) == first.event
    with pytest.raises(WebhookVerificationError):
        Webhook(created.secret).verify(first.body.replace(b"upstage", b"nc-ai!!"), first.headers)
    assert (delivered.delivery_id, delivered.attempts, delivered.last_status) == (first.id, 1, 204)
    assert delivered.event_id == first.event["id"]


async def test_only_the_types_asked_for_arrive_and_nothing_of_the_platform_itself(
    webhooks: Webhooks, receiver: Receiver
) -> None:
    some = await webhooks.create(receiver.url, event_types=["StageOpened", "dokpamo.selection.v1.RuleSetFrozen"])
    parked = common_events.EventParked(service="selection", parked_id="p", reason="score 4.5 of assessor kim")
    await webhooks.say(planned("stage-1"), frozen("stage-1"), parked, opened("stage-1"))
    await webhooks.settled(some.webhook.webhook_id)
    assert receiver.types() == ["RuleSetFrozen", "StageOpened"]
    every = await webhooks.create(receiver.url)
    await webhooks.say(planned("stage-2"), parked)
    assert len(await webhooks.settled(every.webhook.webhook_id)) == 1


async def test_order_is_kept_for_each_stage_and_one_that_fails_holds_up_only_its_own(
    webhooks: Webhooks, receiver: Receiver
) -> None:
    receiver.answer = lambda sent: FAILS if sent.event["data"]["stageId"] == "stage-1" else TAKES
    created = await webhooks.create(receiver.url)
    await webhooks.say(frozen("stage-1"), frozen("stage-2"), planned("stage-1"), planned("stage-2"))
    await webhooks.say(opened("stage-1"), opened("stage-2"))

    async def stage_two() -> bool:
        return [sent.event["data"]["stageId"] for sent in receiver.sent].count("stage-2") == 3

    await eventually(stage_two)
    await webhooks.attempts(created.webhook.webhook_id, 4)
    told = [(sent.event["data"]["stageId"], kind) for sent, kind in zip(receiver.sent, receiver.types(), strict=True)]
    assert [kind for stage, kind in told if stage == "stage-2"] == ["RuleSetFrozen", "StagePlanned", "StageOpened"]
    assert [kind for stage, kind in told if stage == "stage-1"] == ["RuleSetFrozen"]
    receiver.answer = lambda _sent: TAKES
    webhooks.clock.advance(timedelta(seconds=10))
    await webhooks.settled(created.webhook.webhook_id)
    assert receiver.types()[-3:] == ["RuleSetFrozen", "StagePlanned", "StageOpened"]
    assert receiver.sent[-3].id in receiver.ids()[:4], "a repetition has the id of what it repeats"


async def test_many_events_arrive_each_once_in_order_one_at_a_time(webhooks: Webhooks, receiver: Receiver) -> None:
    created = await webhooks.create(receiver.url)
    for number in range(40):
        await webhooks.say(opened("stage-1") if number % 2 else planned("stage-1"))
    await webhooks.settled(created.webhook.webhook_id)
    sequences = [sent.event["sequence"] for sent in receiver.sent]
    assert len(sequences) == 40
    assert sequences == sorted(set(sequences))
    assert receiver.most_at_once == 1


@pytest.mark.parametrize(
    ("said", "status", "error"),
    [
        (FAILS, 500, "HTTP 500"),
        ("404 Not Found", 404, "HTTP 404"),
        ("302 Found\r\nLocation: /elsewhere", 302, "HTTP 302 (redirects are not followed)"),
        (CLOSE, 0, "RemoteProtocolError"),
        (RESET, 0, "ReadError"),
        (HANG, 0, "no answer within 1 s"),
        (DRIP, 0, "no answer within 1 s"),
    ],
)
async def test_whatever_is_no_2xx_is_tried_again_with_the_same_id(
    webhooks: Webhooks, receiver: Receiver, said: str, status: int, error: str
) -> None:
    receiver.answer = answers(said, TAKES)
    created = await webhooks.create(receiver.url)
    await webhooks.say(planned("stage-1"))
    (failed,) = await webhooks.attempts(created.webhook.webhook_id, 1)
    assert (failed.state, failed.last_status) == (pb.DELIVERY_STATE_WAITING, status)
    assert failed.last_error.startswith(error)
    planned_in = failed.next_try_at.ToDatetime(UTC) - BEGINNING
    assert timedelta(seconds=5) <= planned_in <= timedelta(seconds=6)
    webhooks.clock.advance(timedelta(seconds=6))
    (delivered,) = await webhooks.settled(created.webhook.webhook_id)
    assert (delivered.attempts, delivered.last_status, delivered.last_error) == (2, 204, "")
    assert len(set(receiver.ids())) == 1
    assert {sent.path for sent in receiver.sent} == {"/hook"}
    assert receiver.sent[0].body == receiver.sent[1].body


async def test_a_body_without_end_is_not_read(webhooks: Webhooks, receiver: Receiver) -> None:
    receiver.answer = lambda _sent: FLOOD
    created = await webhooks.create(receiver.url)
    await webhooks.say(planned("stage-1"))
    (delivered,) = await webhooks.settled(created.webhook.webhook_id)
    assert (delivered.state, delivered.last_status) == (pb.DELIVERY_STATE_DELIVERED, 200)


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
async def test_a_receiver_may_ask_for_patience(webhooks: Webhooks, receiver: Receiver, status: str) -> None:
    receiver.answer = answers(f"{status}\r\nRetry-After: 3600", TAKES)
    created = await webhooks.create(receiver.url)
    await webhooks.say(planned("stage-1"))
    (failed,) = await webhooks.attempts(created.webhook.webhook_id, 1)
    assert failed.next_try_at.ToDatetime(UTC) == BEGINNING + timedelta(hours=1)
    webhooks.clock.advance(timedelta(hours=1))
    await webhooks.settled(created.webhook.webhook_id)
    assert len(receiver.sent) == 2


async def test_gone_disables_the_webhook_and_staff_are_told_and_can_resume_where_it_stood(
    webhooks: Webhooks, receiver: Receiver
) -> None:
    receiver.answer = answers("410 Gone", TAKES)
    created = await webhooks.create(receiver.url)
    webhook_id = created.webhook.webhook_id
    await webhooks.say(planned("stage-1"), opened("stage-1"))
    await webhooks.attempts(webhook_id, 1)
    disabled = await webhooks.webhook(webhook_id)
    assert (disabled.state, disabled.state_reason) == (pb.WEBHOOK_STATE_DISABLED, "its address answered 410 Gone")
    webhooks.clock.advance(timedelta(days=2))

    async def alarmed() -> bool:
        return await webhooks.overdue() == [webhook_id]

    await eventually(alarmed)
    assert len(receiver.sent) == 1
    await webhooks.call("ResumeWebhook", webhook_id=webhook_id)
    await webhooks.settled(webhook_id)
    assert receiver.types() == ["StagePlanned", "StagePlanned", "StageOpened"]


async def test_a_webhook_that_fails_for_days_is_paused_and_goes_on_where_it_stood(
    webhooks: Webhooks, receiver: Receiver
) -> None:
    receiver.answer = lambda _sent: FAILS
    created = await webhooks.create(receiver.url)
    webhook_id = created.webhook.webhook_id
    await webhooks.say(planned("stage-1"), opened("stage-1"))
    tries = 0
    while (await webhooks.webhook(webhook_id)).state == pb.WEBHOOK_STATE_ACTIVE:
        tries += 1
        (head, _) = await webhooks.attempts(webhook_id, tries)
        if head.HasField("next_try_at"):
            webhooks.clock.set(max(webhooks.clock.now(), head.next_try_at.ToDatetime(UTC)))
    paused = await webhooks.webhook(webhook_id)
    assert tries == len(receiver.sent) == 10
    assert timedelta(days=3) <= webhooks.clock.now() - BEGINNING <= timedelta(days=4)
    assert paused.state == pb.WEBHOOK_STATE_PAUSED
    assert "failed 10 times, at last: HTTP 500" in paused.state_reason
    assert paused.failing_since.ToDatetime(UTC) == BEGINNING
    assert paused.waiting == 2
    assert paused.changed_by == "service:selection"
    # One that fails alarms after a day, one that was paused at once.
    webhooks.clock.advance(timedelta(seconds=1))

    async def told() -> bool:
        return await webhooks.overdue() == [webhook_id]

    await eventually(told)
    async with webhooks.database.transaction(readonly=True) as tx:
        raised = await tx.fetch("SELECT payload FROM outbox WHERE type LIKE '%ProcessOverdue' ORDER BY seq")
    alarms = [common_events.ProcessOverdue.FromString(row["payload"]) for row in raised]
    assert [(each.state, each.owner) for each in alarms] == [("failing", "staff"), ("paused", "staff")]
    assert alarms[1].last_error == paused.state_reason
    receiver.answer = lambda _sent: TAKES
    resumed = (await webhooks.call("ResumeWebhook", webhook_id=webhook_id)).webhook
    assert (resumed.state, resumed.state_reason) == (pb.WEBHOOK_STATE_ACTIVE, "")
    await webhooks.settled(webhook_id)
    assert receiver.types()[-2:] == ["StagePlanned", "StageOpened"]


async def test_a_delivery_that_can_never_be_taken_is_skipped_by_staff(webhooks: Webhooks, receiver: Receiver) -> None:
    receiver.answer = lambda sent: "400 Bad Request" if sent.event["type"].endswith("StagePlanned") else TAKES
    created = await webhooks.create(receiver.url)
    await webhooks.say(planned("stage-1"), opened("stage-1"))
    (head, behind) = await webhooks.attempts(created.webhook.webhook_id, 1)
    await webhooks.call("ResumeWebhook", webhook_id=created.webhook.webhook_id, skip_delivery_ids=[head.delivery_id])
    (skipped, delivered) = await webhooks.settled(created.webhook.webhook_id)
    assert (skipped.state, skipped.last_error) == (pb.DELIVERY_STATE_GIVEN_UP, "skipped by kim")
    assert (delivered.delivery_id, delivered.state) == (behind.delivery_id, pb.DELIVERY_STATE_DELIVERED)
    refused = await refusal(
        webhooks,
        "ResumeWebhook",
        webhook_id=created.webhook.webhook_id,
        skip_delivery_ids=[head.delivery_id],
    )
    assert refused.code == "DELIVERY_UNKNOWN"


async def test_a_paused_webhook_gets_later_what_happened_meanwhile(webhooks: Webhooks, receiver: Receiver) -> None:
    created = await webhooks.create(receiver.url)
    webhook_id = created.webhook.webhook_id
    paused = await webhooks.call("PauseWebhook", webhook_id=webhook_id, reason="the pipeline moves house")
    assert paused.webhook.state_reason == "the pipeline moves house"
    await webhooks.say(planned("stage-1"), opened("stage-1"))

    async def waits() -> bool:
        return (await webhooks.webhook(webhook_id)).waiting == 2

    await eventually(waits)
    test_id = (await webhooks.call("SendTest", webhook_id=webhook_id)).delivery_id

    async def tested() -> bool:
        return receiver.ids() == [test_id]

    await eventually(tested)
    assert receiver.sent[0].event["data"] == {"webhookId": webhook_id}
    await webhooks.call("ResumeWebhook", webhook_id=webhook_id)
    await webhooks.settled(webhook_id)
    assert receiver.types() == ["WebhookTest", "StagePlanned", "StageOpened"]


async def test_a_test_that_fails_is_made_once_and_pauses_nothing(webhooks: Webhooks, receiver: Receiver) -> None:
    receiver.answer = lambda _sent: FAILS
    created = await webhooks.create(receiver.url)
    await webhooks.call("SendTest", webhook_id=created.webhook.webhook_id)
    (made,) = await webhooks.settled(created.webhook.webhook_id)
    assert (made.state, made.attempts, made.last_error) == (pb.DELIVERY_STATE_GIVEN_UP, 1, "HTTP 500")
    unharmed = await webhooks.webhook(created.webhook.webhook_id)
    assert unharmed.state == pb.WEBHOOK_STATE_ACTIVE
    assert not unharmed.HasField("failing_since")


async def test_a_deleted_webhook_hears_nothing_and_its_deliveries_stay(webhooks: Webhooks, receiver: Receiver) -> None:
    receiver.answer = lambda _sent: FAILS
    created = await webhooks.create(receiver.url)
    webhook_id = created.webhook.webhook_id
    await webhooks.say(planned("stage-1"))
    await webhooks.attempts(webhook_id, 1)
    await webhooks.call("DeleteWebhook", webhook_id=webhook_id)
    await webhooks.say(opened("stage-1"))
    webhooks.clock.advance(timedelta(days=1))
    (left,) = await webhooks.settled(webhook_id)
    assert (left.state, left.last_error) == (pb.DELIVERY_STATE_GIVEN_UP, "the webhook was deleted")
    assert (await webhooks.call("ListWebhooks")).webhooks == []
    assert (await refusal(webhooks, "ResumeWebhook", webhook_id=webhook_id)).code == "WEBHOOK_UNKNOWN"
    assert len(receiver.sent) == 1


async def test_during_a_rotation_both_secrets_hold_and_afterwards_the_new_one_alone(
    webhooks: Webhooks, receiver: Receiver
) -> None:
    created = await webhooks.create(receiver.url)
    webhook_id = created.webhook.webhook_id
    rotated = await webhooks.call("RotateSecret", webhook_id=webhook_id, overlap=Duration(seconds=3600))
    assert rotated.old_valid_until.ToDatetime(UTC) == BEGINNING + timedelta(hours=1)
    assert rotated.secret != created.secret
    assert list(rotated.webhook.public_keys)[1:] == list(created.webhook.public_keys)
    await webhooks.say(planned("stage-1"))
    await webhooks.settled(webhook_id)
    during = receiver.sent[0]
    assert len(during.headers["webhook-signature"].split()) == 4
    for secret in (created.secret, rotated.secret):
        Webhook(secret).verify(during.body, during.headers)
    webhooks.clock.advance(timedelta(hours=1))
    await webhooks.say(opened("stage-1"))
    await webhooks.settled(webhook_id)
    after = receiver.sent[1]
    Webhook(rotated.secret).verify(after.body, after.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(created.secret).verify(after.body, after.headers)


async def test_a_leaked_secret_ends_at_once(webhooks: Webhooks, receiver: Receiver) -> None:
    created = await webhooks.create(receiver.url)
    await webhooks.call("RotateSecret", webhook_id=created.webhook.webhook_id, overlap=Duration())
    await webhooks.say(planned("stage-1"))
    await webhooks.settled(created.webhook.webhook_id)
    with pytest.raises(WebhookVerificationError):
        Webhook(created.secret).verify(receiver.sent[0].body, receiver.sent[0].headers)


async def test_a_secret_is_told_once_and_kept_nowhere(webhooks: Webhooks, receiver: Receiver) -> None:
    request = {"request_id": str(uuid4()), "url": receiver.url, "description": "a pipeline"}
    first = await webhooks.call("CreateWebhook", **request)
    again = await webhooks.call("CreateWebhook", **request)
    assert first.secret.startswith("whsec_")
    assert again.secret == ""
    assert again.webhook == first.webhook
    async with webhooks.database.transaction(readonly=True) as tx:
        everything = [
            str(await tx.fetch(f"SELECT * FROM {table}"))
            for table in ("webhook", "webhook_key", "webhook_delivery", "request_log", "task", "process", "outbox")
        ]
        logged = await tx.fetchrow("SELECT actor, method FROM request_log")
    assert tuple(logged or ()) == ("kim", "dokpamo.selection.v1.WebhookService/CreateWebhook")
    assert not [text for text in everything if first.secret.removeprefix("whsec_") in text]


async def test_a_replay_is_in_order_marked_and_beside_what_is_live(webhooks: Webhooks, receiver: Receiver) -> None:
    await webhooks.say(frozen("stage-1"), planned("stage-1"))
    webhooks.clock.advance(timedelta(hours=1))
    await webhooks.say(opened("stage-1"), planned("stage-2"))
    created = await webhooks.create(receiver.url)
    webhook_id = created.webhook.webhook_id
    replayed = await webhooks.call("ReplayDeliveries", webhook_id=webhook_id, sequence=1)
    assert replayed.deliveries == 4
    await webhooks.settled(webhook_id)
    assert all(sent.event["replayed"] is True for sent in receiver.sent)
    first_stage = [sent for sent in receiver.sent if sent.event["data"]["stageId"] == "stage-1"]
    assert [sent.event["type"].rpartition(".")[2] for sent in first_stage] == [
        "RuleSetFrozen",
        "StagePlanned",
        "StageOpened",
    ]
    since = Timestamp()
    since.FromDatetime(BEGINNING + timedelta(hours=1))
    assert (await webhooks.call("ReplayDeliveries", webhook_id=webhook_id, since=since)).deliveries == 2
    await webhooks.settled(webhook_id)
    one = (await webhooks.deliveries(webhook_id))[0]
    assert (await webhooks.call("ReplayDeliveries", webhook_id=webhook_id, delivery_id=one.delivery_id)).deliveries == 1
    await webhooks.settled(webhook_id)
    assert receiver.sent[-1].event["id"] == one.event_id
    assert receiver.sent[-1].id != one.delivery_id, "a receiver that knows ids must not take it for a repetition"
    await webhooks.say(opened("stage-2"))
    await webhooks.settled(webhook_id)
    assert "replayed" not in receiver.sent[-1].event


async def test_a_replay_that_fails_holds_up_nothing_live(webhooks: Webhooks, receiver: Receiver) -> None:
    receiver.answer = lambda sent: FAILS if "replayed" in sent.event else TAKES
    await webhooks.say(planned("stage-1"))
    created = await webhooks.create(receiver.url)
    webhook_id = created.webhook.webhook_id
    await webhooks.call("ReplayDeliveries", webhook_id=webhook_id, sequence=1)
    await webhooks.attempts(webhook_id, 1)
    await webhooks.say(opened("stage-1"))

    async def live() -> bool:
        return receiver.types() == ["StagePlanned", "StageOpened"]

    await eventually(live)


async def test_what_was_said_before_a_webhook_was_made_does_not_come_by_itself(
    webhooks: Webhooks, receiver: Receiver
) -> None:
    await webhooks.say(planned("stage-1"))
    created = await webhooks.create(receiver.url)
    await webhooks.say(opened("stage-1"))
    await webhooks.settled(created.webhook.webhook_id)
    assert receiver.types() == ["StageOpened"]


async def test_webhooks_made_while_events_are_said_get_a_gapless_rest(webhooks: Webhooks, receiver: Receiver) -> None:
    async def speak() -> None:
        for _ in range(16):
            await webhooks.say(planned("stage-1"))

    async def listen() -> list[str]:
        return [(await webhooks.create(receiver.url)).webhook.webhook_id for _ in range(4)]

    _, made = await asyncio.gather(speak(), listen())
    for webhook_id in made:
        heard = [each.sequence for each in await webhooks.settled(webhook_id)]
        assert heard == list(range(17 - len(heard), 17))


async def test_a_service_stopped_between_answer_and_record_sends_again_with_the_same_id(
    tmp_path: Path, fresh_database_url: str, receiver: Receiver
) -> None:
    sender, answered = WebhookSender(Reach(own_network=True)), asyncio.Event()

    async def post_and_hang(url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        await sender.post(url, headers, body)
        answered.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with running_webhooks(tmp_path, fresh_database_url, post=post_and_hang) as before:
        webhook_id = (await before.create(receiver.url)).webhook.webhook_id
        await before.say(planned("stage-1"), opened("stage-1"))
        await asyncio.wait_for(answered.wait(), 60)
    async with running_webhooks(tmp_path, fresh_database_url) as after:
        await after.settled(webhook_id)
    lost, again, following = receiver.sent
    assert (lost.id, lost.body) == (again.id, again.body)
    assert following.id != again.id
    assert receiver.types() == ["StagePlanned", "StagePlanned", "StageOpened"]


async def test_two_processes_of_the_service_send_each_event_once_and_in_order(
    tmp_path: Path, fresh_database_url: str, receiver: Receiver
) -> None:
    async with (
        running_webhooks(tmp_path, fresh_database_url) as one,
        running_webhooks(tmp_path, fresh_database_url) as other,
    ):
        webhook_id = (await one.create(receiver.url)).webhook.webhook_id
        for _ in range(8):
            await asyncio.gather(one.say(planned("stage-1")), other.say(planned("stage-2")))
        await one.settled(webhook_id)
    assert len(set(receiver.ids())) == len(receiver.sent) == 16
    for stage in ("stage-1", "stage-2"):
        places = [sent.event["sequence"] for sent in receiver.sent if sent.event["data"]["stageId"] == stage]
        assert places == sorted(places)


async def test_a_changed_signing_key_stops_a_webhook_and_says_why(
    tmp_path: Path, fresh_database_url: str, receiver: Receiver
) -> None:
    async with running_webhooks(tmp_path, fresh_database_url) as before:
        webhook_id = (await before.create(receiver.url)).webhook.webhook_id
    async with running_webhooks(tmp_path, fresh_database_url, key=tmp_path / "issuer.pem") as after:
        await after.say(planned("stage-1"))

        async def stopped() -> pb.Webhook | None:
            found = await after.webhook(webhook_id)
            return found if found.state == pb.WEBHOOK_STATE_PAUSED else None

        paused = await eventually(stopped, 60)
        assert "SigningKeyChangedError" in paused.state_reason
        assert list(paused.public_keys) == []
        await after.call("RotateSecret", webhook_id=webhook_id, overlap=Duration())
        await after.call("ResumeWebhook", webhook_id=webhook_id)
        await after.settled(webhook_id)
    assert receiver.types() == ["StagePlanned"]


async def test_without_a_signing_key_there_are_no_webhooks(tmp_path: Path, fresh_database_url: str) -> None:
    async with running_webhooks(tmp_path, fresh_database_url, with_key=False) as webhooks:
        refused = await refusal(webhooks, "CreateWebhook", url="https://example.org/", description="a pipeline")
    assert (refused.code, refused.facts["setting"]) == ("WEBHOOKS_OFF", "DOKPAMO_WEBHOOK_KEY")


UNKNOWN = "00000000-0000-4000-8000-000000000000"


BAD_INPUT: list[tuple[str, dict[str, Any], str, str]] = [
    ("CreateWebhook", {"url": "ftp://example.org/", "description": "d"}, "WEBHOOK_URL_INVALID", "url"),
    ("CreateWebhook", {"url": "https://a:b@example.org/", "description": "d"}, "WEBHOOK_URL_INVALID", "url"),
    ("CreateWebhook", {"url": "https://example.org/", "description": " "}, "WEBHOOK_FIELD_INVALID", "description"),
    (
        "CreateWebhook",
        {"url": "https://example.org/", "description": "d", "event_types": ["Stage"]},
        "EVENT_TYPE_UNKNOWN",
        "event_types[0]",
    ),
    ("PauseWebhook", {"webhook_id": UNKNOWN, "reason": "r"}, "WEBHOOK_UNKNOWN", "webhook_id"),
    ("PauseWebhook", {"webhook_id": "w", "reason": "r"}, "FIELD_INVALID", "webhook_id"),
    ("RotateSecret", {"webhook_id": UNKNOWN, "overlap": Duration(seconds=-1)}, "WEBHOOK_FIELD_INVALID", "overlap"),
    ("ReplayDeliveries", {"webhook_id": UNKNOWN}, "FIELD_INVALID", "from"),
    ("ReplayDeliveries", {"webhook_id": UNKNOWN, "sequence": 2**63}, "FIELD_INVALID", "sequence"),
    ("ReplayDeliveries", {"webhook_id": UNKNOWN, "sequence": 1}, "WEBHOOK_UNKNOWN", "webhook_id"),
    ("ListDeliveries", {"webhook_id": UNKNOWN}, "WEBHOOK_UNKNOWN", "webhook_id"),
    ("SendTest", {"webhook_id": UNKNOWN}, "WEBHOOK_UNKNOWN", "webhook_id"),
]


async def test_bad_input_is_refused_by_name(webhooks: Webhooks) -> None:
    for rpc, fields, code, field in BAD_INPUT:
        refused = await refusal(webhooks, rpc, **fields)
        assert (refused.code, refused.facts["field"]) == (code, field), fields


async def test_lists_are_paged(webhooks: Webhooks, receiver: Receiver) -> None:
    made = [(await webhooks.create(receiver.url)).webhook.webhook_id for _ in range(3)]
    first = await webhooks.call("ListWebhooks", page_size=2)
    rest = await webhooks.call("ListWebhooks", page_size=2, page_token=first.next_page_token)
    assert [each.webhook_id for each in [*first.webhooks, *rest.webhooks]] == made
    assert rest.next_page_token == ""
    await webhooks.say(planned("stage-1"), opened("stage-1"), frozen("stage-1"))
    await webhooks.settled(made[0])
    newest = await webhooks.call("ListDeliveries", webhook_id=made[0], page_size=2)
    oldest = await webhooks.call("ListDeliveries", webhook_id=made[0], page_size=2, page_token=newest.next_page_token)
    assert [each.sequence for each in [*newest.deliveries, *oldest.deliveries]] == [3, 2, 1]
    waiting = await webhooks.deliveries(made[0], state=pb.DELIVERY_STATE_WAITING)
    assert (waiting, oldest.next_page_token) == ([], "")


async def test_the_signature_bears_the_machines_time_whatever_the_clock_says(
    webhooks: Webhooks, receiver: Receiver
) -> None:
    created = await webhooks.create(receiver.url)
    await webhooks.say(planned("stage-1"))
    await webhooks.settled(created.webhook.webhook_id)
    age = datetime.now(UTC).timestamp() - int(receiver.sent[0].headers["webhook-timestamp"])
    assert -2 <= age <= 300
