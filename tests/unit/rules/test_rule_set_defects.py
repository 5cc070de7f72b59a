"""Every defect of a rule set is refused with its path, value, rule and code."""

from pathlib import Path
from typing import Any

import client.programmes
import pytest
import rules

STAGE_1 = Path(next(iter(client.programmes.__path__))) / "sovereign-ai" / "rule-sets" / "stage-1.yaml"
TEXT = STAGE_1.read_text()

EXPERTS = "title: {ko: 전문가 평가, en: Experts}\n    points: "
SCALED = "      - {operator: leader_scaled, points: 25}\n"
SEED = "seed_sha256: 7eb9a8d305705b0bfab4500d690f2b1f0e3f9ceb062b3976ff7b19bc5a40350c"
AVERAGED = "      - {operator: mean, over: assessors}\n"
ROUNDED = "      - {operator: round, digits: 1}"
PANEL = "source: expert-panel\n"
CUT = "  - {step: cut, keep: planned}"
RANK = "  - {step: rank}"

DEFECTS: list[tuple[str, str, str, str]] = [
    # code, path, what stands in the document, what is put in its place
    ("POINTS_DO_NOT_ADD_UP", "parts", EXPERTS + "35", EXPERTS + "34"),
    ("STEPS_MISS_POINTS", "parts[1].steps", EXPERTS + "35", EXPERTS + "34"),
    ("POINTS_DO_NOT_ADD_UP", "parts", "points: 100", "points: 99"),
    ("POINTS_DO_NOT_ADD_UP", "parts[0].parts", "points: 20\n        source", "points: 19\n        source"),
    ("OPERATOR_UNKNOWN", "parts[1].steps[1]", "operator: trimmed_mean", "operator: eval"),
    ("SOURCE_UNKNOWN", "parts[0].parts[0].source", "source: nia", "source: nobody"),
    ("SOURCE_UNKNOWN", "parts[0].parts[2].steps[0].target", "target: declared-target", "target: nowhere"),
    ("FIELD_UNKNOWN", "bonus", "points: 100", "points: 100\nbonus: 5"),
    ("FIELD_MISSING", "seats", "seats: {planned: 4, minimum: 1, maximum: 4}\n", ""),
    ("FIELD_MISSING", "parts[1].steps[1].highest", "highest: 1, ", ""),
    ("SEATS_OUT_OF_ORDER", "seats", "{planned: 4, minimum: 1, maximum: 4}", "{planned: 4, minimum: 5, maximum: 4}"),
    ("DATES_OUT_OF_ORDER", "dates.closes", "closes: 2026-01-14", "closes: 2026-01-04"),
    ("VALUE_INVALID", "dates.opens", "opens: 2026-01-05T09:00:00+09:00", "opens: 2026-01-05T09:00:00"),
    ("VALUE_INVALID", "dates.opens", "opens: 2026-01-05T09:00:00+09:00", "opens: 2026-01-05"),
    ("TRIM_LEAVES_NONE", "parts[1].steps[1]", "highest: 1, lowest: 1", "highest: 5, lowest: 5"),
    ("STEPS_AXIS_GONE", "parts[1].steps[1].over", "trimmed_mean, over: assessors", "trimmed_mean, over: criteria"),
    ("STEPS_LEAVE_AXIS", "parts[2].steps", AVERAGED + SCALED, ""),
    ("STEPS_END_UNROUNDED", "parts[2].steps", SCALED + ROUNDED, SCALED),
    ("TIE_CHAIN_WITHOUT_LOT", "ties", "  - {by: lot, ", "  - {by: part, part: user} # "),
    ("PART_UNKNOWN", "ties[1].part", "{by: part, part: expert}", "{by: part, part: luck}"),
    ("GATE_UNKNOWN", "procedure[2].gate", "{step: gate, gate: originality}", "{step: gate, gate: beauty}"),
    ("GATE_NOT_APPLIED_ONCE", "gates[0]", "  - {step: gate, gate: originality}\n", ""),
    ("PROCEDURE_ORDER", "procedure", RANK + "\n" + CUT, CUT + "\n" + RANK),
    ("DUPLICATE", "sources[1].criteria", "id: common-02,", "id: common-01,"),
    ("DUPLICATE", "parts", "  - id: user\n", "  - id: expert\n"),
    ("CRITERION_UNUSED", "sources[4].criteria[1]", PANEL, PANEL + "    criteria: [strategy, effect]\n"),
    ("CRITERION_UNKNOWN", "parts[1].criteria[0]", PANEL, PANEL + "    criteria: [charm]\n"),
    ("SCALE_EMPTY", "sources[5].criteria[0]", "minimum: 1, maximum: 5", "minimum: 5, maximum: 5"),
    ("PANEL_SIZE", "sources[4].panel", "panel: {planned: 10, minimum: 10}", "panel: {planned: 9, minimum: 10}"),
    ("FORFEIT_AND_KEEP", "consequences.elimination", "keeps: [data, talent]", "keeps: [data, gpu]"),
    ("NUMBER_NOT_FINITE", "points", "points: 100", "points: .nan"),
    ("NUMBER_NOT_FINITE", "points", "points: 100", "points: .inf"),
    ("NUMBER_NOT_EXACT", "points", "points: 100", "points: 1e2"),
    ("VALUE_INVALID", "seats.planned", "planned: 4", "planned: 4.0"),
    ("VALUE_INVALID", "seats.planned", "planned: 4", 'planned: "4"'),
    ("VALUE_INVALID", "gates[0].lifts", "lifts: false", "lifts: no"),
    ("YAML_ANCHOR", "objections", "objections: {days", "objections: &window {days"),
    ("YAML_ANCHOR", "gates", "gates:\n", "gates: *window\nignored:\n"),
    ("YAML_TAG", "id", "id: sovereign-ai-stage-1", "id: !!python/name:os.system x"),
    ("YAML_DUPLICATE_KEY", "points", "points: 100", "points: 100\npoints: 100"),
    ("YAML_DOCUMENTS", "", "points: 100", "points: 100\n---\npoints: 100"),
    ("YAML_MALFORMED", "line 18, column 9", "points: 100", "points: [100"),
    ("FIELD_MISSING", "points", "points: 100", "points:"),
    ("NUMBER_NOT_EXACT", "points", "points: 100", "points: 1,00"),
    ("NUMBER_NOT_EXACT", "points", "points: 100", "points: 100%"),
    ("NUMBER_NOT_EXACT", "points", "points: 100", "points: １００"),
    ("YAML_MALFORMED", "line 11, column 1", "  published: ", "\tpublished: "),
    ("YAML_KEY", "", "points: 100", "points: 100\n? [a, b]\n: 1"),
    ("TEXT_NOT_UNICODE", "id", "id: sovereign-ai-stage-1", 'id: "\\ud800"'),
    ("POINTS_NOT_POSITIVE", "parts[1].points", EXPERTS + "35", EXPERTS + "-35"),
    ("POINTS_NOT_POSITIVE", "parts[1].points", EXPERTS + "35", EXPERTS + "0"),
    ("NUMBER_NOT_EXACT", "points", "points: 100", "points: 1000000000000000000000000000000000000000"),
    ("NUMBER_NOT_EXACT", "points", "points: 100", "points: 0.0000000000001"),
    ("VALUE_INVALID", "dates.decides", "decides: 2026-01-15", "decides: 9999-12-31"),
    ("VALUE_INVALID", "version", "\nversion: ", "\nversion: 99999"),
    ("VALUE_INVALID", "seats.maximum", "maximum: 4}", "maximum: 100001}"),
    ("VALUE_INVALID", "rounding.digits", "half-up, digits: 1", "half-up, digits: 7"),
    ("VALUE_INVALID", "rounding.mode", "mode: half-up", "mode: half-even"),
    ("VALUE_INVALID", "dates.decides", "decides: 2026-01-15", "decides: 2026-02-30"),
    ("VALUE_INVALID", "dates.decides", "decides: 2026-01-15T15:00:00+09:00", "decides: 0001-01-01T00:00:00+09:00"),
    ("VALUE_INVALID", "zone", "zone: Asia/Seoul", "zone: Asia/Nowhere"),
    ("VALUE_INVALID", "zone", "zone: Asia/Seoul", "zone: localtime"),
    ("VALUE_INVALID", "id", "id: sovereign-ai-stage-1", "id: Stage 1"),
    ("VALUE_INVALID", "objections.days", "objections: {days: 10", "objections: {days: 366"),
    ("VALUE_INVALID", "kind", "title: {ko: 1차 단계평가", "kind: contest\ntitle: {ko: 1차 단계평가"),
    ("PART_FORM", "parts[1]", "    source: expert-panel\n", ""),
    ("PART_FORM", "parts[0]", "    points: 40\n    parts:", "    points: 40\n    source: nia\n    parts:"),
    ("PART_FORM", "parts[0]", "    points: 40\n    parts:", "    points: 40\n    criteria: [hidden-set]\n    parts:"),
    ("SUM_OF_ASSESSORS", "parts[2].steps[1]", AVERAGED + SCALED, AVERAGED.replace("mean", "sum") + SCALED),
    ("TARGET_MISMATCH", "parts[0].parts[2].steps[0].target", "target: declared-target", "target: global-common"),
    ("TARGET_MISMATCH", "parts[0].parts[2].steps[0].target", "minimum: 0.1,", "minimum: 0,"),
    ("TARGET_MISMATCH", "parts[0].parts[2].steps[0].cap", "cap: 1}", "cap: 0}"),
    ("SOURCE_UNKNOWN", "parts[0].parts[2].steps[0].target", "target: declared-target", "target: expert-panel"),
    ("SCALE_EMPTY", "parts[0].parts[0].steps[1]", "points: 10, scale: 100}", "points: 10, scale: 0}"),
    ("TIE_CHAIN_WITHOUT_LOT", "ties", "  - {by: lot, ", f"  - {{by: lot, {SEED}}}\n  - {{by: lot, "),
    ("VALUE_INVALID", "ties[2].seed_sha256", "seed_sha256: 7", "seed_sha256: X"),
    ("DUPLICATE", "ties", "{by: part, part: expert}", "{by: part, part: benchmark}"),
    ("DUPLICATE", "sources", "    id: expert-users\n", "    id: expert-panel\n"),
    ("DUPLICATE", "parts[1].criteria", PANEL, PANEL + "    criteria: [strategy, results, effect, effect]\n"),
    ("KIND_UNKNOWN", "sources[0]", "kind: measurements\n    id: nia", "kind: rumours\n    id: nia"),
    ("FIELD_MISSING", "sources[0]", "  - kind: measurements\n    id: nia", "  - id: nia"),
    ("FIELD_MISSING", "ties", "ties:\n", "chain:\n"),
    ("FIELD_UNKNOWN", "parts[1].steps[1].formula", "highest: 1,", "highest: 1, formula: x,"),
]  # fmt: skip


