"""What comes of tokenizers that were tried out."""

from __future__ import annotations

import pytest
from registry.domain.tokenizers import TokenizerRefusedError, Tried, check_tokenizer


def test_a_vocabulary_has_its_embeddings() -> None:
    good = Tried(largest_id=99)
    assert check_tokenizer(good, {"vocab_size": 100}, 100) == []
    assert check_tokenizer(good, {}, None) == []
    assert check_tokenizer(good, {"vocab_size": "odd", "text_config": {"vocab_size": 100}}, 128) == []
    for config, rows in (
        ({"vocab_size": 99}, 128),
        ({"vocab_size": 128}, 99),
        ({"text_config": {"vocab_size": 9}}, None),
    ):
        with pytest.raises(TokenizerRefusedError) as refusal:
            check_tokenizer(good, config, rows)
        assert (refusal.value.field, refusal.value.value) == ("tokenizer.json: largest id", 99)


def test_what_does_not_work_is_refused_and_what_cannot_be_told_is_a_finding() -> None:
    with pytest.raises(TokenizerRefusedError) as refusal:
        check_tokenizer(Tried(problem="broken"), {}, None)
    assert refusal.value.field == "tokenizer.json"
    assert [f.code for f in check_tokenizer(Tried(bound="too much"), {}, None)] == ["TOKENIZER_NOT_EXAMINED"]
    (lossy,) = check_tokenizer(Tried(largest_id=1, lossy=("code", "emoji")), {}, None)
    assert (lossy.code, lossy.value) == ("TOKENIZER_LOSSY", "changes code, emoji")
