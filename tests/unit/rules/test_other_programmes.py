"""Two programmes that the engine was not written for, decided from their data and computed once more another way.

The second computation reads the files itself and works in floats: it shares nothing with the library but the files.
"""

import itertools
import statistics
from pathlib import Path
from typing import Any

import client.programmes
import pytest
import rules
import yaml
from rules.scheduling import plan

FOLDER = Path(next(iter(client.programmes.__path__)))
ALL = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.glob("*/rule-sets/*.yaml"))
OTHERS = [path for path in ALL if not path.startswith("sovereign-ai/")]


def rule_set(path: str) -> rules.RuleSet:
    return rules.load_rule_set((FOLDER / path).read_bytes())


def inputs(path: str) -> rules.Inputs:
    return rules.load_inputs((FOLDER / path.replace("rule-sets", "scores")).read_bytes())


def decided(path: str) -> rules.Decision:
    return rules.decide(rule_set(path), inputs(path))


def raw(path: str) -> Any:
    return yaml.safe_load((FOLDER / path.replace("rule-sets", "scores")).read_text())


ROUND_1, ROUND_2 = "research-grant/rule-sets/round-1.yaml", "research-grant/rule-sets/round-2.yaml"
SEASON = "benchmark-league/rule-sets/season.yaml"


def after(decision: rules.Decision) -> dict[str, tuple[str, ...]]:
    return {step.step: step.after for step in decision.procedure}


def out(decision: rules.Decision) -> dict[str, tuple[str, str | None]]:
    return {each.team: (each.reason, each.gate) for each in decision.eliminated}


def test_round_1_refills_what_ethics_left_free_and_takes_back_the_most_novel() -> None:
    decision = decided(ROUND_1)
    assert decision.totals() == {
        "birch": "82.91", "hazel": "72.40", "fir": "68.06", "ginkgo": "66.67", "elm": "55.91", "ivy": "51.27",
        "alder": "50.88", "maple": "49.37", "larch": "43.63", "cedar": "37.82", "juniper": "34.05", "dogwood": "17.03",
    }  # fmt: skip
    assert after(decision)["cut"] == ("birch", "hazel", "fir", "ginkgo", "elm", "ivy")
    assert after(decision)["gate:ethics"] == ("birch", "fir", "ginkgo", "elm", "ivy")
    assert after(decision)["refill"] == ("birch", "fir", "ginkgo", "elm", "ivy", "alder")
    assert decision.advanced == ("birch", "fir", "ginkgo", "elm", "ivy", "alder", "larch")
    assert decision.ranking.index("maple") < decision.ranking.index("larch")
    assert out(decision) == {
        "hazel": ("gate", "ethics"), "maple": ("rank", None), "cedar": ("rank", None), "juniper": ("rank", None),
        "dogwood": ("rank", None),
    }  # fmt: skip


def test_round_2_gives_two_of_three_grants() -> None:
    decision = decided(ROUND_2)
    assert decision.totals() == {
        "birch": "73.73", "fir": "66.07", "ginkgo": "58.21", "elm": "56.54", "ivy": "44.28", "alder": "42.87",
        "larch": "36.04",
    }  # fmt: skip
    assert (decision.advanced, decision.outcome) == (("birch", "fir"), "awarded")
    assert out(decision)["ginkgo"] == ("gate", "enough")
    assert decision.seats.planned - decision.seats.filled == 1


def test_what_is_carried_over_is_the_total_of_round_1() -> None:
    first, given = decided(ROUND_1), inputs(ROUND_2)
    carried = rules.carry(rule_set(ROUND_2), given.entrants, {"round-1": first})
    assert {(each.team, each.criterion): each.value for each in carried} == {
        (each.team, each.criterion): each.value for each in given.carried
    }
    bound = rules.collect(given.stage, given.entrants, scores=given.scores(), carried=carried, seed=given.seed)
    assert rules.decide(rule_set(ROUND_2), bound).totals() == decided(ROUND_2).totals()
    assert rules.check_entrants(rule_set(ROUND_2), given.entrants, [first]) == []
    assert [each.code for each in rules.check_entrants(rule_set(ROUND_2), ["hazel", "rowan"], [first])] == [
        "ENTRANT_ELIMINATED",
        "ENTRANT_NEW",
    ]


def test_the_two_rounds_and_their_schedule_hold_together() -> None:
    schedule = rules.load_schedule((FOLDER / "research-grant/schedule.yaml").read_bytes())
    both = [rule_set(ROUND_1), rule_set(ROUND_2)]
    assert rules.check_programme(both, plan(schedule).instants) == []
    assert len(plan(schedule).instants) == 8


def test_the_league_keeps_its_best_and_the_best_liked_of_the_others() -> None:
    decision = decided(SEASON)
    assert decision.totals() == {
        "delta": "83.7", "ember": "80.3", "atlas": "69.5", "fjord": "66.1", "cirrus": "56.6", "boreal": "55.0",
        "haze": "43.6", "glint": "41.7",
    }  # fmt: skip
    assert after(decision)["cut"] == ("delta", "ember", "atlas", "fjord")
    assert after(decision)["wildcard:arena"] == ("delta", "ember", "atlas", "fjord", "boreal")
    assert decision.advanced == ("delta", "ember", "fjord", "boreal")
    assert out(decision)["atlas"] == ("gate", "licence")
    # 55.0 is the lowest total that is enough, and the model before it in the ranking is not taken.
    assert ("enough", "boreal", True) in {(each.gate, each.team, each.passed) for each in decision.gates}
    assert out(decision)["cirrus"] == ("rank", None)