def violations_of(text: str) -> tuple[rules.Violation, ...]:
    with pytest.raises(rules.RuleSetInvalidError) as refused:
        rules.load_rule_set(text)
    return refused.value.violations


@pytest.mark.parametrize(("code", "path", "old", "new"), DEFECTS, ids=lambda part: part[:40])
def test_a_defect_is_refused_with_its_code_and_path(code: str, path: str, old: str, new: str) -> None:
    assert old in TEXT
    found = violations_of(TEXT.replace(old, new, 1))
    assert (code, path) in {(each.code, each.path) for each in found}
    assert all(each.value and each.rule for each in found)


def test_all_violations_are_reported_at_once() -> None:
    text = TEXT.replace("seats: {planned: 4", "seats: {planned: 9", 1).replace("source: nia\n", "source: nobody\n", 1)
    text = text.replace("part: expert}", "part: luck}", 1)
    assert {each.code for each in violations_of(text)} >= {"SEATS_OUT_OF_ORDER", "SOURCE_UNKNOWN", "PART_UNKNOWN"}


def test_a_deep_document_is_refused() -> None:
    assert violations_of("a: " + "[" * 200 + "]" * 200)[0].code == "YAML_MALFORMED"


def test_a_bomb_is_refused_at_its_first_anchor_and_nothing_is_expanded() -> None:
    levels = "".join(f"l{at}: &l{at} [{', '.join([f'*l{at - 1}'] * 9)}]\n" for at in range(1, 12))
    found = violations_of(f"l0: &l0 [x, x]\n{levels}")
    assert {each.code for each in found} == {"YAML_ANCHOR"}
    assert violations_of("a: &a\n  <<: *a\n")[0].code == "YAML_ANCHOR"


