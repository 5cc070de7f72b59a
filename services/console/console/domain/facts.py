"""Facts beside the board: names, scale-model runs, targets, the ledger and the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class TeamName:
    """A lead's name in both languages."""

    korean: str
    english: str


@dataclass(frozen=True, slots=True)
class Label:
    """What a part of the points or a gate is called; ``inside`` says that a part belongs to the last one outside."""

    key: str
    korean: str
    english: str
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Scoring:
    """The words of a rule set: gates, sources, and parts in the document's order, each before those inside it."""

    parts: tuple[Label, ...] = ()
    gates: tuple[Label, ...] = ()
    sources: tuple[Label, ...] = ()

    def gate(self, key: str) -> Label:
        """A gate's words; the key itself where the rule set names no such gate."""
        return next((gate for gate in self.gates if gate.key == key), Label(key, key, key))

    def columns(self, keys: Sequence[str]) -> tuple[Label, ...]:
        """The parts that are among the keys; a key that the rule set does not name comes last, by itself."""
        named = tuple(part for part in self.parts if part.key in keys)
        unnamed = sorted(set(keys) - {part.key for part in named})
        return (*named, *(Label(key, key, key) for key in unnamed))


@dataclass(frozen=True, slots=True)
class Run:
    """A benchmark run on a checkpoint; figures are decimal text and empty before completion."""

    run_id: str
    team_id: str
    period: str
    checkpoint_digest: str
    state: str
    accuracy: str
    bits_per_byte: str


@dataclass(frozen=True, slots=True)
class CandidateRatio:
    """How a team stands to a target; decimal text, ``to_declared`` empty where it declared none."""

    team_id: str
    value: str
    to_best: str
    to_declared: str


@dataclass(frozen=True, slots=True)
class Target:
    """A pinned moving target."""

    target_id: str
    stage_id: str
    index: str
    edition: str
    window_from: str
    window_to: str
    best_model_id: str
    best_value: str
    ratio: str
    threshold: str
    candidates: tuple[CandidateRatio, ...]
    provenance: str = ""
    """Where the best model of the window comes from."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Whether the grants ledger balances, and its size in transactions."""

    balanced: bool
    transactions: int
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """The notary's latest signed head: number of leaves and root hash in lower-case hex."""

    tree_size: int
    root_hash: str


def runs_by_team(runs: Sequence[Run]) -> Mapping[str, Mapping[str, Run]]:
    """Team → period → its latest run."""
    table: dict[str, dict[str, Run]] = {}
    for run in runs:
        table.setdefault(run.team_id, {})[run.period] = run
    return dict(sorted(table.items()))


def periods(runs: Sequence[Run]) -> tuple[str, ...]:
    """All periods that have a run, in order."""
    return tuple(sorted({run.period for run in runs}))


@dataclass(frozen=True, slots=True)
class Check:
    """A comparison of everything with the registry's tables: what is still otherwise; unset where none has ended."""

    name: str
    ended_at: datetime | None
    checked: int
    open_differences: int


@dataclass(frozen=True, slots=True)
class Integrity:
    """Whether the bytes of checkpoints are still there as they were committed, in numbers."""

    parts: int
    size_bytes: int
    oldest_read_at: datetime | None
    damaged_parts: int
    healed_damages: int
    checks: tuple[Check, ...]
