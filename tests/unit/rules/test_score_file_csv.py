"""Scores as a table: what spreadsheets write is read, and what is wrong is named with its line."""

from __future__ import annotations

import contextlib
import unicodedata
from decimal import Decimal
from pathlib import Path
from random import Random

import client.programmes
import pytest
import rules
from hypothesis import given
from hypothesis import strategies as st
from rules.score_file_csv import load_csv_inputs

from tests.builders.mangled import bytes_from
from tests.builders.rule_sets import DUEL_TABLE, duel, league
from tests.builders.score_tables import as_csv

FOLDER = Path(next(iter(client.programmes.__path__))) / "sovereign-ai"
STAGE_1 = rules.load_rule_set((FOLDER / "rule-sets" / "stage-1.yaml").read_bytes())
HEAD = "source,assessor,team,criterion,value\n"
GIVEN = "source,assessor,team,criterion,value,reason,judged_by,evidence\n"
ROWS = "panel,p1,ant,quality,5\npanel,p2,ant,quality,4\ntest,,ant,speed,80.5\nhours,,ant,effort,3\n"


def read(text: str) -> rules.Inputs:
    return load_csv_inputs(text.encode(), league())


def refused(text: str | bytes, rule_set: rules.RuleSet | None = None) -> list[tuple[str, str, str]]:
    with pytest.raises(rules.InputsRefusedError) as error:
        load_csv_inputs(text if isinstance(text, bytes) else text.encode(), rule_set or league())
    assert all(each.rule for each in error.value.violations)
    return [(each.path, each.value, each.code) for each in error.value.violations]


@pytest.mark.parametrize("stage", ["written-review", "presentation", "stage-1", "added-call", "stage-2"])
def test_a_stage_written_as_a_table_gives_the_same_decision(stage: str) -> None:
    rule_set = rules.load_rule_set((FOLDER / "rule-sets" / f"{stage}.yaml").read_bytes())
    inputs = rules.load_inputs((FOLDER / "scores" / f"{stage}.yaml").read_bytes())
    again = load_csv_inputs(as_csv(inputs), rule_set, seed=inputs.seed)
    assert again.canonical_bytes() == inputs.canonical_bytes()
    assert rules.decide(rule_set, again).canonical_bytes() == rules.decide(rule_set, inputs).canonical_bytes()


def test_scores_and_measurements_are_told_apart_by_their_source() -> None:
    inputs = read(HEAD + ROWS)
    assert inputs.entrants == ("ant",)
    assert [(each.assessor, each.value) for each in inputs.scores()] == [("p1", Decimal(5)), ("p2", Decimal(4))]
    assert {(each.source, each.value) for each in inputs.measurements} == {
        ("test", Decimal("80.5")), ("hours", Decimal(3)),
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + HEAD + ROWS,
        (HEAD + ROWS).replace("\n", "\r\n"),
        "\ufeff" + (HEAD + ROWS).replace("\n", "\r\n"),
        "출처,평가위원,팀,항목,점수\n" + ROWS,
        "\ufeff출처,평가자,컨소시엄,평가항목,값\n" + ROWS,
        unicodedata.normalize("NFD", "출처,평가위원,팀,항목,점수\n") + ROWS,
        "Source, Assessor ,TEAM,Criterion,Value\n" + ROWS,
        HEAD + ROWS.replace("panel,p1", '"panel","p1"'),
        HEAD + ROWS.replace("quality", "품질").replace("panel", "평가단"),
        HEAD + ROWS.replace(",quality,", ",,"),
        HEAD + "\n" + ROWS + "\n,,,,\n",
        (HEAD + ROWS).replace(",", ";"),
        (HEAD + ROWS).replace(",", "\t"),
        (HEAD + ROWS).replace("\n", ",,,\n"),
        "value,criterion,team,assessor,source\n5,quality,ant,p1,panel\n4,quality,ant,p2,panel\n80.5,speed,ant,,test\n3,effort,ant,,hours\n",
    ],
)
def test_the_same_table_in_the_forms_that_spreadsheets_write(text: str) -> None:
    assert read(text).canonical_bytes() == read(HEAD + ROWS).canonical_bytes()


def test_a_verdict_has_a_reason_that_may_hold_commas_quotes_and_line_breaks() -> None:
    row = 'originality,,ant,verdict,통과,"own weights, ""from scratch""\nand all",10,log-1; log-2\n'
    (verdict,) = load_csv_inputs((GIVEN + row).encode(), STAGE_1).verdicts
    assert verdict.passed
    assert verdict.reason == 'own weights, "from scratch"\nand all'
    assert verdict.evidence == ("log-1", "log-2")
    assert verdict.judged_by == 10


