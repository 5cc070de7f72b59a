"""The life of a rule set: draft → published → frozen; an earlier version is superseded by a newer one.

Source: design page "Selection and notary", "Rule sets": versioned, hashed, frozen before the first submission.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from rules import RuleSetInvalidError, Violation, canonical_bytes, load_rule_set, rule_set_from_json, sha256_of

from selection.domain.refusal import (
    DraftInvalidError,
    RuleSetFrozenLateError,
    RuleSetSupersededError,
    VersionNotNewError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from rules import RuleSet

# The event that publishes a document carries it whole, and the broker takes less than a MiB.
_LARGEST_BYTES: Final = 512 * 1024
_PLAIN_NAME: Final = re.compile(r"(?=.{1,64}$)[a-z0-9]+(-[a-z0-9]+)*")
# A refusal travels in gRPC metadata, which takes 8 KiB in all, in base64.
_MOST_VIOLATION_BYTES: Final = 4000


class RuleSetRefusedError(Exception):
    """A document is no valid rule set: the first violation in `field`, `value` and `rule`, all of them in `violations`.

    `violations` is a JSON list of objects with path, value, rule and code; `violation_count` says how many there are,
    where more were found than fit.
    """

    def __init__(self, violations: Iterable[Violation]) -> None:
        """Keep every violation."""
        found = tuple(violations)
        super().__init__("; ".join(str(each) for each in found[:5]))
        self.field, self.value, self.rule = found[0].path, found[0].value, found[0].rule
        self.violation_count = len(found)
        self.violations = _as_json(found)


@dataclass(frozen=True, slots=True)
class Draft:
    """A text on its way to a rule set, with its defects as JSON ("[]" where it could be published)."""

    id: str
    document: str
    violations: str
    violation_count: int
    saved_at: datetime
    saved_by: str


class RuleSetState(Enum):
    """Where a rule set is in its life."""

    PUBLISHED = "published"
    FROZEN = "frozen"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class KeptRuleSet:
    """A rule set as kept; `document` is its canonical form, whose SHA-256 is its identity. Instants are UTC."""

    sha256: str
    id: str
    version: int
    stage: str
    state: RuleSetState
    published_at: datetime
    frozen_at: datetime | None
    document: bytes
    superseded_at: datetime | None = None

    @property
    def rules(self) -> RuleSet:
        """The rules themselves."""
        return rule_set_from_json(self.document)


def read(document: str) -> RuleSet:
    """Return the rule set of a YAML or JSON text (JSON is YAML). Raises `RuleSetRefusedError` with every violation."""
    try:
        rules = load_rule_set(document)
    except RuleSetInvalidError as error:
        raise RuleSetRefusedError(error.violations) from error
    if (size := len(canonical_bytes(rules))) > _LARGEST_BYTES:
        rule = f"at most {_LARGEST_BYTES} bytes in canonical form"
        raise RuleSetRefusedError([Violation("", f"{size} bytes", rule, "DOCUMENT_TOO_LONG")])
    return rules


def draft(draft_id: str, document: str, now: datetime, saved_by: str) -> Draft:
    """Return the draft with its defects. Raises `DraftInvalidError` for an id or length that cannot be kept."""
    if not _PLAIN_NAME.fullmatch(draft_id):
        raise DraftInvalidError("draft_id", draft_id, "must be lower-case letters, digits and single hyphens, up to 64")
    if (size := len(document.encode())) > _LARGEST_BYTES:
        raise DraftInvalidError("document", f"{size} bytes", f"must be at most {_LARGEST_BYTES} bytes")
    try:
        read(document)
    except RuleSetRefusedError as error:
        return Draft(draft_id, document, error.violations, error.violation_count, now, saved_by)
    return Draft(draft_id, document, "[]", 0, now, saved_by)


def publish(rule_set: RuleSet, earlier: Iterable[KeptRuleSet], now: datetime) -> KeptRuleSet:
    """Return the rule set as published at `now`, or the kept one where the very same was published before.

    `earlier` are the versions of the same id. Raises `VersionNotNewError`.
    """
    sha256 = sha256_of(rule_set)
    highest = 0
    for each in earlier:
        if each.sha256 == sha256:
            return each
        highest = max(highest, each.version)
    if rule_set.version <= highest:
        raise VersionNotNewError("version", rule_set.version, f"must be above {highest}, published before")
    return KeptRuleSet(
        sha256,
        rule_set.id,
        rule_set.version,
        rule_set.stage,
        RuleSetState.PUBLISHED,
        now,
        None,
        canonical_bytes(rule_set),
    )


def supersede(kept: KeptRuleSet, now: datetime) -> KeptRuleSet:
    """Return the rule set as a newer version leaves it; what was frozen stays known as frozen at its instant."""
    if kept.state is RuleSetState.SUPERSEDED:
        return kept
    return replace(kept, state=RuleSetState.SUPERSEDED, superseded_at=now)


def freeze(kept: KeptRuleSet, now: datetime) -> KeptRuleSet:
    """Return the rule set frozen at `now`; a frozen one stays as it is. Raises `RuleSetSupersededError`."""
    if kept.state is RuleSetState.SUPERSEDED:
        raise RuleSetSupersededError("rule_set_sha256", kept.sha256, "a newer version was published")
    if kept.state is RuleSetState.FROZEN:
        return kept
    return replace(kept, state=RuleSetState.FROZEN, frozen_at=now)


def require_frozen_before(kept: KeptRuleSet, opens_at: datetime) -> None:
    """Raise `RuleSetFrozenLateError` unless the rule set was frozen no later than `opens_at`."""
    if kept.frozen_at is None or kept.frozen_at > opens_at:
        frozen = kept.frozen_at.isoformat() if kept.frozen_at else "never"
        raise RuleSetFrozenLateError("frozen_at", frozen, f"must not be after the opening, {opens_at.isoformat()}")


def _as_json(violations: tuple[Violation, ...]) -> str:
    shown: list[str] = []
    size = 0
    for each in violations:
        entry = {"path": each.path, "value": each.value, "rule": each.rule, "code": each.code}
        text = json.dumps(entry, ensure_ascii=False)
        size += len(text.encode())
        if size > _MOST_VIOLATION_BYTES and shown:
            break
        shown.append(text)
    return f"[{','.join(shown)}]"
