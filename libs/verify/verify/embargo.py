"""When the blind content of the log is opened to everyone: with the release, or the closing, that it was blind for.

What belongs to a stage (sheets, measurements, verdicts, seats of a panel, decisions) is under embargo until the results
of that stage are released, which is when its rule set says: by default once the decision is final. What belongs to a
call (its eligibility checks) is until the call is closed. What comes after an embargo's end is open at once.

Source: design page "Selection and notary", "Notary": blind content is opened after the embargo
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.entry import Entry

_ENDS = {
    "dokpamo.selection.v1.ResultsReleased": ("dokpamo.selection.publication.v1", "stage", "stage_id"),
    "dokpamo.intake.v1.CallClosed": ("dokpamo.intake.call.v1", "call", "call_id"),
}
"""Events that end an embargo: the topic that only their service writes to, of what, and the field that names it."""


def of_stage(stage_id: str) -> str:
    """The embargo of what belongs to a stage."""
    return f"stage/{stage_id}"


def embargo_of(entry: Entry) -> str | None:
    """The embargo that the blind content of an entry is under, as "stage/…" or "call/…".

    `None` where it says in the open neither stage nor call: then staff alone may open it.
    """
    if stage_id := _text(entry, "stage_id"):
        return of_stage(stage_id)
    # An application id is "<call>/<team>".
    call_id = _text(entry, "call_id") or _text(entry, "application_id").partition("/")[0]
    return f"call/{call_id}" if call_id else None


def ended_by(entry: Entry) -> str | None:
    """The embargo that an entry ends; `None` where it ends none, also where it came from another service's topic."""
    topic, of, name = _ENDS.get(entry.type, ("", "", ""))
    ended = _text(entry, name) if entry.topic == topic else ""
    return f"{of}/{ended}" if ended else None


def _text(entry: Entry, name: str) -> str:
    value = entry.content.get("payload", {}).get(name)
    return value if isinstance(value, str) else ""
