"""Every stable code is met in a test, and every sentence of a refusal can be said in Korean, with its figures."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import rules
from rules.explaining_refusals import missing_words, refusal_words, rule_in_korean
from rules.refusals_in_korean import FOUND, KOREAN, MISSING
from rules.score_file_table import COLUMNS
from rules.shape import _CODES, _RULES
from rules.violations import Violation

FOLDER = Path(rules.__file__).parent
TESTS = Path(__file__).parent
REFUSALS = {"violation", "OperatorError", "repeated"}
SENTENCE_AT = {"violation": 2, "OperatorError": 1, "fault": 1, "_refused": 2, "_refuse": 2, "ValueError": 0}
"""Calls that refuse, with the place of the sentence among their arguments."""
NEVER_A_RULE = {"reading_inputs.py"}
"""Here a ValueError is what stands in the place of the refused document, not the rule."""


def codes(file: Path) -> set[str]:
    """What looks like a code in a call that makes a refusal."""
    calls = (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))
    refusals = (call for call in calls if isinstance(call.func, ast.Name) and call.func.id in REFUSALS)
    constants = (node.value for call in refusals for node in ast.walk(call) if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str) and value.isupper() and "_" in value}


def test_every_code_is_met_in_a_test() -> None:
    tested = "".join(file.read_text() for file in TESTS.glob("test_*.py"))
    found = {code: file.name for file in FOLDER.glob("*.py") for code in codes(file)}
    assert len(found) > 60
    # Bytes that are no document at all are told from others by the error's class.
    malformed = {code for code in found if code.endswith("_MALFORMED")}
    assert {code: file for code, file in found.items() if code not in malformed and f'"{code}"' not in tested} == {}


def said(node: ast.expr) -> Iterator[str]:
    """The sentences of an expression, a pair of braces for each figure."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr():
            yield "".join(str(each.value) if isinstance(each, ast.Constant) else "{}" for each in node.values)
        case ast.IfExp():
            yield from (*said(node.body), *said(node.orelse))


def sentences(file: Path) -> Iterator[str]:
    """What a module refuses with: in the call itself, or under the name `rule` before it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = SENTENCE_AT.get(name, len(node.args))
            if place < len(node.args) and not (name == "ValueError" and file.name in NEVER_A_RULE):
                yield from said(node.args[place])
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "rule":
            yield from said(node.value)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
            names = [getattr(each, "id", "") for each in node.targets[0].elts]
            if "rule" in names and isinstance(node.value, ast.Tuple):
                yield from said(node.value.elts[names.index("rule")])


def every_sentence() -> set[str]:
    written = {sentence for file in FOLDER.glob("*.py") for sentence in sentences(file)}
    of_shapes = {re.sub(r"\{\w+\}", "{}", rule) for rule in (*_RULES.values(), *(rule for _, rule in _CODES.values()))}
    return written | of_shapes


def test_every_sentence_of_a_refusal_has_its_korean() -> None:
    found = every_sentence()
    assert len(found) > 140
    assert sorted(found - KOREAN.keys()) == []


@pytest.mark.parametrize("words", [KOREAN, FOUND, MISSING])
def test_the_korean_has_the_figures_of_the_english(words: dict[str, str]) -> None:
    for english, korean in words.items():
        figures = set(range(english.count("{}")))
        told = {int(number) for number in re.findall(r"\{(\d)\}", korean)}
        assert told <= figures, english
        assert re.search("[가-힣]", korean), english


def test_a_sentence_is_known_again_with_its_figures() -> None:
    told = rule_in_korean("from 0 to 10 with at most 1 digits")
    assert told == "0부터 10까지, 소수점 아래 최대 1자리입니다"
    assert rule_in_korean("the points of the parts add up to 100") == "부문 배점의 합은 100이어야 합니다"
    assert rule_in_korean("an unheard-of sentence") == "an unheard-of sentence"


def test_a_refusal_is_told_with_place_rule_value_and_code_in_both_languages() -> None:
    refused = Violation("line 8, value", "80%", "a plain decimal number such as 88.5", "NUMBER_NOT_EXACT")
    assert refusal_words(refused, "en") == (
        "line 8, value: a plain decimal number such as 88.5; found 80% [NUMBER_NOT_EXACT]"
    )
    assert refusal_words(refused, "ko") == (
        "8번째 줄, 점수: 쉼표, %, 단위가 없는 88.5와 같은 십진수로 씁니다; 값 80% [NUMBER_NOT_EXACT]"
    )


def test_the_korean_of_columns_names_every_header() -> None:
    told = rule_in_korean(f"a column is one of {', '.join(COLUMNS)}")
    assert all(header in told for header in (*COLUMNS, *(korean[0] for korean in COLUMNS.values())))


def test_what_is_missing_is_told_in_korean() -> None:
    missing = rules.Missing(rules.Lacking.ASSESSORS, "panel", have=3, need=4)
    assert missing_words(missing, "ko") == "평가위원 panel 3 (최소 4)"
    lot = rules.Missing(rules.Lacking.SEED, "league", ("ant", "bee"))
    assert missing_words(lot, "ko") == "추첨의 씨앗값 league (ant, bee)"
