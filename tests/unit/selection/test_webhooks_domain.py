"""Webhooks: where they may lead, when they are tried again, and what an answer means."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

import pytest
from pydantic import ValidationError
from selection.domain.webhook import (
    PLATFORM,
    Answer,
    Change,
    Delivery,
    DeliveryState,
    Occurred,
    Webhook,
    WebhookFieldError,
    WebhookState,
    after_attempt,
    create,
    paused,
    resumed,
    webhook_after,
)
from selection.domain.webhook_address import Reach, WebhookUrlError
from selection.domain.webhook_retry import PAUSES, pause_after
from selection.settings import Settings

NOW = datetime(2026, 1, 5, tzinfo=UTC)
KIM = Change(NOW, "kim")
WEBHOOK = create("w", "https://example.org/", (), "a pipeline", 10, KIM)
DELIVERY = Delivery("d", "w", Occurred("e", "t.StageOpened", 11, "stage-1"), "", NOW, turn=1)
TAKEN, FAILED, GONE = Answer(204), Answer(500, "HTTP 500"), Answer(410, "HTTP 410")


def tried(webhook: Webhook, delivery: Delivery, answer: Answer) -> tuple[Webhook, Delivery]:
    """Both after an attempt of the delivery's present turn, no other one failing."""
    after = after_attempt(webhook, delivery, delivery.turn, answer, NOW)
    return webhook_after(webhook, after, answer, NOW, others_fail=False), after


def test_pauses_grow_and_end_after_three_days() -> None:
    pauses = [pause_after(number, None, seed="s") for number in range(1, len(PAUSES) + 2)]
    assert pauses[-1] is None
    waits = [pause for pause in pauses if pause is not None]
    assert waits == sorted(waits)
    assert timedelta(days=3) <= sum(PAUSES, timedelta()) <= timedelta(days=3.5)


def test_pauses_are_spread_by_up_to_a_fifth_and_the_same_for_the_same_seed() -> None:
    found = {pause_after(2, None, seed=str(number)) for number in range(200)}
    assert len(found) > 150
    assert all(pause is not None and PAUSES[1] <= pause <= PAUSES[1] * 1.2 for pause in found)
    assert pause_after(2, None, seed="7") == pause_after(2, None, seed="7")


@pytest.mark.parametrize(
    ("wish", "pause"), [(timedelta(hours=1), timedelta(hours=1)), (timedelta(days=900), timedelta(days=1))]
)
def test_a_receiver_is_given_the_patience_it_asks_for_up_to_a_day(wish: timedelta, pause: timedelta) -> None:
    assert pause_after(1, wish, seed="s") == pause


def test_a_wish_for_less_than_the_schedule_shortens_nothing() -> None:
    assert pause_after(5, timedelta(seconds=1), seed="s") == pause_after(5, None, seed="s")


PUBLIC = ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
NOT_PUBLIC = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fc00::1",
    "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::1", "2002:a00:1::1", "2001:db8::1", "::127.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reached(address: str) -> None:
    assert Reach().allows(ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_addresses_of_a_network_of_ours_are_not_reached_also_where_they_hide(address: str) -> None:
    assert not Reach().allows(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org",
        "https://example.org:8443/a/b?c=d%20e",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]/",
        "https://xn--3e0b707e.example/",
    ],
)
def test_an_https_address_of_the_internet_is_taken(url: str) -> None:
    assert Reach().require_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "//example.org/",
        "http://example.org/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "https:///path",
        "https://",
        "https://user@example.org/",
        "https://user:secret@example.org/",
        "http://user:secret@example.org/",
        "https://user:secret@example.org:x/",
        "https://@example.org/",
        "https://example.org/#part",
        "https://example.org/#",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://example.org:x/",
        "https://[::1/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://example.org/\r\nHost: other",
        "https://example.org/ a",
        "https://exa\tmple.org/",
        "https://example.org\\@127.0.0.1/",
        "https://한국.example/",
        "https://example.org/" + "a" * 2000,
    ],
)
def test_any_other_address_is_refused_by_name(url: str) -> None:
    with pytest.raises(WebhookUrlError) as refused:
        Reach().require_url(url)
    assert refused.value.field == "url"
    assert "secret" not in str(refused.value)


def test_an_embedded_stack_reaches_its_own_machine_and_still_no_multicast() -> None:
    own = Reach(own_network=True)
    assert own.require_url("http://127.0.0.1:8787/hook")
    assert own.allows(ip_address("127.0.0.1"))
    assert not own.allows(ip_address("224.0.0.1"))
    with pytest.raises(WebhookUrlError):
        own.require_url("ftp://127.0.0.1/")


