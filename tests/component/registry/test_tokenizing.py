"""Tokenizers tried out in a process of its own: good ones, broken ones, and such as would hurt."""

from __future__ import annotations

import pytest
from registry.domain.tokenizers import TEXTS, Tried
from registry.store.tokenizing import try_out

from tests.builders.small_tokenizer import as_json, byte_level


def test_a_tokenizer_that_loses_nothing_is_told_so() -> None:
    assert try_out(as_json(byte_level())) == Tried(largest_id=255)
    assert {"Korean", "English", "code", "emoji"} == TEXTS.keys()


def test_added_tokens_count_and_a_normaliser_that_loses_is_named() -> None:
    added = {"id": 700, "content": "<x>", "single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    lowercase = {"type": "Lowercase"}
    tried = try_out(as_json(byte_level(added_tokens=[added | {"special": True}], normalizer=lowercase)))
    assert tried == Tried(largest_id=256, lossy=("English", "code", "emoji"))


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b"\xff", b"null", b'{"model": {"type": "Unknown"}}', b"[" * 100_000, b'{"a":' * 50_000],
)
def test_what_is_no_tokenizer_has_a_problem(data: bytes) -> None:
    assert try_out(data).problem


def grown(times: int, then: int = 0) -> bytes:
    """A tokenizer that makes 16 letters of each, again and again, and then looks through them all."""
    grow = {"type": "Replace", "pattern": {"Regex": "[\\s\\S]"}, "content": "a" * 16}
    look = {"type": "Replace", "pattern": {"Regex": "a{7}b"}, "content": ""}
    return as_json(byte_level(normalizer={"type": "Sequence", "normalizers": [grow] * times + [look] * then}))


def test_a_tokenizer_that_takes_longer_than_it_may_is_stopped() -> None:
    assert "1 seconds of a core" in try_out(grown(3, then=1000), cpu_seconds=1).bound


def test_a_tokenizer_that_makes_a_text_grow_without_end_is_stopped() -> None:
    assert try_out(grown(40), memory_bytes=128 * 2**20).bound


def test_a_tokenizer_that_takes_more_memory_than_it_may_is_not_examined() -> None:
    many = {f"token{number:06}": number for number in range(300_000)}
    tried = try_out(as_json(byte_level(model={"type": "BPE", "vocab": many, "merges": []})), memory_bytes=96 * 2**20)
    assert "MiB" in tried.bound
