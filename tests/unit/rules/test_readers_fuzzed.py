"""Whatever the readers are given, they take it or refuse it by name; what they take can be decided and read again."""

import json
from collections import Counter
from collections.abc import Callable
from random import Random

import pytest
import rules
from hypothesis import given, settings
from hypothesis import strategies as st
from rules.violations import DocumentRefusedError

from tests.builders.mangled import bytes_from, json_from, text_from
from tests.builders.small_final import FULL, RULES, TEXT
from tests.unit.rules import test_comparisons, test_scheduling
from tests.unit.rules.test_carrying import DOCUMENT

SMALL = (
    "a: 1\nb: [x, 2.50, ~]\n",
    "{a: {b: [1, {c: d}]}, e: 'f'}",
    "- a\n- b: |\n    text\n- ? k\n  : v\n",
    'id: "\\u00e9"\ndays: 10 # ten\n',
    "dates:\n  - {id: x, at: 2026-01-15T15:00:00+09:00}\n",
    "",
)
RULE_SETS = (TEXT, DOCUMENT, test_comparisons.DOCUMENT)
SCORES = "stage: final\nentrants: [ant, bee]\nmeasurements:\n  - {source: test, provenance: synthetic, criteria: [speed], values: {ant: [80], bee: [90.5]}}\nverdicts:\n  - {gate: safety, team: ant, passed: true, reason: seen, judged_by: 2, provenance: recorded}\n"  # noqa: E501 - a file
DECISION = rules.decide(RULES, FULL)
COMPARED = test_comparisons.collected(*test_comparisons.GIVEN)
TREES = {
    "rule set": [json.loads(rules.canonical_bytes(rules.load_rule_set(text))) for text in RULE_SETS],
    "inputs": [json.loads(each.canonical_bytes()) for each in (FULL, COMPARED)],
    "decision": [json.loads(DECISION.canonical_bytes())],
}


def taken(read: Callable[[], object]) -> bool:
    """Whether the reader takes it; every refusal says where, what and which rule, by a code."""
    try:
        read()
    except DocumentRefusedError as refused:
        for each in refused.violations:
            assert each.rule
            assert each.code.isupper()
            str(each).encode()
        return False
    except rules.InputsIncompleteError as incomplete:
        return not incomplete.missing
    return True


def yaml_of(chance: Random) -> bool:
    text = text_from(chance, SMALL) if chance.randrange(2) else bytes_from(chance, SMALL)
    return taken(lambda: json.dumps(rules.read_yaml(text), default=str).encode())


def scores_of(chance: Random) -> bool:
    text = text_from(chance, (SCORES,))
    return taken(lambda: rules.inputs_from_json(rules.load_inputs(text).canonical_bytes()))


def schedule_of(chance: Random) -> bool:
    text = text_from(chance, (test_scheduling.TEXT,))
    return taken(lambda: rules.load_schedule(text))


def rule_set_of(chance: Random) -> bool:
    text = text_from(chance, RULE_SETS)
    return taken(lambda: _decided(rules.canonical_bytes(rules.load_rule_set(text))))


def rule_set_json_of(chance: Random) -> bool:
    data = json_from(chance, chance.choice(TREES["rule set"]))
    return taken(lambda: _decided(data))


def _decided(data: bytes) -> None:
    """A rule set that is taken has these very bytes and decides, or says what it lacks."""
    rule_set = rules.rule_set_from_json(data)
    assert rules.canonical_bytes(rule_set) == data
    for given_ in (FULL, COMPARED):
        taken(lambda: rules.decide(rule_set, given_))  # noqa: B023 - called at once


def inputs_json_of(chance: Random) -> bool:
    data = json_from(chance, chance.choice(TREES["inputs"]))

    def read() -> None:
        inputs = rules.inputs_from_json(data)
        assert inputs.canonical_bytes() == data
        for rule_set in (RULES, test_comparisons.RULES):
            taken(lambda: rules.decision_from_json(rules.decide(rule_set, inputs).canonical_bytes()))  # noqa: B023 - called at once

    return taken(read)


def decision_json_of(chance: Random) -> bool:
    data = json_from(chance, TREES["decision"][0])

    def read() -> None:
        assert rules.decision_from_json(data).canonical_bytes() == data

    return taken(read)


# How many of a million go to each: the dearest least.
READERS: dict[Callable[[Random], bool], int] = {
    yaml_of: 600_000,
    decision_json_of: 150_000,
    inputs_json_of: 150_000,
    rule_set_json_of: 80_000,
    scores_of: 10_000,
    schedule_of: 5_000,
    rule_set_of: 5_000,
}


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
@given(seed=st.integers(0, 2**64))
@settings(max_examples=60, deadline=None)
def test_whatever_comes_is_taken_or_refused_by_name(reader: Callable[[Random], bool], seed: int) -> None:
    reader(Random(seed))


@pytest.mark.parametrize("text", [b"\xff\xfe\x00", b"\x00", '"\\ud800"', '{"\\udfff": 1}', '"\\UFFFFFFFF"', "a: \x00"])
def test_texts_that_are_no_unicode_are_refused(text: str | bytes) -> None:
    assert not taken(lambda: rules.read_yaml(text))


@given(st.text(max_size=60))
@settings(max_examples=150)
def test_any_text_is_a_value_or_is_refused(text: str) -> None:
    taken(lambda: rules.read_yaml(text))
    assert not taken(lambda: rules.load_rule_set(text))


@given(st.binary(max_size=60))
@settings(max_examples=150)
def test_any_bytes_are_a_value_or_are_refused(data: bytes) -> None:
    taken(lambda: rules.read_yaml(data))
    for read in (rules.inputs_from_json, rules.decision_from_json, rules.rule_set_from_json, rules.load_inputs):
        assert not taken(lambda: read(data))  # noqa: B023 - called at once


@pytest.mark.on_demand
@pytest.mark.timeout(0)
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_a_million_documents(reader: Callable[[Random], bool]) -> None:
    found = Counter[bool]()
    for seed in range(READERS[reader]):
        try:
            found[reader(Random(seed))] += 1
        except Exception as error:
            raise AssertionError(f"{reader.__name__}(Random({seed})): {error!r}") from error
    print(f"{reader.__name__}: {found[True]} taken, {found[False]} refused")
    assert found[False]


def test_the_suite_on_demand_has_a_million_inputs() -> None:
    assert sum(READERS.values()) >= 1_000_000
