"""What a model is made of: each of its tensors in a part with a known axis, or named as not examined."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from weights.stored import is_weights

from originality.folders.attention import attention
from originality.folders.chains import chains
from originality.folders.geometry import Geometry, geometry, kind_of
from originality.folders.part import EXPERTS, HIDDEN, Key, Part
from originality.folders.roles import Named, Role, named
from originality.folders.view import along, units
from originality.folders.whole import whole_parts
from originality.order import UnitAxis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from weights.folder import ModelFolder

    from originality.blocks import Blocks
    from originality.folders.view import Axis, Units
    from originality.matrix import Matrix

_MATRIX: Final = 2
_STACK: Final = 3
_ROWS_UNKNOWN: Final = (
    "the name says that it belongs to an MLP, and the shapes do not say which axis are its hidden units"
)


@dataclass(frozen=True, slots=True)
class Anatomy:
    """A model in its parts. `unknown` are the tensors that are in none, `towers` the geometry of each tower."""

    folder: ModelFolder
    parts: Mapping[Key, Part]
    towers: Mapping[str, Geometry]
    unknown: tuple[str, ...]

    @property
    def covered(self) -> float:
        """Share of all stored elements that is in a part whose axis can be tested."""
        tested = {name for part in self.parts.values() if _testable(part) for name in part.tensors}
        sizes = {name: math.prod(stored.tensor.shape) for name, stored in self.folder.tensors.items()}
        return sum(sizes[name] for name in tested) / max(1, sum(sizes.values()))


def _testable(part: Part) -> bool:
    return part.why is None and part.axis is UnitAxis.EXCHANGEABLE


def anatomy(
    folder: ModelFolder, otherwise: Mapping[str, Any] | None = None, axes: Mapping[str, Axis] | None = None
) -> Anatomy:
    """Take a model apart by its configuration, and the names and shapes of its tensors; no weight is read.

    What layers hold is read along the residual axis as `axes` says of its tower.

    A model without a configuration is read as the one of `otherwise`, that of the model that it is compared to. If that
    is wrong, its units may not be exchangeable as they are cut; the test is exact as long as those of the other are.

    Source: registry-and-originality.md, "Originality examination": test only axes proven exchangeable.
    """
    every = [
        named(name)
        for name, stored in folder.tensors.items()
        if is_weights(stored.tensor.dtype) and stored.tensor.elements
    ]
    towers = {one.tower for one in every if one.layer is not None}
    configuration = folder.configuration or otherwise or {}
    model_type = str(configuration.get("model_type", ""))
    kinds = _distinct({tower: kind_of(tower, model_type, towers) for tower in sorted(towers)})
    geometries = {kind: geometry(kind.split(" ")[0], configuration) for kind in kinds.values()}
    parts: dict[Key, Part] = {}
    for where, roles in _groups(folder, every, kinds).items():
        axis = (axes or {}).get(where.tower)
        parts |= {part.key: part for part in _of_group(folder, where, roles, geometries[where.tower], axis)}
    used = {name for part in parts.values() for name in part.tensors}
    for part in (*whole_parts(folder, every, kinds, geometries, used), *chains(folder, every)):
        key = replace(part.key, group=part.tensors[0]) if part.key in parts else part.key
        parts[key] = replace(part, key=key)
        used |= set(part.tensors)
    return Anatomy(folder, parts, geometries, tuple(name for name in folder.tensors if name not in used))


def _distinct(kinds: dict[str, str]) -> dict[str, str]:
    """Number towers of one kind: a model may have two vision encoders."""
    seen: dict[str, int] = defaultdict(int)
    made = {}
    for tower, kind in kinds.items():
        seen[kind] += 1
        made[tower] = kind if seen[kind] == 1 else f"{kind} {seen[kind]}"
    return made


def _groups(folder: ModelFolder, every: list[Named], kinds: Mapping[str, str]) -> dict[Key, dict[Role, str]]:
    """Gather the tensors of each layer's groups: what is multiplied with one another stands together."""
    made: dict[Key, dict[Role, str]] = defaultdict(dict)
    for one in every:
        if one.layer is None or one.role in {Role.OTHER, Role.NORM, Role.BUFFER}:
            continue
        axes = len(folder.tensors[one.name].tensor.shape)
        if axes == (_STACK if one.role in {Role.STACKED_GATE_UP, Role.STACKED_DOWN} else _MATRIX):
            made[Key(kinds[one.tower], "", one.layer, one.part, one.expert)].setdefault(one.role, one.name)
    return made


