"""What was published of the model programme, at each date and to the last digit; and policies that no rule allows."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TypeVar

import client.programmes
import pytest
import rules
from rules.disclosure import Disclosure, Moment, Policy, policy_bytes, policy_sha256
from rules.disclosure_leaks import audience_leaks, leaks
from rules.disclosure_reading import PolicyInvalidError, load_policy, policy_from_json
from rules.disclosure_showing import TeamNotEnteredError, disclose, known_anyway
from rules.disclosure_view import (
    FormulaShown,
    GateShown,
    MeasurementShown,
    PointsShown,
    RankShown,
    SheetShown,
    SummaryShown,
    View,
    ViewAudience,
    ViewRefusedError,
    view_from_json,
)

F = TypeVar("F")

FOLDER = Path(next(iter(client.programmes.__path__))) / "sovereign-ai"
STAGES = ("written-review", "presentation", "stage-1", "added-call", "stage-2")
SKT, LG, UPSTAGE, MOTIF, NC, NAVER = (
    "sk-telecom", "lg-ai-research", "upstage", "motif-technologies", "nc-ai", "naver-cloud",
)  # fmt: skip


@cache
def decided(stage: str) -> tuple[rules.RuleSet, rules.Inputs, rules.Decision]:
    rule_set = rules.load_rule_set((FOLDER / "rule-sets" / f"{stage}.yaml").read_bytes())
    inputs = rules.load_inputs((FOLDER / "scores" / f"{stage}.yaml").read_bytes())
    return rule_set, inputs, rules.decide(rule_set, inputs)


def policies(stage: str) -> list[Policy]:
    rule_set, _, _ = decided(stage)
    further = sorted((FOLDER / "publications").glob(f"{stage}-*.yaml"))
    return [*rule_set.disclosure.every_policy(), *(load_policy(path.read_bytes(), rule_set) for path in further)]


def view(stage: str, number: int = 0, audience: ViewAudience = "public", team: str = "") -> View:
    rule_set, inputs, decision = decided(stage)
    return disclose(decision, inputs, rule_set, policies(stage)[number], audience, team)


def of(shown: View, kind: type[F]) -> list[F]:
    return [each for each in shown.figures if isinstance(each, kind)]


def summaries(shown: View, kind: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {each.part: (each.value, each.teams) for each in of(shown, SummaryShown) if each.figure == kind}


def kinds(shown: View) -> set[str]:
    return {each.figure for each in shown.figures}


def test_on_2026_01_15_bests_means_ranks_and_the_gate_are_shown() -> None:
    shown = view("stage-1")
    assert summaries(shown, "best") == {
        "nia": ("9.2", (LG, SKT)),
        "global-common": ("14.4", (LG,)),
        "global-individual": ("10.0", (LG, UPSTAGE)),
        "benchmark": ("33.6", (LG,)),
        "expert": ("31.6", (LG,)),
        "user": ("25.0", (LG,)),
        "total": ("90.2", (LG,)),
    }
    means = {part: value for part, (value, _) in summaries(shown, "mean").items()}
    assert means == {"benchmark": "30.4", "expert": "28.56", "user": "20.76", "total": "79.7"}
    ranks = {each.rank: each.team for each in of(shown, RankShown)}
    assert [ranks[rank] for rank in sorted(ranks)] == [LG, SKT, UPSTAGE, NAVER, NC]
    assert {each.team: each.passed for each in of(shown, GateShown)} == {
        LG: True, SKT: True, UPSTAGE: True, NAVER: False,
    }  # fmt: skip
    assert not kinds(shown) & {"points", "gap", "sheet", "full"}


def test_on_2026_08_18_means_and_gaps_are_shown_and_nothing_of_a_single_team() -> None:
    shown = view("stage-2")
    means = {part: value for part, (value, _) in summaries(shown, "mean").items()}
    assert means == {
        "aaii": "9.48", "nia": "13.05", "benchmark": "22.5", "expert": "28.75",
        "expert-users": "10.53", "citizens": "7.03", "user": "17.6",
    }  # fmt: skip
    gaps = {part: value for part, (value, _) in summaries(shown, "gap").items()}
    assert gaps == {"benchmark": "4.0", "expert": "2.4", "user": "5.0"}
    assert kinds(shown) == {"order", "eliminations", "mean", "gap"}


def test_on_2026_08_20_the_best_team_of_each_item_and_the_formulas_are_added() -> None:
    shown = view("stage-2", 1)
    assert summaries(shown, "best") == {
        "aaii": ("11.9", (MOTIF,)),
        "nia": ("13.4", (SKT,)),
        "expert": ("29.5", (LG,)),
        "expert-users": ("11.6", (SKT,)),
        "citizens": ("7.6", (LG,)),
    }
    formulas = {each.part: each.steps for each in of(shown, FormulaShown)}
    assert formulas["aaii"][1] == '{"operator":"linear","points":"25","scale":"100"}'
    assert kinds(shown) == {"best", "formula"}


@pytest.mark.parametrize(
    ("stage", "wanted"), [("written-review", {"winners"}), ("presentation", {"order"}), ("added-call", {"winners"})]
)
def test_of_the_earlier_stages_only_names_are_shown(stage: str, wanted: set[str]) -> None:
    assert kinds(view(stage)) == wanted


def test_a_figure_is_as_weak_as_its_weakest_value() -> None:
    marks = {(each.figure, each.part): each.provenance for each in of(view("stage-2"), SummaryShown)}
    assert marks["mean", "aaii"] is rules.Provenance.PUBLISHED
    assert marks["mean", "expert"] is rules.Provenance.SYNTHETIC


def test_a_team_is_shown_its_own_sheet_and_nobody_elses() -> None:
    shown = view("stage-2", 0, "team", UPSTAGE)
    whose = {each.team for each in of(shown, SheetShown)} | {each.team for each in of(shown, MeasurementShown)}
    whose |= {each.team for each in of(shown, RankShown)} | {each.team for each in of(shown, GateShown)}
    assert whose | {each.team for each in of(shown, PointsShown)} == {UPSTAGE}
    points = {each.part: each.value for each in of(shown, PointsShown)}
    assert points["total"] == "69.9"
    [experts] = [each for each in of(shown, SheetShown) if each.source == "expert-panel"]
    assert len(experts.rows) == 10
    assert list(experts.rows) == sorted(experts.rows, key=lambda row: [Decimal(cell) for cell in row])
    assert b"expert-01" not in shown.canonical_bytes()


def test_staff_and_auditors_are_shown_all() -> None:
    assert kinds(view("stage-2", 0, "staff")) == kinds(view("stage-2", 0, "auditor")) == {"full"}


def test_no_view_of_others_holds_a_hash_of_what_is_hidden() -> None:
    _, inputs, decision = decided("stage-2")
    audiences: list[tuple[ViewAudience, str]] = [("public", ""), ("panel", ""), ("team", SKT)]
    for audience, team in audiences:
        shown = view("stage-2", 0, audience, team).canonical_bytes()
        assert decision.sha256().encode() not in shown
        assert inputs.sha256().encode() not in shown


def test_a_view_is_read_again_from_its_bytes_and_from_no_others() -> None:
    shown = view("stage-1", 0, "team", LG)
    assert view_from_json(shown.canonical_bytes()) == shown
    with pytest.raises(ViewRefusedError):
        view_from_json(shown.canonical_bytes().replace(b'"90.2"', b"90.2"))
    with pytest.raises(ViewRefusedError):
        view_from_json(shown.canonical_bytes() + b"\n")


@pytest.mark.parametrize(("audience", "team"), [("team", "nobody"), ("team", ""), ("public", SKT)])
def test_a_view_is_of_a_team_that_entered_or_of_none(audience: ViewAudience, team: str) -> None:
    with pytest.raises(TeamNotEnteredError):
        view("stage-2", 0, audience, team)


def found(stage: str, count: int) -> set[tuple[str, str]]:
    rule_set, inputs, decision = decided(stage)
    all_found = audience_leaks(decision, inputs, rule_set, policies(stage)[:count], narrowest=Decimal(0))
    return {(each.name, each.leak.most) for each in all_found}


def test_stage_1_as_published_let_nobody_compute_what_was_withheld() -> None:
    assert found("stage-1", 1) == set()


def test_the_means_and_gaps_of_2026_08_18_told_one_team_the_points_of_another() -> None:
    assert found("stage-2", 1) == {(f"team:{LG}/{MOTIF}/benchmark", "24.6"), (f"team:{LG}/{MOTIF}/nia", "12.7")}


def test_both_releases_of_stage_2_together_gave_points_that_each_withheld() -> None:
    together = found("stage-2", 2)
    assert (f"public/{SKT}/benchmark", "22.2") in together
    assert {name for name, _ in together if name.startswith(f"team:{UPSTAGE}/{MOTIF}/")} == {
        f"team:{UPSTAGE}/{MOTIF}/{part}" for part in ("benchmark", "nia", "expert", "user", "total")
    }


def test_both_releases_together_leave_little_room_for_the_last_teams_users() -> None:
    rule_set, inputs, decision = decided("stage-2")
    views = [known_anyway(decision, inputs, rule_set), view("stage-2", 0), view("stage-2", 1)]
    narrow = leaks(rule_set, views, narrowest=Decimal("0.5"))
    assert {(each.team, each.part): (each.least, each.most) for each in narrow} == {
        (SKT, "benchmark"): ("22.2", "22.2"),
        (SKT, "expert"): ("29", "29.4"),
        (MOTIF, "user"): ("13.8", "14.1"),
    }


def test_what_everybody_knows_anyway_is_no_secret_to_be_leaked() -> None:
    rule_set, inputs, decision = decided("stage-2")
    known = known_anyway(decision, inputs, rule_set)
    points = {(each.team, each.part): each.value for each in of(known, PointsShown)}
    assert kinds(known) == {"points"}
    assert points == {(SKT, "aaii"): "8.8", (UPSTAGE, "aaii"): "9.4", (LG, "aaii"): "7.8", (MOTIF, "aaii"): "11.9"}


POLICY = """
id: more
title: {ko: 추가, en: More}
when: {after: decision}
audiences: [{audience: public, shows: [{figure: mean, of: [nia]}]}]
"""


@pytest.mark.parametrize(
    ("old", "new", "path", "code"),
    [
        ("{after: decision}", "{}", "when", "MOMENT_FORM"),
        ("{after: decision}", "{after: final, at: 2026-08-20T10:00:00+09:00}", "when", "MOMENT_FORM"),
        ("{after: decision}", "{at: 2026-08-20T10:00:00+09:00, days: 1}", "when.days", "MOMENT_FORM"),
        ("{after: decision}", "{at: 2026-08-17T10:00:00+09:00}", "when.at", "DATES_OUT_OF_ORDER"),
        ("of: [nia]", "of: [nothing]", "audiences[0].shows[0].of", "PART_UNKNOWN"),
        ("of: [nia]", "of: []", "audiences[0].shows[0].of", "PART_UNKNOWN"),
        ("of: [nia]", "of: [nia, nia]", "audiences[0].shows[0].of", "DUPLICATE"),
        ("figure: mean", "figure: median", "audiences[0].shows[0]", "KIND_UNKNOWN"),
        ("{figure: mean, of: [nia]}", "{figure: totals, digits: 2}", "audiences[0].shows[0].digits", "DIGITS_TOO_MANY"),
        ("{figure: mean, of: [nia]}", "{figure: own-sheet}", "audiences[0].shows[0]", "FIGURE_NOT_FOR_AUDIENCE"),
        ("{figure: mean, of: [nia]}", "", "audiences", "POLICY_EMPTY"),
        ("id: more", "id: more\nwidens: mean-and-gap", "reason", "REASON_MISSING"),
        ("id: more", "id: more\nreason: because", "reason", "REASON_MISSING"),
        ("id: more", "id: more\naccepts: [{part: nothing, reason: so}]", "accepts[0].part", "PART_UNKNOWN"),
        ("audience: public", "audience: staff", "audiences[0].audience", "VALUE_INVALID"),
    ],
)
def test_a_policy_that_breaks_a_rule_is_refused_with_path_value_and_code(
    old: str, new: str, path: str, code: str
) -> None:
    assert old in POLICY
    with pytest.raises(PolicyInvalidError) as refused:
        load_policy(POLICY.replace(old, new), decided("stage-2")[0])
    assert [(each.path, each.code) for each in refused.value.violations][:1] == [(path, code)]


def test_a_policy_is_named_by_the_hash_of_its_canonical_bytes() -> None:
    rule_set = decided("stage-2")[0]
    policy = load_policy(POLICY, rule_set)
    assert policy_from_json(policy_bytes(policy), rule_set) == policy
    assert policy_sha256(policy) == rules.sha256_hex(policy_bytes(policy))
    with pytest.raises(PolicyInvalidError):
        policy_from_json(policy_bytes(policy) + b" ", rule_set)


@pytest.mark.parametrize(
    ("old", "new", "path", "code"),
    [
        ("elsewhere: [aaii]", "elsewhere: [nothing]", "disclosure.elsewhere[0]", "PART_UNKNOWN"),
        ("elsewhere: [aaii]", "release: {}", "disclosure.release", "MOMENT_FORM"),
        ("elsewhere: [aaii]", "release: {at: 2026-08-17T10:00:00Z}", "disclosure.release.at", "DATES_OUT_OF_ORDER"),
        ("- id: mean-and-gap\n", "- id: mean-and-gap\n      widens: later\n      reason: so\n",
         "disclosure.policies[0].widens", "POLICY_UNKNOWN"),
    ],
)  # fmt: skip
def test_a_disclosure_section_that_breaks_a_rule_is_refused(old: str, new: str, path: str, code: str) -> None:
    text = (FOLDER / "rule-sets" / "stage-2.yaml").read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(rules.RuleSetInvalidError) as refused:
        rules.load_rule_set(text.replace(old, new))
    assert [(each.path, each.code) for each in refused.value.violations] == [(path, code)]


@pytest.mark.parametrize(
    "release", ["{after: final, days: 30}", "{at: 2027-01-01T00:00:00+09:00}", "{after: decision}"]
)
def test_results_are_released_when_the_rule_set_says_also_long_after_the_final_decision(release: str) -> None:
    text = (FOLDER / "rule-sets" / "stage-2.yaml").read_text(encoding="utf-8")
    rule_set = rules.load_rule_set(text.replace("elsewhere: [aaii]", f"release: {release}"))
    assert rule_set.disclosure.released() != Moment(after="final")


def test_a_rule_set_that_says_nothing_publishes_nothing_before_it_is_final() -> None:
    rule_set, _, _ = decided("stage-1")
    silent = rule_set.model_copy(update={"disclosure": Disclosure(profile="full")})
    assert silent.disclosure.every_policy() == ()
    assert silent.disclosure.released().after == "final"
    assert rules.sha256_of(silent) != rules.sha256_of(rule_set)
