"""What a model has once: embeddings, gains, buffers. Their units are the channels of the residual axis.

Rows of an embedding are never units: tokens have places by what they mean, and frequent ones are alike in independent
models. Its columns are: with the residual axis in another order, the rest of the model too, the function is the same.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from originality.folders.geometry import MAIN, VISION, kind_of
from originality.folders.part import RESIDUAL, Key, Part
from originality.folders.roles import Named, Role
from originality.order import UnitAxis

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from weights.folder import ModelFolder

    from originality.blocks import Blocks
    from originality.folders.geometry import Geometry
    from originality.matching import Places

_FIXED: Final = "positions have an order of their own, and may be made by a formula"
_NOT_PROVEN: Final = (
    "it is not proven that the channels of the residual axis can change places: tensors whose use is not known, or"
    " positions that may be made by a formula, lie on it"
)
_OF_RESIDUAL: Final = {Role.EMBEDDING: "embedding", Role.HEAD: "head", Role.PATCHES: "patches"}
_COLUMN: Final = 2


def whole_parts(
    folder: ModelFolder,
    every: Iterable[Named],
    kinds: Mapping[str, str],
    geometries: Mapping[str, Geometry],
    used: set[str],
) -> Iterator[Part]:
    """Give the parts outside layers, and the gains and buffers of all of them."""
    # In one order for all models: files have any.
    every = sorted(every, key=lambda one: [part.zfill(9) for part in re.split(r"(\d+)", one.name)])
    model_type = str(folder.configuration.get("model_type", ""))

    def tower_of(one: Named) -> str:
        return kinds.get(one.tower) or kind_of(one.tower, model_type, kinds)

    gains, buffers = defaultdict(list), defaultdict(list)
    for one in every:
        tower = tower_of(one)
        if one.role is Role.NORM and len(folder.tensors[one.name].tensor.shape) == 1:
            gains[tower].append(one.name)
        elif one.role is Role.BUFFER:
            buffers[tower].append(one.name)
        elif one.role is Role.POSITIONS:
            yield _fixed(folder, Key(tower, "positions"), [one.name], UnitAxis.STRUCTURED, _FIXED)
        elif one.role in _OF_RESIDUAL and len(folder.tensors[one.name].tensor.shape) >= _COLUMN:
            why = None if _proven(folder, every, tower, tower_of, geometries, used) else _NOT_PROVEN
            yield _of_residual(folder, Key(tower, _OF_RESIDUAL[one.role]), one, why)
    for tower, names in gains.items():
        yield _fixed(folder, Key(tower, "gains"), names, UnitAxis.GAINS, None)
        widths = {folder.tensors[name].tensor.shape[0] for name in names}
        hidden = geometries[tower].hidden if tower in geometries else None
        some = [name for name in names if folder.tensors[name].tensor.shape[0] == hidden]
        if hidden in widths and len(some) > _COLUMN:
            why = None if _proven(folder, every, tower, tower_of, geometries, used) else _NOT_PROVEN
            yield Part(
                Key(tower, "gains along the residual axis"),
                tuple(some),
                UnitAxis.EXCHANGEABLE,
                RESIDUAL,
                partial(_side_by_side, folder, some),
                why,
            )
    for tower, names in buffers.items():
        yield _fixed(folder, Key(tower, "buffers"), names, UnitAxis.COMPUTED, None)


def _fixed(folder: ModelFolder, key: Key, names: list[str], axis: UnitAxis, why: str | None) -> Part:
    return Part(key, tuple(names), axis, "", partial(_each, folder, names), why)


def _each(folder: ModelFolder, names: list[str], _tokens: object) -> Blocks:
    return tuple(folder.matrix(name) for name in names)


def _side_by_side(folder: ModelFolder, names: list[str], _tokens: object) -> Blocks:
    """Return the gains of all layers, channels × gains, each without its mean: a common one says nothing."""
    made = np.concatenate([folder.matrix(name)[:] for name in names], axis=1)
    with np.errstate(invalid="ignore"):  # what is not finite stays so, and is refused by whoever reads it
        return (made - made.mean(axis=0),)


def _of_residual(folder: ModelFolder, key: Key, one: Named, why: str | None) -> Part:
    shape = folder.tensors[one.name].tensor.shape
    if one.role is Role.PATCHES:
        return Part(key, (one.name,), UnitAxis.EXCHANGEABLE, RESIDUAL, lambda _: (folder.matrix(one.name),), why)

    def read(tokens: Places | None) -> Blocks:
        matrix = folder.matrix(one.name)
        return (matrix.T if tokens is None else np.ascontiguousarray(matrix[tokens].T),)

    return Part(key, (one.name,), UnitAxis.EXCHANGEABLE, RESIDUAL, read, why, tokens=shape[0])


def _proven(
    folder: ModelFolder,
    every: list[Named],
    tower: str,
    tower_of: object,
    geometries: Mapping[str, Geometry],
    used: set[str],
) -> bool:
    """Say whether all that lies on a tower's residual axis is known to let its channels change places."""
    assert callable(tower_of)
    geometry_of_tower = geometries.get(tower)
    learned = geometry_of_tower is not None and geometry_of_tower.learned_positions
    for one in every:
        if tower_of(one) != tower or one.name in used:
            continue
        if one.role is Role.POSITIONS and not learned:
            return False
        if one.role is Role.OTHER and one.layer is not None and len(folder.tensors[one.name].tensor.shape) >= _COLUMN:
            return False
    return geometry_of_tower is not None and tower.split(" ", maxsplit=1)[0] in {MAIN, VISION}
