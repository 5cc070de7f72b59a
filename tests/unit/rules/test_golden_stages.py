"""The five stages of the model programme, decided from the data files and held against what was published."""

from decimal import Decimal
from pathlib import Path

import client.programmes
import pytest
import rules

FOLDER = Path(next(iter(client.programmes.__path__))) / "sovereign-ai"
STAGES = ("written-review", "presentation", "stage-1", "added-call", "stage-2")


def rule_set(stage: str) -> rules.RuleSet:
    return rules.load_rule_set((FOLDER / "rule-sets" / f"{stage}.yaml").read_bytes())


def inputs(stage: str) -> rules.Inputs:
    return rules.load_inputs((FOLDER / "scores" / f"{stage}.yaml").read_bytes())


def decided(stage: str) -> rules.Decision:
    return rules.decide(rule_set(stage), inputs(stage))


def out(decision: rules.Decision) -> dict[str, tuple[str, str | None]]:
    return {each.team: (each.reason, each.gate) for each in decision.eliminated}


def test_the_written_review_keeps_ten_of_fifteen() -> None:
    decision = decided("written-review")
    assert len(decision.entered) == 15
    assert len(decision.advanced) == 10
    assert set(out(decision)) == {"lunit", "bionexus", "sionic-ai", "junctionmed", "pion-corporation"}


def test_the_presentation_gives_the_order_that_was_reported() -> None:
    decision = decided("presentation")
    assert decision.advanced == ("lg-ai-research", "upstage", "naver-cloud", "sk-telecom", "nc-ai")
    assert decision.ranking[5:] == ("kt", "kakao", "motif-technologies", "konan-technology", "kaist")


def test_stage_1_ends_with_three_of_five() -> None:
    decision = decided("stage-1")
    assert decision.ranking == ("lg-ai-research", "sk-telecom", "upstage", "naver-cloud", "nc-ai")
    assert decision.advanced == ("lg-ai-research", "sk-telecom", "upstage")
    assert out(decision) == {"nc-ai": ("rank", None), "naver-cloud": ("gate", "originality")}
    assert decision.seats.planned - decision.seats.filled == 1


@pytest.mark.parametrize(
    ("part", "best", "leaders", "mean"),
    [
        ("nia", "9.2", ("lg-ai-research", "sk-telecom"), None),
        ("global-common", "14.4", ("lg-ai-research",), None),
        ("global-individual", "10.0", ("lg-ai-research", "upstage"), None),
        ("benchmark", "33.6", ("lg-ai-research",), "30.4"),
        ("expert", "31.6", ("lg-ai-research",), "28.56"),
        ("user", "25.0", ("lg-ai-research",), "20.76"),
        ("total", "90.2", ("lg-ai-research",), "79.7"),
    ],
)
def test_stage_1_gives_the_published_table(part: str, best: str, leaders: tuple[str, ...], mean: str | None) -> None:
    digits = len(mean.partition(".")[2]) if mean else 1
    found = rules.summarise(decided("stage-1"), part, mean_digits=digits)
    assert (found.best, found.best_teams) == (best, leaders)
    assert mean in (found.mean, None)


def test_a_failed_gate_keeps_the_score_in_the_table() -> None:
    decision = decided("stage-1")
    assert decision.row("naver-cloud").rank == 4
    assert decision.totals()["naver-cloud"] == "76.7"


def test_the_added_call_gives_its_one_place_to_the_better_of_two_with_a_majority() -> None:
    decision = decided("added-call")
    assert len(decision.entered) == 2
    assert all(each.passed for each in decision.majorities)
    assert decision.advanced == ("motif-technologies",)
    assert out(decision) == {"konan-technology": ("rank", None)}


def test_the_added_call_gives_no_award_where_nobody_has_a_majority() -> None:
    given = inputs("added-call")
    scores = [
        rules.Score(each.source, each.assessor, each.team, each.criterion, Decimal(0))
        if each.criterion == "can-contribute" and each.assessor <= "reviewer-05"
        else each
        for each in given.scores()
    ]
    decision = rules.decide(rule_set("added-call"), rules.collect(given.stage, given.entrants, scores=scores))
    assert decision.outcome == "no-award"
    assert decision.advanced == ()
    assert {reason for reason, _ in out(decision).values()} == {"majority"}
    assert all(row.rank is None and row.total != "0.0" for row in decision.table)


def test_stage_2_eliminates_the_leader_on_benchmarks() -> None:
    decision = decided("stage-2")
    assert decision.advanced == ("sk-telecom", "upstage", "lg-ai-research")
    assert out(decision) == {"motif-technologies": ("rank", None)}
    assert rules.summarise(decision, "benchmark").best_teams == ("motif-technologies",)


