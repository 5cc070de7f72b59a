"""Programmes that nobody here had in mind, on a real PostgreSQL: points carried over, and a league of duels."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from typing import TYPE_CHECKING

from rules import carry, collect, decide, decision_from_json, load_inputs, load_rule_set
from selection import handlers

from tests.builders.selection_cases import Selection, opened

if TYPE_CHECKING:
    from rules import Inputs, RuleSet

PROGRAMMES = files("client") / "programmes"
PROGRAMME = {"round-1": "research-grant", "round-2": "research-grant", "season": "benchmark-league"}


def text(folder: str, stage: str) -> str:
    return (PROGRAMMES / PROGRAMME[stage] / folder / f"{stage}.yaml").read_text(encoding="utf-8")


def rules(stage: str) -> RuleSet:
    return load_rule_set(text("rule-sets", stage))


def given(stage: str) -> Inputs:
    return load_inputs(text("scores", stage))


async def play(selection: Selection, stage: str, call: str, sources: tuple[str, ...]) -> None:
    """A stage from its publication to its final decision, at its own dates."""
    dates = rules(stage).dates
    sha256 = await selection.freeze(text("rule-sets", stage))
    await selection.write(handlers.plan_stage, stage, sha256, call, sources)
    if call:
        await selection.write(handlers.close_call, call, given(stage).entrants)
    await selection.go_to(dates.opens)
    await selection.give(stage, given(stage))
    await selection.judge(stage, given(stage))
    await selection.go_to(dates.decides + timedelta(days=20))


async def test_points_are_carried_over_from_the_final_decision_of_the_round_before(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        selection.clock.set(rules("round-1").dates.published)
        await play(selection, "round-1", "grants-2027", ())
        first = (await selection.read("decision", "round-1")).record.computed
        await play(selection, "round-2", "", ("round-1",))
        second = await selection.read("decision", "round-2")
        assert second.state == "final"
        scored = given("round-2")
        inputs = collect(
            "round-2",
            first.advanced,
            scores=scored.scores(),
            measurements=scored.measurements,
            verdicts=scored.verdicts,
            carried=carry(rules("round-2"), first.advanced, {"round-1": first}),
        )
        assert second.record.inputs == inputs.canonical_bytes()
        assert inputs.carried
        assert decision_from_json(second.record.document) == decide(rules("round-2"), inputs)


async def test_a_league_is_decided_by_what_its_judges_preferred_of_two(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        selection.clock.set(rules("season").dates.published)
        await play(selection, "season", "league", ())
        decided = await selection.read("decision", "season")
        # No two are alike, so that nobody revealed the seed of the lot.
        inputs = replace(given("season"), seed=None)
        assert inputs.comparisons
        assert decided.record.inputs == inputs.canonical_bytes()
        assert decided.record.document == decide(rules("season"), inputs).canonical_bytes()
