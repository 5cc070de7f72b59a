"""A gate that several people judge: each by himself, and the verdict by quorum and majority.

Source: design page "Selection and notary", "Stages and gates": a gate has evidence, quorum, reason and a verdict
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules import Provenance, Verdict
from rules.inputs import weakest

from selection.domain.refusal import (
    JudgeBarredError,
    JudgementTakenError,
    JudgeNotSeatedError,
    JudgeRepeatedError,
    JudgesSeatedError,
    QuorumMissedError,
    ReasonMissingError,
    TeamUnknownError,
    VerdictTakenError,
)
from selection.domain.stage import require_collecting
from selection.domain.verdict import judged_gate
from selection.domain.waits import Wait, WaitCode, wait

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from rules import RuleSet

    from selection.domain.stage import Stage


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one judge of a gate found for one team."""

    gate: str
    team: str
    judge: str
    passed: bool
    reason: str
    evidence: tuple[str, ...]
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Conflict:
    """A conflict of interest of a judge with a team, in every gate of the stage."""

    judge: str
    team: str
    reason: str


@dataclass(frozen=True, slots=True)
class Bench:
    """The judges of a stage's gates, their conflicts, and what they found."""

    judges: Mapping[str, tuple[str, ...]]
    conflicts: tuple[Conflict, ...]
    judgements: tuple[Judgement, ...]

    @property
    def barred(self) -> frozenset[tuple[str, str]]:
        """Judge and team that must not meet."""
        return frozenset((each.judge, each.team) for each in self.conflicts)

    def counting(self) -> Mapping[tuple[str, str], Sequence[Judgement]]:
        """By gate and team, the judgements of those who are not barred."""
        found: dict[tuple[str, str], list[Judgement]] = defaultdict(list)
        for each in sorted(self.judgements, key=lambda one: (one.gate, one.team, one.judge)):
            if (each.judge, each.team) not in self.barred:
                found[each.gate, each.team].append(each)
        return found


@dataclass(frozen=True, slots=True)
class Found:
    """A verdict that follows from judgements, `judges_for` of which were for the team."""

    verdict: Verdict
    judges_for: int


def check_seats(gate: str, judges: Sequence[str], stage: Stage, rules: RuleSet, seated: Collection[str]) -> None:
    """Raise the refusal of the first rule that the seating breaks; `seated` are the gate's judges so far."""
    require_collecting(stage)
    quorum = judged_gate(gate, rules).quorum
    if seated:
        raise JudgesSeatedError("gate", gate, "has its judges, who are seated once")
    seen: set[str] = set()
    for number, judge in enumerate(judges):
        if not judge.strip() or judge in seen:
            raise JudgeRepeatedError(f"judge_ids[{number}]", judge, "must be named, and once")
        seen.add(judge)
    if len(seen) < quorum:
        raise QuorumMissedError("judge_ids", len(seen), f"must be at least {quorum}")


def check_conflict(conflict: Conflict, stage: Stage) -> None:
    """Raise the refusal of the first rule that a conflict breaks."""
    require_collecting(stage)
    if conflict.team not in stage.entrants:
        raise TeamUnknownError("team_id", conflict.team, f"must have entered {stage.id}")
    if not conflict.reason.strip():
        raise ReasonMissingError("reason", conflict.reason, "must not be empty")


def check_judgement(
    judgement: Judgement, stage: Stage, rules: RuleSet, bench: Bench, verdicts: Iterable[Verdict]
) -> None:
    """Raise the refusal of the first rule that a judgement breaks; a conflict of interest bars its judge."""
    require_collecting(stage)
    judged_gate(judgement.gate, rules)
    if judgement.team not in stage.entrants:
        raise TeamUnknownError("team_id", judgement.team, f"must have entered {stage.id}")
    if judgement.judge not in bench.judges.get(judgement.gate, ()):
        raise JudgeNotSeatedError("judge_id", judgement.judge, f"must be seated for gate {judgement.gate}")
    if (judgement.judge, judgement.team) in bench.barred:
        raise JudgeBarredError("judge_id", judgement.judge, f"has a conflict of interest with {judgement.team}")
    if not judgement.reason.strip():
        raise ReasonMissingError("reason", judgement.reason, "must not be empty")
    key = (judgement.gate, judgement.team)
    if any((each.gate, each.team) == key for each in verdicts):
        raise VerdictTakenError("team_id", judgement.team, f"has a verdict of gate {judgement.gate} already")
    if any((each.gate, each.team, each.judge) == (*key, judgement.judge) for each in bench.judgements):
        raise JudgementTakenError("team_id", judgement.team, "is judged once by each judge")


def verdicts_of(bench: Bench, rules: RuleSet, given: Iterable[Verdict]) -> tuple[Found, ...]:
    """Return the verdicts that follow from judgements, where the quorum judged and no panel's minute is `given`.

    A team passes where more than half of its judges say so: even votes do not pass. The reason is that of the judges
    on the side of the verdict, each different one once.
    """
    recorded = {(each.gate, each.team) for each in given}
    # Another version of the rule set may have dropped a gate.
    quorums = {gate.id: gate.quorum for gate in rules.gates if gate.kind == "verdict"}
    found = []
    for (gate, team), judged in bench.counting().items():
        if (gate, team) in recorded or gate not in quorums or len(judged) < quorums[gate]:
            continue
        for_it = sum(each.passed for each in judged)
        passed = 2 * for_it > len(judged)
        reasons = dict.fromkeys(each.reason for each in judged if each.passed is passed)
        evidence = tuple(sorted({item for each in judged for item in each.evidence}))
        mark = weakest(each.provenance for each in judged)
        verdict = Verdict(gate, team, passed, "; ".join(reasons), evidence, len(judged), mark)
        found.append(Found(verdict, for_it))
    return tuple(found)


def judges_missing(bench: Bench, rules: RuleSet, gate: str, teams: Iterable[str]) -> tuple[Wait, ...]:
    """Return, for teams of a gate with seated judges, how many have judged of how many that must."""
    if gate not in bench.judges:
        return ()
    counting = bench.counting()
    need = judged_gate(gate, rules).quorum
    return tuple(
        wait(WaitCode.JUDGES_MISSING, gate=gate, team=team, have=len(counting.get((gate, team), ())), need=need)
        for team in teams
    )
