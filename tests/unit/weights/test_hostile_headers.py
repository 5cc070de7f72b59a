"""Headers of every malformed class, drawn at random: no crash, and nothing taken that a plain check calls wrong."""

from __future__ import annotations

from collections import Counter

import pytest
from safetensors import deserialize
from weights.safetensors import (
    LENGTH_BYTES,
    CheckpointFileTruncatedError,
    SafetensorsRefusedError,
    header_length,
    read_header,
)

from tests.builders.hostile import hunt
from tests.builders.hostile_headers import CLASSES, is_right, made

RULES = ("at least one tensor", "must start with", "named twice", "exactly the fields", "must be one of",
         "whole numbers", "begin and end", "must span", "overlaps", "gap", "end with the last tensor", "path tricks",
         "NFC", "object of texts", "must be JSON", "2 to", "that are declared")  # fmt: skip
"""A part of each sentence by which a header can be refused."""


class Reader:
    """Reads files, and counts which classes were refused by which rule."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.rules: Counter[str] = Counter()

    def note(self, name: str, refusal: SafetensorsRefusedError | CheckpointFileTruncatedError) -> None:
        assert refusal.field.startswith("m.safetensors")
        assert len(str(refusal)) < 3000
        self.refused[name] += 1
        self.rules[next(rule for rule in RULES if rule in refusal.rule)] += 1

    def take(self, given: tuple[str, bytes]) -> bool:
        name, data = given
        try:
            length = header_length("m.safetensors", data[:LENGTH_BYTES], len(data))
            read_header("m.safetensors", data[LENGTH_BYTES : LENGTH_BYTES + length], len(data))
        except (SafetensorsRefusedError, CheckpointFileTruncatedError) as refusal:
            if name == "as it should be" and is_right(data):
                raise
            self.note(name, refusal)
            return False
        assert is_right(data), "a plain check calls it wrong"
        # The common library reads all that we take.
        assert deserialize(data)  # type: ignore[no-untyped-call] # it ships no types
        self.taken[name] += 1
        return True


def hunted(count: int) -> Reader:
    reader = Reader()
    hunt("safetensors headers", made, reader.take, count)
    for name in CLASSES:
        print(f"  {name}: {reader.refused[name]:,} refused, {reader.taken[name]:,} taken")
    print("  rules: " + ", ".join(f"{rule} {reader.rules[rule]:,}" for rule in RULES))
    return reader


def test_two_thousand_hostile_headers_do_no_harm() -> None:
    reader = hunted(2_000)
    assert reader.taken["as it should be"] > 50
    assert {name for name in CLASSES if reader.refused[name]} >= CLASSES.keys() - {"as it should be"}


@pytest.mark.on_demand
@pytest.mark.timeout(3600)
def test_more_than_a_million_hostile_headers_do_no_harm() -> None:
    reader = hunted(1_100_000)
    assert all(reader.rules[rule] for rule in RULES), "every rule is met"
