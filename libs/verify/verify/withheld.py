"""Entries whose content two people withheld: the hash stands in their place, so that every proof holds.

What was withheld cannot be read, and so nothing can be concluded from its not being there. But nobody can withhold in
silence: the log itself must say who did it and why.

Source: design page "Selection and notary", "Notary": a removal is a tombstone by two people with a restore
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify import canonical, entry
from verify.entry import EntryRefusedError
from verify.fields import Fields
from verify.head import HASH_HEX
from verify.told import ENTRY_RESTORED, ENTRY_WITHHELD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from verify.chronicle import Chronicle, Logged
    from verify.findings import Report

_START = b'{"withheld":'
MEMBERS = {"confirmed_by", "leaf_hash", "reason", "requested_by"}


@dataclass(frozen=True, slots=True)
class Withheld:
    """What stands in place of an entry."""

    leaf_hash: bytes
    reason: str
    requested_by: str
    confirmed_by: str

    def encode(self) -> bytes:
        """The line: canonical JSON that no entry can be."""
        document = {
            "confirmed_by": self.confirmed_by,
            "leaf_hash": self.leaf_hash.hex(),
            "reason": self.reason,
            "requested_by": self.requested_by,
        }
        return canonical.encode({"withheld": document})


def withheld_of(line: bytes) -> Withheld | None:
    """What the line says in place of an entry; nothing where it is an entry's.

    Raises:
        EntryRefusedError: it is neither.
    """
    if not line.startswith(_START):
        return None
    try:
        document = canonical.decode(line)["withheld"]
    except canonical.NotCanonicalError as error:
        raise EntryRefusedError("", str(error), error.offset) from error
    if not isinstance(document, dict) or set(document) != MEMBERS:
        raise EntryRefusedError("withheld", f"has exactly the members {', '.join(sorted(MEMBERS))}")
    if not all(isinstance(value, str) and value for value in document.values()):
        raise EntryRefusedError("withheld", "has only texts that say something")
    if not HASH_HEX.fullmatch(document["leaf_hash"]):
        raise EntryRefusedError("withheld", "leaf_hash is not 64 digits of lower-case hex")
    return Withheld(
        bytes.fromhex(document["leaf_hash"]), document["reason"], document["requested_by"], document["confirmed_by"]
    )


def untold(entries: Sequence[bytes | Withheld]) -> set[int]:
    """Withheld entries of which no later entry tells, as where they were withheld a moment ago."""
    acts = [entry.decode(leaf) for leaf in entries if isinstance(leaf, bytes) and ENTRY_WITHHELD.encode() in leaf]
    told = {Fields(act.content["payload"]).integer("leaf_index") for act in acts if act.type == ENTRY_WITHHELD}
    return {index for index, each in enumerate(entries) if isinstance(each, Withheld)} - told


def check_withheld(
    withheld: Mapping[int, Withheld], places: Mapping[int, tuple[str, int]], chronicle: Chronicle, report: Report
) -> None:
    """Note every entry that is withheld without the log saying so, by two people; `places` are file and line."""
    acts: dict[int, Logged] = {}
    for event in sorted([*chronicle.of(ENTRY_WITHHELD), *chronicle.of(ENTRY_RESTORED)], key=lambda act: act.index):
        acts[event.fields.integer("leaf_index")] = event
    for index, each in sorted(withheld.items()):
        path, line = places[index]
        problem = _problem(each, acts.get(index))
        if problem:
            report.add(path, f"line {line}", f"entry {index} is withheld, and {problem}")
    report.withheld.update(withheld)


def _problem(found: Withheld, act: Logged | None) -> str:
    """Why the log does not bear a withholding; empty where it does."""
    if act is None:
        return "nothing in the log says so"
    said = act.fields
    if act.entry.type == ENTRY_RESTORED:
        return f"entry {act.index} says that it was given back"
    if said.text("leaf_hash") != found.leaf_hash.hex():
        return f"entry {act.index} says so of another hash"
    named = (said.text("requested_by"), said.text("confirmed_by"), said.text("reason"))
    if named != (found.requested_by, found.confirmed_by, found.reason):
        return f"entry {act.index} names other people or another reason"
    return "one person alone did it" if found.requested_by == found.confirmed_by else ""