def test_a_tie_chain_without_a_link_is_refused() -> None:
    start, end = TEXT.index("ties:\n"), TEXT.index("objections:")
    found = violations_of(f"{TEXT[:start]}ties: []\n{TEXT[end:]}")
    assert ("TIE_CHAIN_WITHOUT_LOT", "ties", "none") in {(each.code, each.path, each.value) for each in found}


def test_a_source_without_criteria_is_refused() -> None:
    start, end = TEXT.index("      - {id: hidden-set"), TEXT.index("  - kind: measurements\n    id: global-common")
    found = violations_of(f"{TEXT[:start].rstrip()} []\n{TEXT[end:]}")
    assert ("SOURCE_EMPTY", "sources[0].criteria") in {(each.code, each.path) for each in found}


LEAGUE = (STAGE_1.parents[2] / "benchmark-league" / "rule-sets" / "season.yaml").read_text()
ADDED_CALL = (STAGE_1.parent / "added-call.yaml").read_text()


@pytest.mark.parametrize(
    ("code", "path", "text", "old", "new"),
    [
        ("STEPS_MISS_POINTS", "parts[0].steps", LEAGUE, "criterion: code, weight: 0.3", "criterion: code, weight: 0.4"),
        ("WEIGHTS_MISMATCH", "parts[0].steps[1].weights", LEAGUE, "criterion: code,", "criterion: charm,"),
        ("WEIGHTS_MISMATCH", "parts[0].steps[1].weights", LEAGUE, "criterion: code,", "criterion: maths,"),
        ("WEIGHTS_MISMATCH", "parts[0].steps[1].weights", LEAGUE, "code, weight: 0.3", "code, weight: -0.3"),
        ("WEIGHTS_MISMATCH", "parts[0].steps[1].weights", LEAGUE, "          - {criterion: code, weight: 0.3}\n", ""),
        ("PART_UNKNOWN", "gates[0].part", LEAGUE, "part: total, minimum: 55", "part: charm, minimum: 55"),
        ("SEATS_OVER_MAXIMUM", "procedure[3].seats", LEAGUE, "minimum: 1, maximum: 5}", "minimum: 1, maximum: 4}"),
        ("SHARE_OUT_OF_RANGE", "procedure[0].share", ADDED_CALL, "share: 0.5", "share: 1"),
        ("SHARE_OUT_OF_RANGE", "procedure[0].share", ADDED_CALL, "share: 0.5", "share: -0.1"),
        ("CRITERION_UNKNOWN", "procedure[0].criteria[0]", ADDED_CALL, "[can-compete,", "[charm,"),
        ("CRITERION_UNKNOWN", "procedure[0].criteria", ADDED_CALL, "[can-compete, can-contribute]", "[]"),
        ("SOURCE_UNKNOWN", "procedure[0].source", ADDED_CALL, "majority, source: review-", "majority, source: no-"),
    ],
    ids=lambda part: part[:30],
)  # fmt: skip
def test_defects_of_other_documents_are_refused_too(code: str, path: str, text: str, old: str, new: str) -> None:
    assert old in text
    assert (code, path) in {(each.code, each.path) for each in violations_of(text.replace(old, new, 1))}


