"""What holds of the files of a checkpoint together: told from the headers of its weights and its small documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weights.manifest import Declaration
    from weights.safetensors import Tensor

    from registry.domain.checkpoint import Finding

LARGEST_DOCUMENT_BYTES: Final = 64 * 2**20
"""Of a document that is read whole, such as a tokenizer."""

DOCUMENTS: Final = frozenset(
    {"config.json", "model.safetensors.index.json", "tokenizer.json", "tokenizer_config.json", "README.md"}
)
"""Which documents are read."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a checkpoint holds: tensors by file, and documents by path."""

    tensors: Mapping[str, tuple[Tensor, ...]]
    documents: Mapping[str, bytes]


def check_whole(contents: Contents, declaration: Declaration) -> list[Finding]:
    """Return what is unusual in `contents`; raise for the first rule that they break together."""
    del contents, declaration
    return []