def settings(environment: Literal["embedded", "production"], *, reach: bool) -> Settings:
    return Settings(
        environment=environment,
        database_url="postgresql://nobody@127.0.0.1/none",
        kafka_bootstrap=["127.0.0.1:1"],
        grpc_listen="127.0.0.1:1",
        token_keys=Path("keys.json"),
        webhooks_reach_own_network=reach,
    )


def test_only_an_embedded_stack_may_reach_its_own_network() -> None:
    assert settings("embedded", reach=True).webhooks_reach_own_network
    assert not settings("production", reach=False).webhooks_reach_own_network
    with pytest.raises(ValidationError, match="embedded"):
        settings("production", reach=True)


def test_a_webhook_hears_what_comes_behind_its_beginning_and_only_its_types() -> None:
    assert WEBHOOK.hears("t.Anything", 11)
    assert not WEBHOOK.hears("t.Anything", 10)
    some = replace(WEBHOOK, event_types=("t.StageOpened",))
    assert some.hears("t.StageOpened", 11)
    assert not some.hears("t.StagePlanned", 11)


@pytest.mark.parametrize("description", ["", "  ", "x" * 501])
def test_a_description_has_one_to_five_hundred_characters(description: str) -> None:
    with pytest.raises(WebhookFieldError):
        create("w", "https://example.org/", (), description, 0, KIM)


def test_a_delivery_that_is_taken_is_delivered() -> None:
    webhook, delivery = tried(WEBHOOK, DELIVERY, TAKEN)
    assert (delivery.state, delivery.attempts, delivery.delivered_at) == (DeliveryState.DELIVERED, 1, NOW)
    assert webhook == WEBHOOK


def test_a_delivery_that_fails_is_tried_again_in_a_new_turn() -> None:
    webhook, delivery = tried(WEBHOOK, DELIVERY, FAILED)
    assert (delivery.state, delivery.turn, delivery.tries) == (DeliveryState.WAITING, 2, 1)
    assert delivery.next_try_at is not None
    assert delivery.next_try_at > NOW
    assert (webhook.state, webhook.failing_since) == (WebhookState.ACTIVE, NOW)
    well, _ = tried(webhook, delivery, TAKEN)
    assert well.failing_since is None


def test_a_webhook_goes_on_failing_while_another_of_its_deliveries_does() -> None:
    failing = replace(WEBHOOK, failing_since=NOW)
    delivered = after_attempt(failing, DELIVERY, 1, TAKEN, NOW)
    assert webhook_after(failing, delivered, TAKEN, NOW, others_fail=True).failing_since == NOW


def test_a_delivery_that_used_up_its_attempts_pauses_the_webhook_and_stays_its_first() -> None:
    last = replace(DELIVERY, tries=len(PAUSES), attempts=len(PAUSES))
    webhook, delivery = tried(replace(WEBHOOK, failing_since=NOW), last, FAILED)
    assert (webhook.state, webhook.changed.by) == (WebhookState.PAUSED, PLATFORM)
    assert "HTTP 500" in webhook.reason
    assert (delivery.state, delivery.next_try_at) == (DeliveryState.WAITING, None)


def test_gone_disables_the_webhook_at_once() -> None:
    webhook, delivery = tried(WEBHOOK, DELIVERY, GONE)
    assert webhook.state is WebhookState.DISABLED
    assert (delivery.state, delivery.next_try_at) == (DeliveryState.WAITING, None)


def test_a_test_is_made_once_and_says_nothing_of_the_webhook() -> None:
    test = replace(DELIVERY, event=replace(DELIVERY.event, sequence=0))
    webhook, delivery = tried(WEBHOOK, test, FAILED)
    assert webhook == WEBHOOK
    assert (delivery.state, delivery.last_error) == (DeliveryState.GIVEN_UP, "HTTP 500")


def test_an_attempt_for_an_earlier_turn_plans_nothing_but_delivers() -> None:
    later = replace(DELIVERY, turn=2, next_try_at=NOW + timedelta(hours=1))
    failed = after_attempt(WEBHOOK, later, 1, FAILED, NOW)
    assert (failed.turn, failed.next_try_at, failed.attempts) == (2, later.next_try_at, 1)
    assert after_attempt(WEBHOOK, later, 1, TAKEN, NOW).state is DeliveryState.DELIVERED


def test_an_attempt_that_was_under_way_when_staff_paused_plans_nothing() -> None:
    still = paused(WEBHOOK, "moving house", KIM)
    webhook, delivery = tried(still, DELIVERY, FAILED)
    assert webhook == still
    assert delivery.next_try_at is None


def test_a_webhook_that_is_stopped_keeps_its_reason_until_it_is_resumed() -> None:
    disabled, _ = tried(WEBHOOK, DELIVERY, GONE)
    assert paused(disabled, "another", KIM) == disabled
    again = resumed(disabled, KIM)
    assert (again.state, again.reason) == (WebhookState.ACTIVE, "")
