"""One side of a comparison: a model in a folder, or a fingerprint of one."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from weights.folder import ModelFolder

from originality.folders.anatomy import anatomy, pattern_of
from originality.folders.vocabulary import vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from originality.folders.part import Key, Part
    from originality.folders.view import Axis


@dataclass(frozen=True, slots=True)
class NotExamined:
    """Tensors whose axes are not known: their names with N for numbers, how many there are, type and shape of one."""

    names: str
    count: int
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Described:
    """A model, told without a weight.

    `headers_sha256` is over the headers of its files, `covered` the share of its parameters that lie in parts whose
    axis can be tested.
    """

    name: str
    headers_sha256: str
    model_type: str | None
    tensors: int
    parameters: int
    covered: float
    not_examined: tuple[NotExamined, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """A model's parts. `folder` is None of a fingerprint, which has no tokenizer either.

    `otherwise` is the configuration that it is read with where it has none, `axes` how the residual axes of its towers
    are read.
    """

    described: Described
    parts: Mapping[Key, Part]
    folder: ModelFolder | None = None
    vocabulary: Mapping[str, int] = field(default_factory=dict)
    otherwise: Mapping[str, Any] | None = None
    axes: Mapping[str, Axis] = field(default_factory=dict)

    def along(self, axes: Mapping[str, Axis]) -> Subject:
        """Return the model read along these axes."""
        if self.folder is None or not axes:
            return self
        return replace(self, parts=anatomy(self.folder, self.otherwise, axes).parts, axes=axes)


def subject(path: Path, name: str | None = None, otherwise: Mapping[str, Any] | None = None) -> Subject:
    """Open a model folder, or one safetensors file, and take it apart; `otherwise` is as in `anatomy`.

    Raises `FolderRefusedError`, `SafetensorsRefusedError` and `CheckpointFileTruncatedError`.
    """
    folder = ModelFolder(path)
    apart = anatomy(folder, otherwise)
    sizes = [math.prod(stored.tensor.shape) for stored in folder.tensors.values()]
    described = Described(
        name or path.name,
        folder.headers_sha256,
        str(folder.configuration["model_type"]) if "model_type" in folder.configuration else None,
        len(folder.tensors),
        sum(sizes),
        apart.covered,
        _not_examined(folder, apart.unknown),
    )
    return Subject(described, apart.parts, folder, vocabulary(folder) if path.is_dir() else {}, otherwise)


def _not_examined(folder: ModelFolder, names: tuple[str, ...]) -> tuple[NotExamined, ...]:
    counts = Counter(pattern_of(name) for name in names)
    example = {pattern_of(name): folder.tensors[name].tensor for name in names}
    return tuple(
        NotExamined(pattern, count, example[pattern].dtype, example[pattern].shape)
        for pattern, count in sorted(counts.items())
    )
