"""Bytes that name something twice, or in another order, are no inputs: a sheet would count twice, or not at all."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import rules

from tests.builders.small_final import FULL


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    data = json.loads(FULL.canonical_bytes())
    change(data)
    return rules.canonical_json(data)


def a_sheet_twice(data: dict[str, Any]) -> None:
    (table,) = data["sheets"]
    table["assessors"].insert(0, table["assessors"][0])
    for rows in table["cells"].values():
        rows.insert(0, rows[0])


def a_second_table_of_a_source(data: dict[str, Any]) -> None:
    (table,) = data["sheets"]
    short = {team: rows[:1] for team, rows in table["cells"].items()}
    data["sheets"].append({**table, "assessors": table["assessors"][:1], "cells": short})


def a_criterion_twice(data: dict[str, Any]) -> None:
    (table,) = data["sheets"]
    table["criteria"] *= 2
    table["cells"] = {team: [[5, cell] for (cell,) in rows] for team, rows in table["cells"].items()}


def finer_than_any_score(data: dict[str, Any]) -> None:
    (table,) = data["sheets"]
    table["digits"] = 1
    table["cells"] = {team: [[10 * cell for cell in row] for row in rows] for team, rows in table["cells"].items()}


@pytest.mark.parametrize(
    "change",
    [
        a_sheet_twice,
        a_second_table_of_a_source,
        a_criterion_twice,
        finer_than_any_score,
        lambda data: data["sheets"][0].update(digits=-1),
        lambda data: data["sheets"][0].update(digits=10**9),
        lambda data: data["sheets"][0]["assessors"].reverse(),
        lambda data: data["entrants"].reverse(),
        lambda data: data["entrants"].append("bee"),
        lambda data: data["measurements"].append(data["measurements"][-1]),
        lambda data: data["measurements"].reverse(),
        lambda data: data["verdicts"].append({**data["verdicts"][-1], "passed": False}),
    ],
)
def test_inputs_have_one_form_in_which_everything_stands_once(change: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(rules.InputsRefusedError) as refused:
        rules.inputs_from_json(changed(change))
    assert refused.value.code == "INPUTS_MALFORMED"


def test_the_unchanged_bytes_are_taken() -> None:
    assert rules.inputs_from_json(changed(dict)) == FULL
