"""Comparisons and carried figures in a score file: read as they stand, refused with their place."""

import pytest
import rules

HEAD = "stage: final\nentrants: [ant, bee]\n"
COMPARED = "comparisons:\n  - {source: arena, provenance: synthetic, rows: {judge-01: {q1: TEXT}}}\n"
CARRIED = (
    "carried:\n  - {source: before, stage: first, provenance: published, criteria: [total, speed], "
    "values: {ant: [8.5, 4], bee: [8.0, 4.5]}}\n"
)


def compared(text: str) -> rules.Inputs:
    return rules.load_inputs(HEAD + COMPARED.replace("TEXT", f'"{text}"'))


@pytest.mark.parametrize(
    ("text", "winner"), [("ant > bee", "ant"), ("ant<bee", "bee"), ("bee > ant", "bee"), (" ant =  bee ", "")]
)
def test_the_sign_points_away_from_the_better_team(text: str, winner: str) -> None:
    synthetic = rules.Provenance.SYNTHETIC
    assert compared(text).comparisons == (rules.Comparison("arena", "judge-01", "q1", "ant", "bee", winner, synthetic),)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ant >> bee", "NO_COMPARISON"),
        ("ant > bee,", "NO_COMPARISON"),
        ("", "NO_COMPARISON"),
        ("Ant > bee", "NO_COMPARISON"),
        ("ant > ant", "COMPARED_WITH_ITSELF"),
        ("ant > bee, bee > ant", "DUPLICATE"),
    ],
)
def test_what_is_no_comparison_is_refused(text: str, code: str) -> None:
    with pytest.raises(rules.InputsRefusedError) as refused:
        compared(text)
    assert refused.value.code == code
    assert refused.value.field.startswith("comparisons")


def test_figures_are_read_by_team_and_criterion() -> None:
    given = rules.load_inputs(HEAD + CARRIED).carried
    assert [(each.team, each.criterion, str(each.value)) for each in given] == [
        ("ant", "speed", "4"), ("ant", "total", "8.5"), ("bee", "speed", "4.5"), ("bee", "total", "8"),
    ]  # fmt: skip
    assert {(each.stage, each.decision_sha256) for each in given} == {("first", "")}
    bound = rules.load_inputs(HEAD + CARRIED.replace("stage: first,", f"stage: first, decision_sha256: {'a' * 64},"))
    assert {each.decision_sha256 for each in bound.carried} == {"a" * 64}


@pytest.mark.parametrize(
    ("old", "new", "code", "path"),
    [
        ("[8.5, 4]", "[8.5]", "ROW_LENGTH", "carried.before.ant"),
        ("[8.5, 4]", "[8.5, .nan]", "NUMBER_NOT_FINITE", "carried[0].values.ant[1]"),
        ("[8.5, 4]", "[8.5, four]", "NUMBER_NOT_EXACT", "carried[0].values.ant[1]"),
        ("stage: first,", "", "FIELD_MISSING", "carried[0].stage"),
        ("stage: first,", "stage: first, decision_sha256: ab,", "VALUE_INVALID", "carried[0].decision_sha256"),
    ],
)
def test_a_carried_block_that_cannot_be_is_refused(old: str, new: str, code: str, path: str) -> None:
    with pytest.raises(rules.InputsRefusedError) as refused:
        rules.load_inputs(HEAD + CARRIED.replace(old, new))
    assert (code, path) in {(each.code, each.path) for each in refused.value.violations}
