"""A small real tokenizer: bytes to tokens, every text comes back."""

from __future__ import annotations

import json
from typing import Any


def byte_level(**changes: Any) -> dict[str, Any]:
    """`tokenizer.json` of a byte-level tokenizer with 256 tokens; `changes` replace its members."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in printable]
    letters = {byte: chr(byte) for byte in printable} | {byte: chr(256 + n) for n, byte in enumerate(rest)}
    form = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    usual: dict[str, Any] = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": form,
        "post_processor": None,
        "decoder": form,
        "model": {"type": "BPE", "vocab": {letters[byte]: byte for byte in range(256)}, "merges": []},
    }
    return usual | changes


def as_json(document: dict[str, Any]) -> bytes:
    """The bytes of a document."""
    return json.dumps(document, ensure_ascii=False).encode()
