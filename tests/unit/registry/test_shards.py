"""A model in several files: the index, the shards, and what each of them holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from registry.domain import shards
from registry.domain.shards import ShardsRefusedError, check_shards, check_tensor_count

from tests.builders.model_tensors import tensors

FIRST, SECOND, INDEX = (
    "model-00001-of-00002.safetensors",
    "model-00002-of-00002.safetensors",
    ("model.safetensors.index.json"),
)
HELD = {FIRST: tensors({"a": (4,), "b": (2,)}), SECOND: tensors({"c": (3,)})}
NAMED: dict[str, Any] = {"a": FIRST, "b": FIRST, "c": SECOND}


def index(weight_map: dict[str, Any], total: Any = 18) -> dict[str, bytes]:
    return {INDEX: json.dumps({"metadata": {"total_size": total}, "weight_map": weight_map}).encode()}


def refused(held: Any, indexes: dict[str, bytes]) -> ShardsRefusedError:
    with pytest.raises(ShardsRefusedError) as refusal:
        check_shards(held, indexes)
    return refusal.value


def test_shards_as_their_index_says_are_taken() -> None:
    assert check_shards(HELD, index(NAMED)) == []
    assert check_shards({"model.safetensors": HELD[FIRST]}, {}) == []
    assert check_shards(HELD, {INDEX: json.dumps({"weight_map": NAMED}).encode()}) == []


def test_shards_without_an_index_are_a_finding() -> None:
    (found,) = check_shards(HELD, {})
    assert (found.code, found.field) == ("SHARD_INDEX_MISSING", INDEX)


@pytest.mark.parametrize("missing", [FIRST, SECOND])
def test_a_missing_shard_is_named(missing: str) -> None:
    left = {path: held for path, held in HELD.items() if path != missing}
    for indexes in ({}, index(NAMED)):
        assert refused(left, indexes).field == missing


@pytest.mark.parametrize("odd", ["model-00003-of-00002.safetensors", "model-00000-of-00002.safetensors"])
def test_a_shard_beyond_their_number_is_named(odd: str) -> None:
    assert refused(HELD | {odd: tensors({"z": (1,)})}, {}).field == odd


def test_shards_that_say_different_numbers_are_refused() -> None:
    told = refused({FIRST: HELD[FIRST], "model-00001-of-00003.safetensors": HELD[SECOND]}, {})
    assert told.value == [2, 3]


def test_a_tensor_in_another_shard_than_the_index_says_is_named() -> None:
    told = refused(HELD, index(NAMED | {"a": SECOND}))
    assert (told.field, told.value) == (f"{INDEX}: weight_map.a", SECOND)


def test_a_tensor_that_no_shard_has_is_named() -> None:
    assert refused(HELD, index(NAMED | {"d": FIRST})).field == f"{INDEX}: weight_map.d"


def test_a_tensor_that_the_index_has_not_is_named() -> None:
    assert refused(HELD, index({"a": FIRST, "c": SECOND})).field == f"{FIRST}: b"


def test_a_tensor_in_two_shards_is_named() -> None:
    twice = {FIRST: HELD[FIRST], SECOND: tensors({"a": (4,), "c": (3,)})}
    assert refused(twice, index(NAMED)).field == f"{SECOND}: a"


@pytest.mark.parametrize("shard", ["gone.safetensors", "../model.safetensors", "/etc/passwd", "", FIRST + "\0"])
def test_a_file_that_the_checkpoint_has_not_is_named(shard: str) -> None:
    assert refused(HELD, index(NAMED | {"c": shard})).value == "missing"


def test_a_shard_that_the_index_leaves_out_is_named() -> None:
    assert refused(HELD, index({"a": FIRST, "b": FIRST}, total=12)).field == SECOND


@pytest.mark.parametrize("total", [17, 0, 2**70])
def test_another_total_size_is_refused(total: int) -> None:
    assert refused(HELD, index(NAMED, total)).field == f"{INDEX}: metadata.total_size"


def test_names_that_two_files_have_are_a_finding_where_no_index_tells_them_apart() -> None:
    (found,) = check_shards({"a.safetensors": HELD[FIRST], "b.safetensors": HELD[FIRST]}, {})
    assert (found.code, found.field) == ("TENSOR_TWICE", "b.safetensors: a")
    assert check_shards({"a.safetensors": HELD[FIRST], "vision/a.safetensors": HELD[FIRST]}, {}) == []


def test_a_huge_series_costs_nothing() -> None:
    told = refused({"m-00001-of-999999.safetensors": HELD[FIRST]}, {})
    assert told.field == "m-00002-of-999999.safetensors"


def test_the_tensors_of_all_files_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    check_tensor_count(HELD)
    monkeypatch.setattr(shards, "MOST_TENSORS_IN_ALL", 2)
    with pytest.raises(ShardsRefusedError, match="at most 2"):
        check_tensor_count(HELD)
