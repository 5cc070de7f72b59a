"""A webhook and its deliveries: who is told what, in which order, and what an answer means.

Source: requirement, selection and notary: outside pipelines follow by signed webhooks with retry and replay.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Final

from selection.domain.refusal import RuleBrokenError
from selection.domain.webhook_retry import pause_after

if TYPE_CHECKING:
    from collections.abc import Collection

LONGEST_TEXT: Final = 500
"""Characters of a description or reason."""

PLATFORM: Final = "service:selection"
"""Who changes what nobody else did."""

FAILING_GRACE: Final = timedelta(days=1)
"""How long a webhook may fail before people are told."""


class WebhookUnknownError(RuleBrokenError):
    """No webhook, or none that is not deleted, has this id."""


class DeliveryUnknownError(RuleBrokenError):
    """No delivery of the webhook has this id, or it is not in the state that is asked for."""


class EventTypeUnknownError(RuleBrokenError):
    """Selection says no event of this type."""


class WebhookFieldError(RuleBrokenError):
    """A field of a webhook breaks its rule."""


class ReplayTooLargeError(RuleBrokenError):
    """A replay would have more deliveries than one request may ask for."""


class SigningKeyMissingError(Exception):
    """The service has no key to sign deliveries with."""

    def __init__(self) -> None:
        """Say which setting names it."""
        super().__init__("there are no webhooks without a signing key: DOKPAMO_WEBHOOK_KEY must name one")
        self.setting = "DOKPAMO_WEBHOOK_KEY"


class SigningKeyChangedError(Exception):
    """The service signs with another key than when the secret was told: the receiver would believe nothing."""

    def __init__(self, webhook_id: str, generation: int) -> None:
        """Keep which secret of which webhook."""
        super().__init__(
            f"the service's signing key is not the one that secret {generation} of webhook {webhook_id} comes from: "
            "give DOKPAMO_WEBHOOK_KEY the old one, or rotate the secret"
        )
        self.webhook_id = webhook_id
        self.generation = generation


class WebhookState(Enum):
    """Whether a webhook is delivered to."""

    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"
    DELETED = "deleted"


class DeliveryState(Enum):
    """How far a delivery is."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given up"


@dataclass(frozen=True, slots=True)
class Change:
    """Who changed a webhook's state, and when."""

    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Webhook:
    """A registered address. `after` is the place in the order of events behind which it hears; no types means all."""

    id: str
    url: str
    event_types: tuple[str, ...]
    description: str
    after: int
    created: Change
    changed: Change
    state: WebhookState = WebhookState.ACTIVE
    reason: str = ""
    failing_since: datetime | None = None

    def hears(self, event_type: str, sequence: int) -> bool:
        """Whether an event of this type at this place is for it."""
        return sequence > self.after and self.wants(event_type)

    def wants(self, event_type: str) -> bool:
        """Whether it hears events of this type."""
        return not self.event_types or event_type in self.event_types


@dataclass(frozen=True, slots=True)
class Occurred:
    """An event as it is told: its id, type and place in the order of events, and what keeps its order."""

    id: str
    type: str
    sequence: int
    lane: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one webhook; deliveries of a webhook with the same `lane` are made one after the other.

    `turn` counts how often it was put in line: an attempt made for an earlier turn plans nothing. `tries` are the
    attempts since the schedule of pauses began, `attempts` all. `sequence` is 0 and `replay` empty for a test.
    """

    id: str
    webhook: str
    event: Occurred
    replay: str
    created_at: datetime
    state: DeliveryState = DeliveryState.WAITING
    turn: int = 0
    tries: int = 0
    attempts: int = 0
    last_status: int = 0
    last_error: str = ""
    next_try_at: datetime | None = None
    delivered_at: datetime | None = None

    @property
    def is_test(self) -> bool:
        """Whether it is made once, whatever comes of it."""
        return self.event.sequence == 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt: an HTTP status (0 for none), why it failed (empty for 2xx), when it may be repeated."""

    status: int
    error: str = ""
    retry_after: timedelta | None = None

    @property
    def gone(self) -> bool:
        """Whether the receiver wants no more."""
        return self.status == 410  # noqa: PLR2004 - HTTP's "Gone"


def create(webhook_id: str, url: str, types: Collection[str], description: str, after: int, by: Change) -> Webhook:
    """Return a new webhook, active. Raises `WebhookFieldError`."""
    return Webhook(webhook_id, url, tuple(sorted(set(types))), text("description", description), after, by, by)


def text(field: str, value: str) -> str:
    """Return a text that people write, without blanks around it. Raises `WebhookFieldError`."""
    bare = value.strip()
    if not 0 < len(bare) <= LONGEST_TEXT:
        raise WebhookFieldError(field, value[:LONGEST_TEXT], f"must have 1 to {LONGEST_TEXT} characters")
    return bare


def paused(webhook: Webhook, reason: str, by: Change) -> Webhook:
    """Return the webhook paused; one that is not active keeps the reason it has."""
    if webhook.state is not WebhookState.ACTIVE:
        return webhook
    return replace(webhook, state=WebhookState.PAUSED, reason=reason, changed=by)


def resumed(webhook: Webhook, by: Change) -> Webhook:
    """Return the webhook active, with a clean slate."""
    return replace(webhook, state=WebhookState.ACTIVE, reason="", failing_since=None, changed=by)


def deleted(webhook: Webhook, by: Change) -> Webhook:
    """Return the webhook at its end."""
    return replace(webhook, state=WebhookState.DELETED, reason="deleted", failing_since=None, changed=by)


def after_attempt(webhook: Webhook, delivery: Delivery, turn: int, answer: Answer, now: datetime) -> Delivery:
    """Return the delivery after an attempt that was made for its `turn`.

    An attempt for an earlier turn counts, and what it delivered is delivered; when to try next is another's to say.
    """
    tried = replace(
        delivery,
        attempts=delivery.attempts + 1,
        last_status=answer.status,
        last_error=answer.error,
        next_try_at=None,
    )
    if not answer.error:
        return replace(tried, state=DeliveryState.DELIVERED, delivered_at=now)
    if delivery.is_test:
        return replace(tried, state=DeliveryState.GIVEN_UP)
    if turn != delivery.turn:
        return replace(tried, next_try_at=delivery.next_try_at)
    tried = replace(tried, tries=delivery.tries + 1)
    pause = None if answer.gone else pause_after(tried.tries, answer.retry_after, seed=f"{delivery.id}/{turn}")
    if pause is None or webhook.state is not WebhookState.ACTIVE:
        return tried
    return replace(tried, turn=turn + 1, next_try_at=now + pause)


def webhook_after(webhook: Webhook, tried: Delivery, answer: Answer, now: datetime, *, others_fail: bool) -> Webhook:
    """Return the webhook after an attempt: disabled by 410, paused when a delivery has used up its attempts.

    `others_fail` says whether another of its deliveries is failing.
    """
    by = Change(now, PLATFORM)
    if webhook.state is not WebhookState.ACTIVE:
        return webhook
    if answer.gone:
        return replace(webhook, state=WebhookState.DISABLED, reason="its address answered 410 Gone", changed=by)
    if not answer.error:
        return webhook if others_fail else replace(webhook, failing_since=None)
    if tried.is_test:
        return webhook
    failing = replace(webhook, failing_since=webhook.failing_since or now)
    if tried.next_try_at is not None or tried.state is not DeliveryState.WAITING:
        return failing
    reason = f"delivery {tried.id} of {tried.event.type} failed {tried.tries} times, at last: {answer.error}"
    return paused(failing, reason, by)
