"""What holds of the files of a checkpoint together: told from the headers of its weights and its small documents.

Source: design, registry and originality, "Validation at commit": index, shapes, dtype, tokenizer, card, licence
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from weights.card import CARD

from registry.domain.cards import check_card
from registry.domain.checkpoint import MOST_FINDINGS, Finding
from registry.domain.content import CONFIGURATION
from registry.domain.shapes import check_dtype, check_shapes, embedding_rows
from registry.domain.shards import INDEX_SUFFIX, MOST_INDEXES, ShardsRefusedError, check_shards
from registry.domain.tokenizers import TOKENIZER, check_tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from weights.manifest import Declaration
    from weights.safetensors import Tensor

    from registry.domain.tokenizers import Tried

LARGEST_DOCUMENTS: Final = {CONFIGURATION: 2**20, TOKENIZER: 64 * 2**20, CARD: 2**20}
"""Documents that are read whole, and their largest size in bytes; a larger one is not examined."""

LARGEST_INDEX: Final = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Contents:
    """What a checkpoint holds: tensors by file, documents by path, and the paths of all files."""

    tensors: Mapping[str, tuple[Tensor, ...]]
    documents: Mapping[str, bytes]
    paths: Collection[str]


def largest_document(path: str) -> int:
    """Return up to which size in bytes the document at `path` is read; 0 for what is no document."""
    return LARGEST_INDEX if _is_index(path) else LARGEST_DOCUMENTS.get(path, 0)


def check_whole(contents: Contents, declaration: Declaration, try_out: Callable[[bytes], Tried]) -> list[Finding]:
    """Return what is unusual in `contents`; raise for the first rule that they break together.

    `try_out` loads a tokenizer and says what came of it. Raises what the checks of shards, shapes, dtype, tokenizer and
    card raise.
    """
    documents = contents.documents
    config: dict[str, Any] = json.loads(documents[CONFIGURATION])
    findings = check_shards(contents.tensors, _indexes(contents))
    findings += check_dtype(contents.tensors, declaration.dtype, config)
    findings += check_shapes(contents.tensors, config)
    if TOKENIZER in documents:
        findings += check_tokenizer(try_out(documents[TOKENIZER]), config, embedding_rows(contents.tensors))
    elif TOKENIZER in contents.paths:
        limit = f"must be at most {LARGEST_DOCUMENTS[TOKENIZER]} bytes to be tried out"
        findings.append(Finding("TOKENIZER_NOT_EXAMINED", TOKENIZER, "too large or empty", limit))
    findings += check_card(documents.get(CARD), declaration.licence, contents.paths)
    return findings[:MOST_FINDINGS]


def _is_index(path: str) -> bool:
    return "/" not in path and path.endswith(INDEX_SUFFIX)


def _indexes(contents: Contents) -> dict[str, bytes]:
    listed = sorted(path for path in contents.paths if _is_index(path))
    if len(listed) > MOST_INDEXES:
        raise ShardsRefusedError(listed[MOST_INDEXES], len(listed), f"must be at most {MOST_INDEXES} indexes")
    for path in listed:
        if path not in contents.documents:
            raise ShardsRefusedError(path, "empty or too large", f"must be 1 to {LARGEST_INDEX} bytes")
    return {path: contents.documents[path] for path in listed}
