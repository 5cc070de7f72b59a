"""The index of shards, read strictly and at a small cost."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from weights import index as module
from weights.index import IndexRefusedError, read_index

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.dictionaries(NAMES, NAMES, min_size=1), st.none() | st.integers(0, 2**60), st.booleans())
def test_what_the_common_libraries_write_is_read(files: dict[str, str], total: int | None, indented: bool) -> None:
    document = {"metadata": {"total_size": total, "other": [1]} if total is not None else {}, "weight_map": files}
    read = read_index("i", json.dumps(document, indent=2 if indented else None).encode())
    assert (read.files, read.total_bytes) == (files, total)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "[]", "1", "{", "{}", '{"weight_map": {}}', '{"weight_map": []}', '{"weight_map": {"a": 1}}',
        '{"weight_map": {"a": "f", "a": "g"}}', '{"weight_map": {"a": "f"}, "weight_map": {"a": "f"}}',
        '{"weight_map": {"a": "f"}} x', '{"weight_map": {"a": "f"},}', '{"weight_map": {"a": "f",}}',
        '{"metadata": {"total_size": -1}, "weight_map": {"a": "f"}}',
        '{"metadata": {"total_size": "9"}, "weight_map": {"a": "f"}}',
        '{"metadata": {"total_size": 1, "total_size": 2}, "weight_map": {"a": "f"}}',
        '{"metadata": ' + "[" * 100_000 + ', "weight_map": {"a": "f"}}',
        '{"weight_map": {"' + "a" * 2000 + '": "f"}}', "\ufeff{}", '{"weight_map": {"a": "f"}',
    ],
)  # fmt: skip
def test_what_is_no_index_is_refused(text: str) -> None:
    with pytest.raises(IndexRefusedError) as refusal:
        read_index("model.safetensors.index.json", text.encode())
    assert refusal.value.field.startswith("model.safetensors.index.json")


def test_bytes_that_are_no_text_and_too_many_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(IndexRefusedError):
        read_index("i", b"\xff{}")
    monkeypatch.setattr(module, "MOST_INDEX_BYTES", 10)
    with pytest.raises(IndexRefusedError, match="at most 10"):
        read_index("i", b" " * 11)


def test_more_tensors_than_any_model_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_INDEXED", 2)
    with pytest.raises(IndexRefusedError, match="more than 2"):
        read_index("i", json.dumps({"weight_map": {"a": "f", "b": "f", "c": "f"}}).encode())
