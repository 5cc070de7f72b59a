"""What a check found: each thing that does not hold, with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.canonical import JsonValue


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold."""

    path: str
    """The file, relative to the folder; empty for the folder itself."""
    place: str
    """Where in the file, as "line 3", "byte 120" or the name of a member; empty for the whole."""
    rule: str
    """What does not hold, in words."""

    def __str__(self) -> str:
        """`file, place: rule`."""
        where = ", ".join(part for part in (self.path, self.place) if part) or "the folder"
        return f"{where}: {self.rule}"


@dataclass(slots=True)
class Report:
    """The outcome of a check."""

    findings: list[Finding] = field(default_factory=list)
    log_id: str = ""
    """The fingerprint of the key."""
    tree_size: int = 0
    """Entries that the newest head covers."""
    root_hash: str = ""
    heads: int = 0
    rule_sets: int = 0
    decisions: list[str] = field(default_factory=list)
    """Stages whose decision was computed again and is the same."""
    receipts: int = 0
    """Receipts that are in the log."""
    opened: int = 0
    """Sealed values whose opening is here and was checked."""
    sealed: int = 0
    """Sealed values that nobody has opened: what they are is not checked."""
    erased: int = 0
    """Sealed values whose opening was erased, as the log tells: what they were cannot be checked any more."""
    unreadable: list[int] = field(default_factory=list)
    """Entries that are not the event which they say to be; nobody could read them, and the notary sealed them whole."""
    not_verified: dict[str, str] = field(default_factory=dict)
    """Stages whose decision cannot be held against the log, since something of it is sealed: why."""

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def add(self, path: str, place: str, rule: str) -> None:
        """Note a thing that does not hold."""
        self.findings.append(Finding(path, place, rule))

    def document(self) -> dict[str, JsonValue]:
        """The report as a JSON document."""
        return {
            "holds": self.holds,
            "findings": [{"file": f.path, "place": f.place, "rule": f.rule} for f in self.findings],
            "log_id": self.log_id,
            "tree_size": self.tree_size,
            "root_hash": self.root_hash,
            "heads": self.heads,
            "rule_sets": self.rule_sets,
            "decisions": self.decisions,
            "receipts": self.receipts,
            "opened": self.opened,
            "sealed": self.sealed,
            "erased": self.erased,
            "unreadable": self.unreadable,
            "not_verified": self.not_verified,
        }
