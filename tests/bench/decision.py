"""How long a decision of 100 teams × 200 assessors × 20 criteria takes, beside plain decimals for the totals alone.

Peer: the same totals in `decimal` as one would write them down: for each team and criterion the mean without the
highest and the lowest score, rounded half up, added up. It checks nothing, ranks nothing and proves nothing.
Ours: `rules.decide` on the collected inputs, with every check of scale and completeness, exact working of each part,
marks, ranking, the hashes of rule set and inputs, and the canonical bytes of the decision. Gathering the inputs from
400,000 single scores, which a service does before, is shown beside it. The totals of both must be the same.
Times are CPU times of this process, which has one thread: what it takes on a core of its own.
"""

from __future__ import annotations

import hashlib
import random
import statistics
import time
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import rules

from tests.bench.ground import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bench.ground import Ground

T = TypeVar("T")

TEAMS = [f"team-{number:03}" for number in range(100)]
ASSESSORS = [f"assessor-{number:03}" for number in range(200)]
CRITERIA = [f"criterion-{number:02}" for number in range(20)]
ROUNDS = 9
TARGET_MS = 100
_SEED = "a seed that was committed beforehand"
_TITLE = "title: {ko: 시험, en: Trial}"


async def measure(_ground: Ground) -> Verdict:
    """Print peer and ours; return the time of a decision in milliseconds."""
    rule_set, scores = rules.load_rule_set(_document()), _scores()
    taken: dict[str, list[float]] = defaultdict(list)

    def timed(name: str, work: Callable[[], T]) -> T:
        began = time.process_time()
        found = work()
        taken[name].append(1000 * (time.process_time() - began))
        return found

    for _ in range(ROUNDS):
        totals = timed("peer: totals in plain decimals", lambda: _plain(scores))
        # Anew each round: what is kept of one decision must not help the next.
        inputs = timed("gathering of single scores", lambda: rules.collect("big", TEAMS, scores=scores, seed=_SEED))
        decision = timed("ours: decision", partial(_decided, rule_set, inputs))
        if decision.totals() != totals:
            raise AssertionError("peer and ours disagree on the totals")
    for name, times in taken.items():
        print(f"{name:32} {statistics.median(times):7.1f} ms (best {min(times):.1f})")
    return Verdict(statistics.median(taken["ours: decision"]), "ms", TARGET_MS, at_least=False)


def _decided(rule_set: rules.RuleSet, inputs: rules.Inputs) -> rules.Decision:
    decision = rules.decide(rule_set, inputs)
    decision.canonical_bytes()
    return decision


def _plain(scores: list[rules.Score]) -> dict[str, str]:
    given: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for score in scores:
        given[score.team, score.criterion].append(score.value)
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for (team, _), values in given.items():
        kept = sorted(values)[1:-1]
        totals[team] += (sum(kept, Decimal(0)) / len(kept)).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return {team: str(total) for team, total in totals.items()}


def _scores() -> list[rules.Score]:
    chance = random.Random(20260818)
    return [
        rules.Score("panel", assessor, team, criterion, Decimal(chance.randrange(51)).scaleb(-1))
        for assessor in ASSESSORS
        for team in TEAMS
        for criterion in CRITERIA
    ]


def _document() -> str:
    scale = "minimum: 0, maximum: 5, digits: 1"
    steps = (
        "[{operator: sum, over: criteria}, {operator: trimmed_mean, over: assessors, highest: 1, lowest: 1}, "
        "{operator: round, digits: 1}]"
    )
    criteria = [f"      - {{id: {name}, {_TITLE}, {scale}}}" for name in CRITERIA]
    parts = [
        f"  - {{id: {name}, {_TITLE}, points: 5, source: panel, criteria: [{name}], steps: {steps}}}"
        for name in CRITERIA
    ]
    return "\n".join(
        [
            "format: dokpamo/rule-set/1",
            "id: big",
            "version: 1",
            "stage: big",
            _TITLE,
            "zone: Asia/Seoul",
            "dates:",
            "  published: 2026-01-01T00:00:00+09:00",
            "  opens: 2026-01-02T00:00:00+09:00",
            "  closes: 2026-01-03T00:00:00+09:00",
            "  decides: 2026-01-03T00:00:00+09:00",
            "seats: {planned: 10, minimum: 0, maximum: 10}",
            "eligibility: {newcomers_may_apply: true}",
            "points: 100",
            "rounding: {mode: half-up, digits: 1}",
            "sources:",
            "  - kind: sheets",
            "    id: panel",
            f"    {_TITLE}",
            "    provider: panel",
            "    panel: {planned: 200, minimum: 150}",
            "    criteria:",
            *criteria,
            "parts:",
            *parts,
            "procedure: [{step: rank}, {step: cut, keep: planned}]",
            f"ties: [{{by: lot, seed_sha256: {hashlib.sha256(_SEED.encode()).hexdigest()}}}]",
            "objections: {days: 10, early_close: never}",
            "disclosure: {profile: full}",
            "consequences: {elimination: {forfeits: [], keeps: []}}",
            "changes: {consent: none-before-opening}",
        ]
    )