@pytest.mark.parametrize("empty", ["", "-"])
def test_a_value_that_is_not_given_is_missing_and_never_zero(empty: str) -> None:
    inputs = read(HEAD + ROWS.replace("test,,ant,speed,80.5", f"test,,ant,speed,{empty}"))
    with pytest.raises(rules.InputsIncompleteError) as missing:
        rules.decide(league(), inputs)
    assert missing.value.missing == (rules.Missing(rules.Lacking.MEASUREMENT, "test", ("ant",), criterion="speed"),)


def test_a_team_without_any_score_entered_all_the_same() -> None:
    inputs = read(HEAD + ROWS + ",,bee\n")
    assert inputs.entrants == ("ant", "bee")
    with pytest.raises(rules.InputsIncompleteError):
        rules.decide(league(), inputs)


@pytest.mark.parametrize(
    ("row", "path", "value", "code"),
    [
        ("panel,p1,ant,quality,6", "line 2, value", "6", "VALUE_OFF_SCALE"),
        ("panel,p1,ant,quality,-1", "line 2, value", "-1", "VALUE_OFF_SCALE"),
        ("panel,p1,ant,quality,4.5", "line 2, value", "4.5", "VALUE_OFF_SCALE"),
        ("panel,p1,ant,quality,NaN", "line 2, value", "NaN", "NUMBER_NOT_EXACT"),
        ("panel,p1,ant,quality,1e1", "line 2, value", "1e1", "NUMBER_NOT_EXACT"),
        ("panel,p1,ant,quality,５", "line 2, value", "５", "NUMBER_NOT_EXACT"),
        ('panel,p1,ant,quality,"1,000"', "line 2, value", "1,000", "NUMBER_NOT_EXACT"),
        ("panel,,ant,quality,5", "line 2, assessor", "nothing", "FIELD_MISSING"),
        ("panel,P 1,ant,quality,5", "line 2, assessor", "P 1", "ID_MALFORMED"),
        ("panel,p1,,quality,5", "line 2, team", "nothing", "FIELD_MISSING"),
        ("panel,p1,개미,quality,5", "line 2, team", "개미", "ID_MALFORMED"),
        ("jury,p1,ant,quality,5", "line 2, source", "jury", "SOURCE_UNKNOWN"),
        ("panel,p1,ant,charm,5", "line 2, criterion", "charm", "CRITERION_UNKNOWN"),
        ("test,p1,ant,speed,5", "line 2, assessor", "p1", "ASSESSOR_NOT_EXPECTED"),
        ("floor,,ant,verdict,pass", "line 2, source", "floor", "GATE_UNKNOWN"),
        ("panel,p1,ant,quality,5,6", "line 2", "6 fields", "CSV_ROW_LENGTH"),
        ("panel,p1,ant,quality,5\npanel,p1,ant,quality,5", "line 3, value", "5", "DUPLICATE"),
        ('"a\nb",p1,ant,quality,5\npanel,p1,ant,quality,9', "line 4, value", "9", "VALUE_OFF_SCALE"),
    ],
)
def test_what_is_wrong_is_named_with_line_field_value_and_code(row: str, path: str, value: str, code: str) -> None:
    assert (path, value, code) in refused(HEAD + row + "\n")


@pytest.mark.parametrize(
    ("row", "path", "code"),
    [
        ("originality,,ant,verdict,maybe,why,10,", "line 2, value", "VERDICT_UNKNOWN"),
        ("originality,,ant,verdict,pass,,10,", "line 2, reason", "REASON_MISSING"),
        ("originality,,ant,verdict,pass,why,6,", "line 2, judged_by", "QUORUM_MISSED"),
        ("originality,,ant,verdict,pass,why,many,", "line 2, judged_by", "QUORUM_MISSED"),
        ("originality,x,ant,verdict,pass,why,10,", "line 2, assessor", "ASSESSOR_NOT_EXPECTED"),
        ("originality,,ant,beauty,pass,why,10,", "line 2, criterion", "CRITERION_UNKNOWN"),
    ],
)
def test_what_is_wrong_with_a_verdict_is_named(row: str, path: str, code: str) -> None:
    assert (path, code) in [(found, kind) for found, _, kind in refused(GIVEN + row + "\n", STAGE_1)]


def test_comparisons_and_figures_carried_over_stand_in_the_same_table() -> None:
    inputs = load_csv_inputs(DUEL_TABLE.encode(), duel())
    assert inputs.entrants == ("ant", "bee", "cat")
    won = [each.winner for each in inputs.comparisons if {each.first, each.second} == {"ant", "bee"}]
    assert sorted(won) == ["ant", "ant", "bee"]
    assert [each.winner for each in inputs.comparisons].count("") == 2
    assert {each.stage for each in inputs.carried} == {"qualifying"}
    figures = {each.team: each.value for each in inputs.carried}
    assert figures == {"ant": Decimal("61.5"), "bee": Decimal(82), "cat": Decimal("75.5")}
    assert rules.decide(duel(), inputs).advanced == ("bee", "ant", "cat")


