"""An entry's content is withheld or given back by two people; its hash stays, so that every proof holds.

Source: design page "Selection and notary", "Notary": a removal is a tombstone by two people with a restore
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from notary.domain.two_person import TwoPersonRuleBrokenError

if TYPE_CHECKING:
    from notary.domain.two_person import Act


class WithholdingUnknownError(TwoPersonRuleBrokenError):
    """Nobody asked for this."""


class WithheldAlreadyError(TwoPersonRuleBrokenError):
    """The entry is withheld already, or another request for it waits."""


class NotWithheldError(TwoPersonRuleBrokenError):
    """The entry is not withheld, so that it cannot be given back."""


class NotWithholdableError(TwoPersonRuleBrokenError):
    """The entry says itself that another one was withheld or given back: it is for everyone to read."""


class WithholdingKind(StrEnum):
    """What is asked for."""

    WITHHOLD = "withhold"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Withholding:
    """That an entry's content is withheld or given back, asked for and perhaps done."""

    act: Act
    kind: WithholdingKind
    event_id: str
    leaf_index: int


TELLING = ("dokpamo.notary.v1.EntryWithheld", "dokpamo.notary.v1.EntryRestored")
"""Events that say what was withheld, by whom and why."""


def require_withholdable(event_id: str, event_type: str) -> None:
    """Raise `NotWithholdableError` where an entry is the public word about another one."""
    if event_type in TELLING:
        raise NotWithholdableError(
            "event_id", event_id, "what was withheld, by whom and why stays for everyone to read"
        )


def require_possible(kind: WithholdingKind, event_id: str, *, withheld: bool, waiting: bool) -> None:
    """Raise unless an entry can be withheld or given back as it is now.

    Raises:
        WithheldAlreadyError: it is withheld, or a request of this kind waits for its confirmation.
        NotWithheldError: it is not withheld.
    """
    if kind is WithholdingKind.WITHHOLD and withheld:
        raise WithheldAlreadyError("event_id", event_id, "the entry is withheld already")
    if kind is WithholdingKind.RESTORE and not withheld:
        raise NotWithheldError("event_id", event_id, "the entry is not withheld")
    if waiting:
        raise WithheldAlreadyError("event_id", event_id, f"a request to {kind} it waits for its confirmation")