def test_a_long_document_is_refused() -> None:
    assert violations_of("#" * (4 * 1024 * 1024 + 1))[0].code == "DOCUMENT_TOO_LONG"


def test_words_of_old_yaml_stay_text() -> None:
    read = rules.read_yaml("{a: yes, b: 12:30, c: 0x10, d: 010, e: 2026-01-15, f: 1.50, g: ~}")
    assert {key: str(value) for key, value in read.items()} == {
        "a": "yes", "b": "12:30", "c": "0x10", "d": "010", "e": "2026-01-15", "f": "1.50", "g": "None",
    }  # fmt: skip


def test_the_hash_does_not_depend_on_layout_or_on_trailing_zeros() -> None:
    first = rules.load_rule_set(TEXT)
    again = rules.load_rule_set("# a comment\n" + TEXT.replace("ratio: 0.95", "ratio: 0.950"))
    assert rules.sha256_of(again) == rules.sha256_of(first)


@pytest.mark.parametrize(
    ("old", "new"),
    [("days: 10", "days: 11"), ("minimum: 0.1,", "minimum: 0.2,"), ("단계평가, en: Stage 1", "단계평가, en: Stage I")],
)
def test_any_other_value_has_another_hash(old: str, new: str) -> None:
    assert old in TEXT
    changed = rules.load_rule_set(TEXT.replace(old, new, 1))
    assert rules.sha256_of(changed) != rules.sha256_of(rules.load_rule_set(TEXT))


def test_bytes_that_are_not_canonical_are_refused() -> None:
    data = rules.canonical_bytes(rules.load_rule_set(TEXT))
    assert rules.canonical_bytes(rules.rule_set_from_json(data)) == data
    for changed in (data + b" ", data.replace(b'"100"', b"100", 1)):
        with pytest.raises(rules.RuleSetInvalidError) as refused:
            rules.rule_set_from_json(changed)
        assert refused.value.code == "NOT_CANONICAL"


def test_the_schema_names_every_operator() -> None:
    schema: dict[str, Any] = rules.schema()
    named = {
        definition["properties"]["operator"]["const"]
        for definition in schema["$defs"].values()
        if "operator" in definition.get("properties", {})
    }
    from rules.operators import OPERATORS

    assert named == set(OPERATORS)
    assert schema["additionalProperties"] is False