@pytest.mark.parametrize(
    ("row", "path", "code"),
    [
        ("arena,judge-1,ant,q1,maybe,bee", "line 2, value", "RESULT_UNKNOWN"),
        ("arena,judge-1,ant,q1,win,", "line 2, against", "FIELD_MISSING"),
        ("arena,judge-1,ant,q1,win,ant", "line 2, against", "COMPARED_WITH_ITSELF"),
        ("arena,,ant,q1,win,bee", "line 2, assessor", "FIELD_MISSING"),
        ("arena,judge-1,ant,,win,bee", "line 2, criterion", "FIELD_MISSING"),
        ("arena,judge-1,ant,q1,win,bee\narena,judge-1,bee,q1,win,ant", "line 3, value", "DUPLICATE"),
        ("before,judge-1,ant,total,50,", "line 2, assessor", "ASSESSOR_NOT_EXPECTED"),
        ("before,,ant,total,101,", "line 2, value", "VALUE_OFF_SCALE"),
    ],
)
def test_what_is_wrong_with_a_comparison_or_a_figure_is_named(row: str, path: str, code: str) -> None:
    found = refused("source,assessor,team,criterion,value,against\n" + row + "\n", duel())
    assert (path, code) in [(where, kind) for where, _, kind in found]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "CSV_COLUMNS"),
        (b"source,team,criterion,value\n", "CSV_COLUMNS"),
        (b"source,assessor,team,criterion,value,bonus\n", "CSV_COLUMNS"),
        (b"source:assessor:team:criterion:value\n", "CSV_COLUMNS"),
        (b"source,assessor,team,criterion,value,value\n", "DUPLICATE"),
        ("출처,평가위원,팀,항목,점수\n".encode("cp949"), "TEXT_NOT_UTF8"),
        ("source,assessor".encode("utf-16"), "TEXT_NOT_UTF8"),
        (HEAD.encode() + b'panel,"p1,ant,quality,5\n', "CSV_MALFORMED"),
    ],
)
def test_what_is_no_such_table_is_refused(text: bytes, code: str) -> None:
    assert code in [kind for _, _, kind in refused(text)]


def test_a_table_in_the_encoding_of_korean_spreadsheets_is_shown_as_it_reads() -> None:
    text = "source,assessor,team,criterion,value,note\npanel,p1,ant,quality,5,심사 의견\n"
    ((path, value, code),) = refused(text.encode("cp949"))
    assert (path, value, code) == ("line 2", "심사 의견\n", "TEXT_NOT_UTF8")


def test_faults_before_an_unclosed_quote_are_named_too_and_the_quote_by_its_line() -> None:
    found = refused(
        HEAD + ROWS + "panel,p3,ant,quality,80%\npanel,p9,ant,quality,5,6,7\n" + 'panel,"p3,ant,quality,5\n'
    )
    assert [(path, code) for path, _, code in found] == [
        ("line 6, value", "NUMBER_NOT_EXACT"),
        ("line 7", "CSV_ROW_LENGTH"),
        ("line 8", "CSV_MALFORMED"),
    ]


def test_every_fault_is_named_and_not_only_the_first() -> None:
    found = refused(HEAD + "panel,p1,ant,quality,9\njury,p1,ant,quality,5\npanel,,ant,quality,5\n")
    assert [path for path, _, _ in found] == ["line 2, value", "line 3, source", "line 4, assessor"]


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: (HEAD + text).encode()))
def test_no_table_whatever_brings_the_reader_down(data: bytes) -> None:
    with contextlib.suppress(rules.InputsRefusedError):
        assert load_csv_inputs(data, league()).stage == "final"


def taken(seed: int) -> bool:
    """Whether a table changed at random is taken; what is taken is decided or named as missing or not allowed."""
    data = bytes_from(Random(seed), (DUEL_TABLE, "\ufeff" + DUEL_TABLE.replace("\n", "\r\n")))
    try:
        inputs = load_csv_inputs(data, duel())
    except rules.InputsRefusedError as refused:
        for each in refused.violations:
            str(each).encode()
            assert each.code.isupper()
        return False
    with contextlib.suppress(rules.InputsIncompleteError, rules.InputsRefusedError):
        rules.decide(duel(), rules.inputs_from_json(inputs.canonical_bytes()))
    return True


def test_a_table_changed_at_random_is_taken_or_refused_by_name() -> None:
    assert {taken(seed) for seed in range(150)} == {True, False}


@pytest.mark.on_demand
@pytest.mark.timeout(0)
def test_two_hundred_thousand_tables() -> None:
    assert {taken(seed) for seed in range(200_000)} == {True, False}
