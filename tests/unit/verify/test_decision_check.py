"""Decisions of an export: by frozen rules, and recomputed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.builders.public_record import (
    LogBuilder,
    decide,
    decided_record,
    found_in,
    freeze,
    open_stage,
    publish,
    scored,
    small_record,
    tell,
)

if TYPE_CHECKING:
    from pathlib import Path

    from verify.export import Record


def changed_documents(change: str) -> Record:
    """The small record with one document that is not the logged one."""
    record = small_record()
    decision = record.decisions["trial"]
    if change == "rule set":
        [(sha256, document)] = record.rule_sets.items()
        return replace(record, rule_sets={sha256: document.replace(b'"points":"60"', b'"points":"59"')})
    if change == "inputs":
        inputs = decision.inputs_json.replace(b"[[40],[41],[42]]", b"[[50],[41],[42]]")
        assert inputs != decision.inputs_json
        return replace(record, decisions={"trial": replace(decision, inputs_json=inputs)})
    swapped = decision.decision_json.replace(b'"advanced":["gamma"]', b'"advanced":["alpha"]')
    assert swapped != decision.decision_json
    return replace(record, decisions={"trial": replace(decision, decision_json=swapped)})


@pytest.mark.parametrize(
    ("change", "place"),
    [("rule set", "rule-sets/"), ("inputs", "inputs/trial.json"), ("decision", "decisions/trial.json")],
)
def test_a_document_that_is_not_the_logged_one_is_named(tmp_path: Path, change: str, place: str) -> None:
    assert any(found.startswith(place) for found in found_in(changed_documents(change), tmp_path))


def test_a_rule_set_that_was_frozen_after_the_stage_opened_is_noticed(tmp_path: Path) -> None:
    log = LogBuilder()
    publish(log)
    open_stage(log)
    freeze(log)
    inputs = scored(log)
    found = found_in(decided_record(log, inputs, decide(log, inputs)), tmp_path)
    assert len(found) == 1
    assert "was not frozen when stage trial opened" in found[0]


def test_a_decision_that_does_not_follow_from_its_inputs_is_noticed_though_it_was_logged(tmp_path: Path) -> None:
    log = LogBuilder()
    publish(log)
    freeze(log)
    open_stage(log)
    inputs = scored(log)
    rigged = replace(decide(LogBuilder(), inputs), advanced=("alpha",))
    tell(log, inputs, rigged)
    found = found_in(decided_record(log, inputs, rigged), tmp_path)
    assert any("is not what its rule set and inputs give" in place for place in found)