def _of_group(
    folder: ModelFolder, where: Key, roles: dict[Role, str], of_tower: Geometry, axis: Axis | None
) -> Iterator[Part]:
    # GPT-2 stores inputs × units; the wide matrix of its MLP tells, the square ones do not.
    turned = Role.UP in roles and roles[Role.UP].endswith("c_fc.weight") and _wider(folder, roles[Role.UP])
    if {Role.QUERY, Role.FUSED, Role.OUTPUT, Role.LATENT_UP} & roles.keys():
        yield from attention(folder, roles, where, of_tower, axis, turned=turned)
    if Role.DOWN in roles and {Role.UP, Role.GATE, Role.GATE_UP} & roles.keys():
        yield from _mlp(folder, where, roles, axis, turned=turned)
    if Role.STACKED_DOWN in roles:
        yield from _stacked(folder, where, roles[Role.STACKED_DOWN], of_tower.hidden, axis)
    if Role.ROUTER in roles:
        name = roles[Role.ROUTER]
        key = Key(where.tower, "router", where.layer, where.group)
        read = partial(units, folder, name, axis, turned=False)
        yield Part(key, (name,), UnitAxis.EXCHANGEABLE, EXPERTS, partial(_alone, read), pooled=True)


def _wider(folder: ModelFolder, name: str) -> bool:
    shape = folder.tensors[name].tensor.shape
    return shape[0] < shape[1]


def _mlp(
    folder: ModelFolder, where: Key, roles: Mapping[Role, str], axis: Axis | None, *, turned: bool
) -> Iterator[Part]:
    down = partial(units, folder, roles[Role.DOWN], axis, turned=not turned)
    count = len(down())
    fused = roles.get(Role.GATE_UP)
    ways: dict[str, tuple[str, Callable[[], Units]]] = {}
    if fused is not None:
        whole = partial(units, folder, fused, axis, turned=False)
        ways["mlp.gate"] = fused, lambda: whole().part(slice(0, count))
        ways["mlp.up"] = fused, lambda: whole().part(slice(count, 2 * count))
    for kind, role in (("mlp.gate", Role.GATE), ("mlp.up", Role.UP)):
        if role in roles:
            ways[kind] = roles[role], partial(units, folder, roles[role], axis, turned=turned)
    fits = all(len(read()) == count for _, read in ways.values())
    ways["mlp.down"] = roles[Role.DOWN], down
    for kind, (name, read) in ways.items():
        yield Part(
            Key(where.tower, kind, where.layer, where.group, where.expert),
            (name,),
            UnitAxis.EXCHANGEABLE,
            HIDDEN,
            partial(_alone, read),
            why=None if fits else _ROWS_UNKNOWN,
            ways=partial(_and_away, down) if kind != "mlp.down" and fits else None,
        )


def _and_away(away: Callable[[], Units], own: Blocks) -> tuple[Matrix, Matrix]:
    return own[0], away()


def _alone(read: Callable[[], Units], _tokens: object) -> tuple[Units]:
    return (read(),)


def _stacked(folder: ModelFolder, where: Key, name: str, hidden: int | None, axis: Axis | None) -> Iterator[Part]:
    """Give each expert of a stack (experts × units × residual axis, or the two turned) by what leads away from units.

    The fused matrix that leads to them mixes gates and inputs in ways that differ from family to family.
    """
    experts, rows, columns = folder.tensors[name].tensor.shape
    turned = columns != hidden and rows == hidden

    def read(expert: int) -> Units:
        matrix = folder.layers(name)[expert]
        return along(matrix.T if turned else matrix, axis)

    for expert in range(experts):
        yield Part(
            Key(where.tower, "mlp.down", where.layer, "experts", expert),
            (name,),
            UnitAxis.EXCHANGEABLE,
            HIDDEN,
            partial(_alone, partial(read, expert)),
            why=None if hidden in {rows, columns} and rows != columns else _ROWS_UNKNOWN,
        )


def pattern_of(name: str) -> str:
    """Return a tensor's name with a sign in the place of each number."""
    return re.sub(r"\d+", "N", name)