@pytest.mark.parametrize(
    ("team", "row"),
    [
        ("sk-telecom", ("8.8", "13.4", "29.3", "19.1", "70.6")),
        ("upstage", ("9.4", "13.3", "29.1", "18.1", "69.9")),
        ("lg-ai-research", ("7.8", "12.8", "29.5", "18.9", "69.0")),
        ("motif-technologies", ("11.9", "12.7", "27.1", "14.1", "65.8")),
    ],
)
def test_stage_2_gives_the_reconstructed_matrix(team: str, row: tuple[str, ...]) -> None:
    found = decided("stage-2").row(team)
    assert (*(found.points(part) for part in ("aaii", "nia", "expert", "user")), found.total) == row


@pytest.mark.parametrize(
    ("part", "best", "mean", "gap"),
    [
        ("aaii", "11.9", "9.48", None),
        ("nia", "13.4", "13.05", None),
        ("benchmark", None, "22.5", "4.0"),
        ("expert", "29.5", "28.75", "2.4"),
        ("expert-users", "11.6", "10.53", None),
        ("citizens", "7.6", "7.03", None),
        ("user", None, "17.6", "5.0"),
    ],
)
def test_stage_2_gives_the_published_means_bests_and_gaps(
    part: str, best: str | None, mean: str, gap: str | None
) -> None:
    found = rules.summarise(decided("stage-2"), part, mean_digits=len(mean.partition(".")[2]))
    assert found.mean == mean
    assert best in (found.best, None)
    assert gap in (found.gap, None)


def test_stage_2_panels_have_the_published_sizes() -> None:
    sizes = {table.source: len(table.assessors) for table in inputs("stage-2").sheets}
    assert sizes == {"expert-panel": 10, "expert-users": 49, "citizens": 185}


@pytest.mark.parametrize("stage", STAGES)
def test_a_decision_is_the_same_byte_for_byte_from_other_orders_and_from_its_documents(stage: str) -> None:
    first_rules, first_inputs = rule_set(stage), inputs(stage)
    shuffled = rules.collect(
        first_inputs.stage,
        reversed(first_inputs.entrants),
        scores=reversed(list(first_inputs.scores())),
        measurements=reversed(first_inputs.measurements),
        verdicts=reversed(first_inputs.verdicts),
        seed=first_inputs.seed,
    )
    again = rules.decide(
        rules.rule_set_from_json(rules.canonical_bytes(first_rules)),
        rules.inputs_from_json(shuffled.canonical_bytes()),
    )
    first = rules.decide(first_rules, first_inputs)
    assert again.canonical_bytes() == first.canonical_bytes()
    assert rules.decision_from_json(first.canonical_bytes()) == first


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_is_explained_in_both_languages(stage: str) -> None:
    decision = decided(stage)
    for text in (rules.explain(rule_set(stage), decision, lang) for lang in ("ko", "en")):
        assert all(f"{row.team}" in text and row.total in text for row in decision.table)
        assert decision.rule_set_sha256 in text


def marks(stage: str, part: str) -> dict[str, str]:
    return {row.team: str({each.part: each for each in row.parts}[part].provenance) for row in decided(stage).table}


@pytest.mark.parametrize("stage", STAGES)
def test_what_was_never_published_is_marked_synthetic(stage: str) -> None:
    assert {row.provenance_of_points() for row in decided(stage).table} == {rules.Provenance.SYNTHETIC}


def test_each_part_is_marked_by_what_its_own_points_came_from() -> None:
    assert set(marks("stage-2", "aaii").values()) == {"published"}
    for part in ("nia", "benchmark", "expert", "expert-users", "citizens", "user"):
        assert set(marks("stage-2", part).values()) == {"synthetic"}, part
    assert marks("stage-1", "nia") == {
        "lg-ai-research": "reconstructed", "sk-telecom": "reconstructed", "upstage": "synthetic",
        "naver-cloud": "synthetic", "nc-ai": "synthetic",
    }  # fmt: skip
    text = rules.explain(rule_set("stage-2"), decided("stage-2"), "en")
    assert "    AAII index (aaii, of 25): 8.8 [published]" in text


def test_only_what_was_published_or_follows_from_it_is_marked_firmer_than_synthetic() -> None:
    firm = {
        (stage, each.source, each.team): str(each.provenance)
        for stage in STAGES
        for each in inputs(stage).measurements
        if not each.synthetic
    }
    index = dict.fromkeys([("stage-2", "aaii", team) for team in inputs("stage-2").entrants], "published")
    best = dict.fromkeys([("stage-1", "nia", team) for team in ("lg-ai-research", "sk-telecom")], "reconstructed")
    assert firm == index | best
    for stage in STAGES:
        assert all(score.synthetic for score in inputs(stage).scores())
        assert all(verdict.synthetic for verdict in inputs(stage).verdicts)
