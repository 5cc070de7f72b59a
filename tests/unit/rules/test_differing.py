"""A comparison of two rule sets names each difference once, in words, and says whether it can move the order."""

from __future__ import annotations

from pathlib import Path

import client.programmes
import pytest
import rules
from rules.differing import Change, differences

FOLDER = Path(next(iter(client.programmes.__path__))) / "sovereign-ai" / "rule-sets"
TEXT = (FOLDER / "stage-2.yaml").read_text()


def changes(*replaced: tuple[str, str]) -> list[Change]:
    text = TEXT
    for before, after in replaced:
        assert before in text
        text = text.replace(before, after)
    return list(differences(rules.load_rule_set(TEXT), rules.load_rule_set(text)))


@pytest.mark.parametrize(
    ("before", "after", "path", "old", "new", "moves"),
    [
        ("version: 1", "version: 2", "version", 1, 2, False),
        ("2차 단계평가", "2차 평가", "title.ko", "2차 단계평가", "2차 평가", False),
        ("AAII 지수, en", "지수, en", "sources[aaii].title.ko", None, None, False),
        (
            "planned: 3, minimum: 1, maximum: 3", "planned: 2, minimum: 1, maximum: 3", "seats.planned", 3, 2, True,
        ),
        ("highest: 1, lowest: 1", "highest: 2, lowest: 1", "parts[expert].steps[1].highest", 1, 2, True),
        ("quorum: 7", "quorum: 8", "gates[originality].quorum", 7, 8, True),
        ("lifts: false", "lifts: true", "gates[originality].lifts", False, True, True),
        ("{step: cut, keep: planned}", "{step: cut, keep: maximum}", "procedure[1].keep", "planned", "maximum", True),
        ("part: expert}", "part: user}", "ties[1].part", "expert", "user", True),
        ("e1add68a", "e1add68b", "ties[2].seed_sha256", None, None, True),
        ("days: 10", "days: 7", "objections.days", 10, 7, False),
        ("keeps: [data, talent]", "keeps: [data]", "consequences.elimination.keeps[1]", "talent", None, False),
        ("minimum: 45", "minimum: 40", "sources[expert-users].panel.minimum", 45, 40, True),
        (
            "decides: 2026-08-18T10:00:00+09:00", "decides: 2026-08-18T11:00:00+09:00", "dates.decides",
            "2026-08-18T01:00:00Z", "2026-08-18T02:00:00Z", False,
        ),
        ("2026-08-20, korea.kr", "2026-08-21, korea.kr", "references[1]", None, None, False),
    ],
)  # fmt: skip
def test_a_change_has_its_path_old_and_new_and_whether_it_can_move_the_order(
    before: str, after: str, path: str, old: object, new: object, moves: bool
) -> None:
    found = {each.path: each for each in changes((before, after))}
    assert path in found
    assert found[path].can_move_order is moves
    if old is not None:
        assert (found[path].old, found[path].new) == (old, new)
    assert all(found[path].words[lang] for lang in ("ko", "en"))


def test_equal_documents_do_not_differ() -> None:
    assert changes() == []


def test_only_the_place_in_a_list_of_named_things_is_no_difference() -> None:
    gate = "  - {kind: minimum-score, id: floor, title: {ko: 하한, en: Floor}, part: total, minimum: 1, lifts: false}\n"
    first = TEXT.replace("gates:\n", "gates:\n" + gate).replace(
        "  - {step: rank}\n", "  - {step: rank}\n  - {step: gate, gate: floor}\n"
    )
    second = first.replace(gate, "").replace("procedure:\n", gate + "procedure:\n")
    old, new = rules.load_rule_set(first), rules.load_rule_set(second)
    assert rules.sha256_of(old) != rules.sha256_of(new)
    assert differences(old, new) == ()


def test_a_step_is_told_as_the_sentence_it_was_and_is() -> None:
    (change,) = changes(("highest: 1, lowest: 1", "highest: 2, lowest: 1"))
    assert change.words["en"] == (
        "Experts (expert), steps, no. 2: average over the assessors without the 1 highest and the 1 lowest"
        " → average over the assessors without the 2 highest and the 1 lowest"
    )
    assert change.words["ko"].startswith("전문가 평가 (expert), 계산 단계, 2번째: ")


def test_what_was_added_and_removed_is_told_as_such() -> None:
    (change,) = changes(("  - {by: part, part: benchmark}\n", ""))
    assert (change.path, change.new) == ("ties[0]", None)
    assert change.words["en"].startswith("tie chain, no. 1: removed the team with more points")


def test_the_stages_of_the_model_case_differ_both_ways_alike() -> None:
    one, other = (rules.load_rule_set((FOLDER / f"stage-{number}.yaml").read_text()) for number in (1, 2))
    there, back = differences(one, other), differences(other, one)
    assert {each.path for each in there} >= {"id", "seats.planned", "parts[user].parts[citizens]", "sources[aaii]"}
    assert len(there) == len(back)
    assert all("{" not in each.words["ko"] for each in there if each.path.startswith(("parts", "ties", "gates")))