def sheets(path: str, source: str) -> dict[str, dict[str, list[list[float]]]]:
    """By criterion and team: each assessor.s score in a list of its own."""
    block = next(each for each in raw(path)["sheets"] if each["source"] == source)
    found: dict[str, dict[str, list[list[float]]]] = {}
    for row in block["rows"].values():
        for team, cell in zip(block["teams"], row.split("/"), strict=True):
            for criterion, text in zip(block["criteria"], cell.split(), strict=True):
                found.setdefault(criterion, {}).setdefault(team, []).append([float(text)])
    return found


def close(found: dict[str, str], expected: dict[str, float], tolerance: float) -> bool:
    return found.keys() == expected.keys() and all(
        abs(float(found[team]) - expected[team]) <= tolerance for team in found
    )


def points(path: str, part: str) -> dict[str, str]:
    return {row.team: row.points(part) for row in decided(path).table}


@pytest.mark.parametrize(("part", "most"), [("excellence", 50), ("impact", 30)])
def test_percentiles_of_round_1_are_shares_of_the_others_behind(part: str, most: int) -> None:
    given = sheets(ROUND_1, "reviewers")[part]
    expected = {}
    for team, own in given.items():
        shares = []
        for number, (score,) in enumerate(own):
            others = [scores[number][0] for other, scores in given.items() if other != team]
            shares.append(sum((each < score) + 0.5 * (each == score) for each in others) / len(others))
        expected[team] = most * statistics.fmean(shares)
    assert close(points(ROUND_1, part), expected, 0.0051)


def test_novelty_of_round_1_is_the_mean_of_the_middle_reviewers() -> None:
    expected = {
        team: 2 * statistics.fmean(sorted(score for (score,) in scores)[1:-1])
        for team, scores in sheets(ROUND_1, "reviewers")["novelty"].items()
    }
    assert close(points(ROUND_1, "novelty"), expected, 0.0051)


def test_interviews_are_standard_scores_of_each_interviewer() -> None:
    given = sheets(ROUND_2, "interviewers")
    weighted = {
        team: [2 * science + person for (science,), (person,) in zip(scores, given["person"][team], strict=True)]
        for team, scores in given["science"].items()
    }
    expected = {}
    for team, own in weighted.items():
        scores = []
        for number, value in enumerate(own):
            field = [each[number] for each in weighted.values()]
            scores.append((value - statistics.fmean(field)) / statistics.stdev(field))
        expected[team] = min(max(30 + 12 * statistics.fmean(scores), 0), 60)
    assert close(points(ROUND_2, "interview"), expected, 0.0051)


def test_the_arena_is_the_chance_against_the_average_other_model() -> None:
    """Strengths by another iteration with the same fixed point (Newman, 2023), in floats."""
    teams = raw(SEASON)["entrants"]
    wins = dict.fromkeys(itertools.permutations(teams, 2), 0.1)
    for items in raw(SEASON)["comparisons"][0]["rows"].values():
        for text in ",".join(items.values()).split(","):
            first, sign, second = text.split()
            wins[first, second] += {">": 1, "<": 0, "=": 0.5}[sign]
            wins[second, first] += {">": 0, "<": 1, "=": 0.5}[sign]
    strength = dict.fromkeys(teams, 1.0)
    for _ in range(500):
        for i in teams:
            others = [j for j in teams if j != i]
            above = sum(wins[i, j] * strength[j] / (strength[i] + strength[j]) for j in others)
            below = sum(wins[j, i] / (strength[i] + strength[j]) for j in others)
            strength[i] = above / below
    expected = {
        i: 40 * statistics.fmean(strength[i] / (strength[i] + strength[j]) for j in teams if j != i) for i in teams
    }
    assert close(points(SEASON, "arena"), expected, 0.051)
    assert min(expected, key=expected.__getitem__) == "haze"


def test_benchmarks_and_speed_of_the_league() -> None:
    blocks = {each["source"]: each["values"] for each in raw(SEASON)["measurements"]}
    weights = (0.3, 0.2, 0.1, 0.1, 0.3)
    benchmarks = {
        team: 50
        * sum(
            weight * min(value / target, 1)
            for weight, value, target in zip(weights, values, blocks["reference"][team], strict=True)
        )
        for team, values in blocks["benchmarks"].items()
    }
    assert close(points(SEASON, "benchmarks"), benchmarks, 0.051)
    speeds = {team: value for team, (value,) in blocks["speed"].items()}
    places = {
        team: 1 + sum(each > own for each in speeds.values()) + (list(speeds.values()).count(own) - 1) / 2
        for team, own in speeds.items()
    }
    assert close(points(SEASON, "speed"), {team: 10 * (9 - place) / 8 for team, place in places.items()}, 0.051)


@pytest.mark.parametrize("path", OTHERS)
def test_all_of_it_is_marked_synthetic_and_explained(path: str) -> None:
    decision = decided(path)
    assert {row.provenance for row in decision.table} == {rules.Provenance.SYNTHETIC}
    assert {part.provenance for row in decision.table for part in row.parts} == {rules.Provenance.SYNTHETIC}
    for lang in ("ko", "en"):
        text = rules.explain(rule_set(path), decision, lang)
        assert all(row.team in text and row.total in text for row in decision.table)


@pytest.mark.parametrize("path", OTHERS)
def test_a_decision_follows_from_its_documents_alone(path: str) -> None:
    first = decided(path)
    again = rules.decide(
        rules.rule_set_from_json(rules.canonical_bytes(rule_set(path))),
        rules.inputs_from_json(inputs(path).canonical_bytes()),
    )
    assert again.canonical_bytes() == first.canonical_bytes()
    assert rules.decision_from_json(first.canonical_bytes()) == first
