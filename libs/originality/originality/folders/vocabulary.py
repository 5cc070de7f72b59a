"""Tokens that two models share: which row of one embedding is which row of the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from originality.matching import sample

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weights.folder import ModelFolder

    from originality.matching import Places

_TOKENIZER: Final = "tokenizer.json"
_PLAIN: Final = ("vocab.json", "vocab.txt")
_MOST: Final = 1024
_MOST_BYTES: Final = 64 * 2**20
# How a leading space is written by the tokenizers in use.
_SPACE: Final = str.maketrans({"Ġ": " ", "▁": " "})


def vocabulary(folder: ModelFolder) -> dict[str, int]:
    """Return each token of a model's tokenizer with its row; empty where the folder has none that can be read."""
    document = folder.json(_TOKENIZER)
    if document is not None:
        model = document.get("model")
        tokens = _tokens(model.get("vocab") if isinstance(model, dict) else None)
        added = document.get("added_tokens")
        for one in added if isinstance(added, list) else ():
            if isinstance(one, dict) and isinstance(one.get("content"), str) and isinstance(one.get("id"), int):
                tokens[one["content"]] = one["id"]
        return tokens
    plain, lines = (folder.file(name) for name in _PLAIN)
    if plain is not None:
        return _tokens(folder.json(_PLAIN[0]))
    if lines is not None and lines.stat().st_size <= _MOST_BYTES:
        text = lines.read_text(encoding="utf-8", errors="replace")
        return {token: place for place, token in enumerate(text.splitlines())}
    return {}


def _tokens(vocab: Any) -> dict[str, int]:
    if isinstance(vocab, dict):
        pairs = [(token, row) for token, row in vocab.items() if isinstance(row, int)]
    elif isinstance(vocab, list):  # tokens with their scores, in the order of their rows
        pairs = [(str(one[0]), row) for row, one in enumerate(vocab) if isinstance(one, list) and one]
    else:
        pairs = []
    return {token.translate(_SPACE): row for token, row in pairs}


def shared_rows(
    first: Mapping[str, int], second: Mapping[str, int], rows: tuple[int, int], rng: np.random.Generator
) -> tuple[Places, Places]:
    """Return up to 1,024 rows of two embeddings of these numbers of `rows` that stand for the same tokens.

    Without a tokenizer of both, rows of the same number are taken: if that is wrong, less is found, and never more.
    """
    common = [
        (first[token], second[token])
        for token in sorted(first.keys() & second.keys())
        if 0 <= first[token] < rows[0] and 0 <= second[token] < rows[1]
    ]
    if not common:
        some = sample(min(rows), _MOST, rng)
        return some, some
    places = np.array(common, dtype=np.intp)[sample(len(common), _MOST, rng)]
    return places[:, 0], places[:, 1]
