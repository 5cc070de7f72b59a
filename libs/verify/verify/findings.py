"""What a check found: each thing that does not hold, with its place."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from verify.head import instant_text

if TYPE_CHECKING:
    from datetime import datetime

    from verify.canonical import JsonValue
    from verify.withheld import Withheld


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold."""

    path: str
    """The file, relative to the folder; empty for the folder itself."""
    place: str
    """Where in the file, as "line 3", "byte 120" or the name of a member; empty for the whole."""
    rule: str
    """What does not hold, in words."""
    absent: bool = False
    """Whether it is that the log does not have something: a withheld entry might be it."""

    def __str__(self) -> str:
        """`file, place: rule`."""
        where = ", ".join(part for part in (self.path, self.place) if part) or "the folder"
        return f"{where}: {self.rule}"


@dataclass(frozen=True, slots=True)
class Witnessed:
    """The largest tree that a witness cosigned."""

    name: str
    tree_size: int
    signed_at: datetime
    """As the witness says (UTC), in whole seconds."""


@dataclass(frozen=True, slots=True)
class Retired:
    """That two people retired a witness: only what it cosigned of trees without the entry that says so counts."""

    index: int
    """Of the entry."""
    requested_by: str
    confirmed_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Extension:
    """That one tree extends another, with the number of hashes that prove it."""

    first: int
    second: int
    hashes: int


@dataclass(frozen=True, slots=True)
class Overridden:
    """That two officers decided in the place of what was computed, and why."""

    proposed_by: str
    confirmed_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What a decision that holds says, and since when it is final."""

    index: int
    """Of the entry that says that it is."""
    since: datetime
    """As its service says (UTC)."""
    rule_set_sha256: str
    advanced: list[str]
    """The teams that go on, best first."""


@dataclass(frozen=True, slots=True)
class Pending:
    """The newest version of a stage's decision that is not final."""

    version: int
    index: int
    """Of its entry."""
    since: datetime
    """As its service says (UTC)."""
    final_version: int | None
    """The version that counts meanwhile; nothing where none is final."""


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
    standing: dict[str, Standing] = field(default_factory=dict)
    """Who goes on by each of these decisions, and by each that two officers took."""
    overridden: dict[str, Overridden] = field(default_factory=dict)
    """Stages whose outcome is two officers' and was not computed; the computed decision beside it is the same again."""
    superseded: list[tuple[str, int]] = field(default_factory=list)
    """Stage and number of each version that a later one took the place of, computed again from the log and the same."""
    pending: dict[str, Pending] = field(default_factory=dict)
    """Stages with a version of their decision that is not final: it is provisional, and is checked once it is final."""
    publications: int = 0
    """Views that were published, each computed again and the same."""
    publications_unchecked: int = 0
    """Views whose decision is not here: it is sealed still, or a later one took its place."""
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
    witnessed: list[Witnessed] = field(default_factory=list)
    """What each witness that was asked for saw last."""
    retired: dict[str, Retired] = field(default_factory=dict)
    """Witnesses that were asked for and are retired, by name."""
    quorum: int = 0
    """How many witnesses were wanted."""
    withheld: dict[int, Withheld] = field(default_factory=dict)
    """Entries whose content two people withheld."""
    not_shown: list[Finding] = field(default_factory=list)
    """What cannot be shown, since one of the withheld entries might be it."""
    extends: Extension | None = None
    """That the log extends a head that was asked about."""
    own_receipt: dict[str, JsonValue] | None = None
    """The receipt that was asked about, where it holds."""
    not_verified: dict[str, str] = field(default_factory=dict)
    """Stages whose decision cannot be held against the log, since something of it is sealed: why."""

    @property
    def witnessed_size(self) -> int:
        """How many entries as many witnesses as were wanted saw; 0 where none were asked for or too few did."""
        sizes = sorted((seen.tree_size for seen in self.witnessed), reverse=True)
        return sizes[self.quorum - 1] if 0 < self.quorum <= len(sizes) else 0

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def add(self, path: str, place: str, rule: str, *, absent: bool = False) -> None:
        """Note a thing that does not hold; `absent` where it is that the log does not have something."""
        self.findings.append(Finding(path, place, rule, absent))

    def settle(self) -> None:
        """Where entries are withheld, take what the log seems not to have as not shown rather than as not there."""
        if self.withheld:
            self.not_shown.extend(finding for finding in self.findings if finding.absent)
            self.findings = [finding for finding in self.findings if not finding.absent]

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
            "standing": {
                stage: {**asdict(each), "since": instant_text(each.since)}
                for stage, each in sorted(self.standing.items())
            },
            "overridden": {stage: asdict(each) for stage, each in sorted(self.overridden.items())},
            "superseded": [{"stage": stage, "version": version} for stage, version in self.superseded],
            "pending": {
                stage: {**asdict(each), "since": instant_text(each.since)}
                for stage, each in sorted(self.pending.items())
            },
            "publications": self.publications,
            "publications_unchecked": self.publications_unchecked,
            "receipts": self.receipts,
            "opened": self.opened,
            "sealed": self.sealed,
            "erased": self.erased,
            "unreadable": self.unreadable,
            "not_verified": self.not_verified,
            "witnesses": [
                {"name": seen.name, "tree_size": seen.tree_size, "signed_at": instant_text(seen.signed_at)}
                for seen in self.witnessed
            ],
            "retired": {name: asdict(each) for name, each in sorted(self.retired.items())},
            "extends": None if self.extends is None else asdict(self.extends),
            "own_receipt": self.own_receipt,
            "withheld": [
                {
                    "leaf_index": index,
                    "requested_by": entry.requested_by,
                    "confirmed_by": entry.confirmed_by,
                    "reason": entry.reason,
                }
                for index, entry in sorted(self.withheld.items())
            ],
            "not_shown": [{"file": f.path, "place": f.place, "rule": f.rule} for f in self.not_shown],
            "quorum": self.quorum,
            "witnessed_size": self.witnessed_size,
        }
