"""What follows from a final decision."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files

from rules import decide, load_inputs, load_rule_set
from selection.domain.consequences import awards, losses

PROGRAMME = files("client") / "programmes" / "sovereign-ai"
RULES = load_rule_set((PROGRAMME / "rule-sets" / "stage-1.yaml").read_text(encoding="utf-8"))
DECISION = decide(RULES, load_inputs((PROGRAMME / "scores" / "stage-1.yaml").read_text(encoding="utf-8")))
FINAL = datetime(2026, 1, 25, 15, tzinfo=UTC)


def test_every_team_that_goes_on_gets_what_the_rule_set_gives_except_those_it_excludes() -> None:
    given = awards(DECISION.advanced, RULES, FINAL)
    assert [(each.team, each.kind) for each in given] == [
        ("lg-ai-research", "gpu"),
        ("lg-ai-research", "data"),
        ("sk-telecom", "data"),
        ("upstage", "gpu"),
        ("upstage", "data"),
    ]
    support = RULES.consequences.support
    assert support is not None
    assert support.gpu is not None
    gpu = given[0]
    assert (gpu.amount, gpu.valid_from, gpu.valid_to) == (768, support.gpu.valid_from, support.gpu.valid_to)
    assert (given[1].valid_from, given[1].valid_to) == (FINAL, None)


def test_a_team_that_leaves_loses_what_the_rule_set_names() -> None:
    assert {
        (each.team, each.reason, each.gate, each.forfeits) for each in losses(DECISION.advanced, DECISION, RULES)
    } == {
        ("nc-ai", "rank", "", ("gpu",)),
        ("naver-cloud", "gate", "originality", ("gpu",)),
    }


def test_a_rule_set_without_support_gives_nothing() -> None:
    bare = RULES.consequences.model_copy(update={"support": None})
    assert awards(DECISION.advanced, RULES.model_copy(update={"consequences": bare}), FINAL) == ()
