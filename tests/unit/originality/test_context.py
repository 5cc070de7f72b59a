"""What stands beside findings: tokens, settings and licences; and which rows of two embeddings are the same tokens."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from originality.folders.context import Context, context
from originality.folders.vocabulary import shared_rows, vocabulary
from weights.folder import FolderRefusedError, ModelFolder

from tests.builders.model_folder import write_model
from tests.builders.tiny_models import LLAMA, llama

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

RNG = np.random.default_rng(0)


def folder(path: Path, tokenizer: Any = None, settings: Mapping[str, Any] = LLAMA) -> ModelFolder:
    write_model(path, llama(1, 1), settings)
    if tokenizer is not None:
        (path / "tokenizer.json").write_text(json.dumps(tokenizer))
    return ModelFolder(path)


def told(first: ModelFolder, second: ModelFolder) -> Context:
    return context(first, second, (vocabulary(first), vocabulary(second)))


@pytest.mark.parametrize(
    "document",
    [
        {"model": {"vocab": {"a": 0, "Ġb": 1, "c": 2}}, "added_tokens": [{"id": 3, "content": "<s>"}]},
        {"model": {"vocab": [["a", 0.0], ["▁b", -1.5], ["c", -2.0]]}, "added_tokens": [{"id": 3, "content": "<s>"}]},
    ],
)
def test_tokens_of_both_kinds_of_tokenizer_are_read_with_one_sign_for_the_space(tmp_path: Path, document: Any) -> None:
    assert vocabulary(folder(tmp_path / "m", document)) == {"a": 0, " b": 1, "c": 2, "<s>": 3}


def test_plain_lists_of_tokens_are_read_and_none_are_none(tmp_path: Path) -> None:
    one = folder(tmp_path / "m")
    assert vocabulary(one) == {}
    (tmp_path / "m" / "vocab.txt").write_text("[PAD]\nthe\nof\n")
    assert vocabulary(one) == {"[PAD]": 0, "the": 1, "of": 2}
    (tmp_path / "m" / "vocab.json").write_text('{"x": 4}')
    assert vocabulary(one) == {"x": 4}


def test_a_broken_tokenizer_is_refused_by_name(tmp_path: Path) -> None:
    one = folder(tmp_path / "m")
    (tmp_path / "m" / "tokenizer.json").write_text("[")
    with pytest.raises(FolderRefusedError, match=r"tokenizer\.json"):
        vocabulary(one)


def test_the_same_tokens_are_found_at_their_rows_in_each() -> None:
    first = {"a": 0, "b": 1, "c": 2, "d": 99}
    second = {"c": 7, "a": 3, "x": 1, "d": 2}
    rows = shared_rows(first, second, (10, 10), RNG)
    # The row 99 is beyond the embedding.
    assert sorted(zip(*(one.tolist() for one in rows), strict=True)) == [(0, 3), (2, 7)]


def test_without_tokenizers_rows_of_one_number_are_taken() -> None:
    for known in ({}, {"a": 0}):
        first, second = shared_rows(known, {}, (5000, 3000), RNG)
        assert (first == second).all()
        assert (len(first), first.max() < 3000) == (1024, True)


def test_settings_tokens_and_licences_are_told(tmp_path: Path) -> None:
    first = folder(tmp_path / "a", {"model": {"vocab": {"a": 0, "b": 1, "c": 2}}})
    second = folder(
        tmp_path / "b", {"model": {"vocab": {"a": 0, "b": 2}}}, {**LLAMA, "rope_theta": 5e5, "rope": {"x": 1}}
    )
    (tmp_path / "a" / "LICENSE").write_text("Apache License\n   Version 2.0\n")
    found = told(first, second)
    assert found.tokens is not None
    assert (found.tokens.first, found.tokens.second, found.tokens.both, found.tokens.same_row) == (3, 2, 2, 1)
    assert [(one.name, one.first, one.second) for one in found.settings_differ] == [
        ("rope.x", None, 1),
        ("rope_theta", 10000.0, 5e5),
    ]
    assert found.settings_equal == len(LLAMA) - 1
    (licence,) = found.licences_first
    assert (licence.file, licence.begins) == ("LICENSE", "Apache License Version 2.0")
    assert licence.sha256 == hashlib.sha256(b"Apache License\n   Version 2.0\n").hexdigest()
    assert found.licences_second == ()


def test_a_licence_that_links_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    one = folder(tmp_path / "a")
    (tmp_path / "secret").write_text("key")
    (tmp_path / "a" / "LICENSE").symlink_to(tmp_path / "secret")
    with pytest.raises(FolderRefusedError, match="FILE_OUTSIDE"):
        told(one, one)
