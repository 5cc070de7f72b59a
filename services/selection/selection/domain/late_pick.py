"""Commit and reveal: what was chosen later is what was bound before, by its SHA-256.

Source: programme facts, "What went wrong": late picks by commit and reveal, against benchmarks added mid-evaluation
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rules.document import LotTie

from selection.domain.refusal import (
    CommitmentMismatchError,
    ContentInvalidError,
    LatePickRevealedError,
    LatePickUnknownError,
    SeedNotNeededError,
)
from selection.domain.stage import require_undecided
from selection.domain.waits import WaitCode

if TYPE_CHECKING:
    from collections.abc import Collection

    from rules import RuleSet

    from selection.domain.stage import Stage

_MOST_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class Revealed:
    """A revealed late pick; `sha256` is what was committed to."""

    pick: str
    sha256: str
    salt: str
    content: str


def commitment(salt: str, content: str) -> str:
    """Return SHA-256, lower-case hex, of salt, line feed and content; of the content alone where there is no salt."""
    return hashlib.sha256((f"{salt}\n{content}" if salt else content).encode()).hexdigest()


def reveal(
    stage: Stage, rules: RuleSet, pick_id: str, salt: str, content: str, known: Collection[tuple[str, str]]
) -> Revealed:
    """Return the pick as revealed; `known` are pick and hash of those revealed before.

    Raises `StageDecidedError`, `LatePickUnknownError`, `LatePickRevealedError`, `ContentInvalidError` and, with both
    hashes, `CommitmentMismatchError`.
    """
    require_undecided(stage)
    picks = {each.id: each.sha256 for each in rules.changes.late_picks}
    if pick_id not in picks:
        raise LatePickUnknownError("pick_id", pick_id, f"the rule set commits to {', '.join(picks) or 'none'}")
    if (pick_id, picks[pick_id]) in known:
        raise LatePickRevealedError("pick_id", pick_id, "is revealed exactly once")
    if not content or len(content.encode()) > _MOST_BYTES:
        raise ContentInvalidError("content", f"{len(content.encode())} bytes", f"must be 1 to {_MOST_BYTES} bytes")
    if "\n" in salt:
        raise ContentInvalidError("salt", salt, "must be one line")
    _require_same("content", commitment(salt, content), picks[pick_id])
    return Revealed(pick_id, picks[pick_id], salt, content)


def unrevealed(rules: RuleSet, known: Collection[tuple[str, str]]) -> tuple[str, ...]:
    """Return the late picks that are not revealed yet, in the document's order."""
    return tuple(each.id for each in rules.changes.late_picks if (each.id, each.sha256) not in known)


def committed_seed(rules: RuleSet) -> str:
    """Return the SHA-256 of the lot's seed, lower-case hex; empty where the document draws no lot."""
    return next((tie.seed_sha256 for tie in rules.ties if isinstance(tie, LotTie)), "")


def check_seed(stage: Stage, rules: RuleSet, seed: str) -> str:
    """Return the committed hash of `seed`. Raises `SeedNotNeededError` and `CommitmentMismatchError`."""
    if all(each.code is not WaitCode.SEED_MISSING for each in stage.waits):
        raise SeedNotNeededError("stage_id", stage.id, "its decision does not wait for the seed of a lot")
    sha256 = committed_seed(rules)
    _require_same("seed", commitment("", seed), sha256)
    return sha256


def _require_same(field: str, found: str, committed: str) -> None:
    if found != committed:
        raise CommitmentMismatchError(field, found, committed)
