"""Events from outside that a planned stage waits for before it opens, each brought once, by a pipeline or by staff.

Source: requirement, selection and notary: the pipeline opens by date or event, and others can drive it
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from selection.domain.refusal import TriggerForeignError, TriggerInvalidError, TriggerUnknownError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

_NAME: Final = re.compile(r"(?=.{1,64}$)[a-z0-9]+(-[a-z0-9]+)*")
_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class Trigger:
    """An event that a stage waits for; only `pipeline` may bring it, or any where that is empty, and always staff.

    `arrived_at` (UTC) is when it came, `None` before.
    """

    id: str
    pipeline: str = ""
    arrived_at: datetime | None = None


def planned(given: Iterable[Trigger]) -> tuple[Trigger, ...]:
    """Return the triggers of a plan by id. Raises `TriggerInvalidError`."""
    triggers = tuple(given)
    if len(triggers) > _MOST:
        raise TriggerInvalidError("triggers", len(triggers), f"a stage waits for at most {_MOST} events")
    seen: set[str] = set()
    for number, each in enumerate(triggers):
        if not _NAME.fullmatch(each.id):
            rule = "must be lower-case letters, digits and single hyphens, up to 64"
            raise TriggerInvalidError(f"triggers[{number}].trigger_id", each.id, rule)
        if each.id in seen:
            raise TriggerInvalidError(f"triggers[{number}].trigger_id", each.id, "must be named once")
        seen.add(each.id)
    return tuple(sorted(triggers, key=lambda each: each.id))


def missing(triggers: Iterable[Trigger]) -> tuple[Trigger, ...]:
    """Return those that have not come."""
    return tuple(each for each in triggers if each.arrived_at is None)


def arrived(triggers: tuple[Trigger, ...], trigger_id: str, pipeline: str | None, now: datetime) -> tuple[Trigger, ...]:
    """Return the triggers once this one has come, brought by `pipeline`, or by staff for `None`.

    One that has come before keeps its instant. Raises `TriggerUnknownError` and `TriggerForeignError`.
    """
    found = next((each for each in triggers if each.id == trigger_id), None)
    if found is None:
        known = ", ".join(each.id for each in triggers) or "none"
        raise TriggerUnknownError("trigger_id", trigger_id, f"must be an event that the stage waits for: {known}")
    if pipeline is not None and found.pipeline and pipeline != found.pipeline:
        raise TriggerForeignError("trigger_id", trigger_id, "is brought by another pipeline, or by staff")
    if found.arrived_at is not None:
        return triggers
    return tuple(replace(each, arrived_at=now) if each is found else each for each in triggers)
