"""A programme that nobody here had in mind, on a real PostgreSQL: two rounds in another zone, points carried over."""

from __future__ import annotations

from datetime import timedelta
from importlib.resources import files
from typing import TYPE_CHECKING

from rules import carry, collect, decide, decision_from_json, load_inputs, load_rule_set
from selection import handlers

from tests.builders.selection_cases import Selection, opened

if TYPE_CHECKING:
    from rules import Inputs, RuleSet

FOLDER = files("client") / "programmes" / "research-grant"


def rules(stage: str) -> RuleSet:
    return load_rule_set((FOLDER / "rule-sets" / f"{stage}.yaml").read_text(encoding="utf-8"))


def given(stage: str) -> Inputs:
    return load_inputs((FOLDER / "scores" / f"{stage}.yaml").read_text(encoding="utf-8"))


async def play(selection: Selection, stage: str, call: str, sources: tuple[str, ...]) -> None:
    """A stage from its publication to its final decision, at its own dates."""
    dates = rules(stage).dates
    sha256 = await selection.freeze((FOLDER / "rule-sets" / f"{stage}.yaml").read_text(encoding="utf-8"))
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
