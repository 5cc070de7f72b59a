"""A stage that is decided by comparisons of two, on a real PostgreSQL."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import rules
from common.errors import FieldInvalidError
from dokpamo.evaluation.v1 import events_pb2 as evaluation
from dokpamo.selection.v1 import events_pb2
from selection import handlers, wire
from selection.domain import refusal
from selection.domain.deciding import ScoringClose
from selection.handlers.objection_bars import known_people
from selection.store import PublicationStore, SelectionStore

from tests.builders.rule_sets import ARENA
from tests.builders.selection_cases import Selection, opened, waits

TEAMS = ("ant", "bee", "cat")
CLOSES = datetime(2026, 1, 2, 15, tzinfo=UTC)
RULES = rules.load_rule_set(ARENA)
GIVEN = rules.collect(
    "final",
    TEAMS,
    comparisons=[
        rules.Comparison("arena", who, item, *pair, winner)
        for who, item, winners in (
            ("judge-1", "q1", ("ant", "ant", "bee")),
            ("judge-2", "q1", ("bee", "", "cat")),
            ("judge-3", "q2", ("ant", "cat", "")),
        )
        for pair, winner in zip((("ant", "bee"), ("ant", "cat"), ("bee", "cat")), winners, strict=True)
    ],
    verdicts=[rules.Verdict("safety", team, passed=True, reason="seen", evidence=(), judged_by=2) for team in TEAMS],
)


async def collecting(selection: Selection) -> None:
    """The final opened with its three teams."""
    selection.clock.set(datetime(2025, 12, 31, 15, tzinfo=UTC))
    sha256 = await selection.freeze(ARENA)
    await selection.write(handlers.plan_stage, "final", sha256, "call", ())
    await selection.write(handlers.close_call, "call", TEAMS)
    await selection.go_to(CLOSES - timedelta(hours=2))
    assert (await selection.stage("final")).state == "collecting"


async def test_a_stage_is_decided_by_the_comparisons_that_were_handed_in_as_a_file_is(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await collecting(selection)
        (told,) = await selection.said(events_pb2.StageOpened)
        (source,) = told.sources
        assert (source.kind, source.provider, source.panel_size, source.ties_allowed, source.per_pair) == (
            "comparisons", "judges", 3, True, 2,
        )  # fmt: skip
        await selection.give("final", GIVEN)
        await selection.judge("final", GIVEN)
        await selection.go_to(CLOSES)
        taken, decided = await selection.documents("final")
        assert taken == GIVEN.canonical_bytes()
        assert decided == rules.decide(RULES, GIVEN).canonical_bytes()


async def test_what_lacks_is_named_by_pairs_and_what_is_under_way_is_waited_for(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await collecting(selection)
        few = rules.collect("final", TEAMS, comparisons=GIVEN.comparisons[:4], verdicts=GIVEN.verdicts)
        for comparison in few.comparisons:
            await selection.write(handlers.take_scores, "final", "arena", [comparison], selection.clock.now())
        await selection.judge("final", GIVEN)
        await selection.go_to(CLOSES)
        handed_in = Counter(each.source for each in few.comparisons)
        await selection.write(handlers.close_scoring, "final", ScoringClose(CLOSES, handed_in + Counter({"arena": 1})))
        await selection.go_to(CLOSES)
        held = await selection.stage("final")
        assert (held.owner, waits(held)) == (
            "evaluation", {"scores-underway": {"source": "arena", "have": "4", "handed_in": "5"}},
        )  # fmt: skip
        (late,) = GIVEN.comparisons[4:5]
        # Handed in in time, however late it arrives.
        await selection.write(handlers.take_scores, "final", "arena", [late], CLOSES)
        await selection.go_to(CLOSES)
        held = await selection.stage("final")
        assert held.owner == "staff"
        assert waits(held)["comparisons-missing"] == {"source": "arena", "teams": "bee,cat", "count": "1"}


async def test_a_comparison_is_taken_once_in_time_and_as_the_rules_say(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await collecting(selection)
        first = GIVEN.comparisons[0]
        take = (handlers.take_scores, "final", "arena")
        now = selection.clock.now()
        for _ in range(2):
            await selection.write(*take, [first], now)
        other = rules.Comparison("arena", first.assessor, first.item, first.first, first.second, "bee")
        tie = rules.Comparison("arena", first.assessor, first.item, first.first, first.second, "")
        for again in (other, tie):
            with pytest.raises(refusal.ScoreTakenError):
                await selection.write(*take, [again], now)
        with pytest.raises(refusal.ScoreLateError):
            await selection.write(*take, [GIVEN.comparisons[1]], CLOSES + timedelta(microseconds=1))
        stranger = rules.Comparison("arena", "judge-1", "q1", "ant", "dog", "ant")
        with pytest.raises(refusal.ScoreRefusedError):
            await selection.write(*take, [stranger], now)


async def test_who_compared_is_of_the_panel_and_barred_from_a_fresh_one(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await collecting(selection)
        await selection.give("final", GIVEN)
        async with selection.database.transaction() as tx:
            stage = await selection.kept_stage("final")
            assert (await known_people(stage, SelectionStore(tx))).people >= {"judge-1", "judge-2", "judge-3"}
            publications = PublicationStore(tx)
            assert [await publications.sat("final", who) for who in ("judge-1", "judge-9")] == [True, False]


def test_an_event_says_who_compared_two_teams() -> None:
    said = evaluation.ComparisonSubmitted(
        stage_id="final", source_id="arena", assessor_id="judge-1", item="q1", team_ids=["bee", "ant"],
        preferred_team_id="bee",
    )  # fmt: skip
    assert wire.comparison_of(said) == rules.Comparison("arena", "judge-1", "q1", "ant", "bee", "bee")
    for broken in ({"team_ids": ["ant"]}, {"assessor_id": ""}):
        message = evaluation.ComparisonSubmitted()
        message.CopyFrom(said)
        for name, value in broken.items():
            message.ClearField(name)  # type: ignore[arg-type] # a name of its fields
            if isinstance(value, list):
                message.team_ids.extend(value)
        with pytest.raises(FieldInvalidError):
            wire.comparison_of(message)
