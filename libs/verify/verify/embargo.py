"""When the blind content of the log is opened to everyone: with the decision, or the closing, that it was blind for.

What belongs to a stage (sheets, measurements, verdicts, seats of a panel, the provisional decision) is under embargo
until that stage's decision is final. What belongs to a call (its eligibility checks) is until the call is closed.

Source: design page "Selection and notary", "Notary": blind content is opened after the embargo
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from verify.canonical import JsonValue

_ENDS = {
    "dokpamo.selection.v1.DecisionFinalized": ("stage", "stage_id"),
    "dokpamo.intake.v1.CallClosed": ("call", "call_id"),
}
"""Events that end an embargo: of what, and the field that says of which one."""


def embargo_of(payload: Mapping[str, JsonValue]) -> str | None:
    """The embargo that the blind content of an event is under, as "stage/…" or "call/…".

    `payload` is what is open of the event. `None` where it says neither stage nor call: then staff alone may open it.
    """
    if stage_id := _text(payload, "stage_id"):
        return f"stage/{stage_id}"
    # An application id is "<call>/<team>".
    call_id = _text(payload, "call_id") or _text(payload, "application_id").partition("/")[0]
    return f"call/{call_id}" if call_id else None


def ended_by(event_type: str, payload: Mapping[str, JsonValue]) -> str | None:
    """The embargo that an event ends; `None` where it ends none."""
    if event_type not in _ENDS:
        return None
    of, name = _ENDS[event_type]
    ended = _text(payload, name)
    return f"{of}/{ended}" if ended else None


def _text(payload: Mapping[str, JsonValue], name: str) -> str:
    value = payload.get(name)
    return value if isinstance(value, str) else ""
