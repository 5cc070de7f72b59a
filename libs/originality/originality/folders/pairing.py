"""Which part of one model is compared to which of the other: towers, layers and experts.

Layers may have been dropped, doubled or put in another order, experts may lie in another order or all come from one
dense MLP. Partners are chosen by a look at a few hidden units of each MLP, at their own places, and these units are
then spared by the tests: whatever was chosen, the order of all other units is as likely as before, so the tests stay
exact and need no correction for how many partners were tried.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.optimize import linear_sum_assignment

from originality import fixed
from originality.blocks import own_likeness
from originality.folders.heads import moved_heads
from originality.folders.part import Key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from originality.blocks import Blocks
    from originality.folders.part import Part
    from originality.matching import Floats, Places

    _Probes = dict[tuple[str, int], dict[tuple[str, int | None], Part]]

_SPARED: Final = 32
_INPUTS: Final = 256
# Of a layer with experts, so many are looked at to find the layer's partner.
_EXPERTS_OF_A_LAYER: Final = 64
_MLP: Final = ("mlp.up", "mlp.gate", "mlp.down")
# Mean cosine of own places that stands out: far above the median of all pairs.
_SPREADS, _LEAST = 8.0, 0.05
# A layer of the same number is taken where it is nearly as like as the likest.
_AS_GOOD: Final = 0.9


@dataclass(frozen=True, slots=True)
class Pair:
    """Two parts to be compared. `spared` are places of hidden units that were looked at to choose them.

    `heads` is, for each query head of the second model, the one of the first that it is compared to (None: its own).
    """

    first: Part
    second: Part
    spared: Places | None
    heads: Places | None = None

    def blocks(self, rows: tuple[Places | None, Places | None]) -> tuple[Blocks, Blocks]:
        """Return the units of both; of parts whose inputs are tokens, those of these `rows`."""
        if self.heads is not None and self.first.heads and self.second.heads:
            return self.first.heads.read(self.heads[self.second.heads.firsts()]), self.second.read(rows[1])
        return self.first.read(rows[0]), self.second.read(rows[1])


def spared_units(units: int) -> Places:
    """Return the places of the hidden units that partners are chosen by: a quarter at most."""
    return fixed.places("spared", units, min(_SPARED, units // 4))


def pairs(first: Mapping[Key, Part], second: Mapping[Key, Part]) -> Iterator[Pair]:
    """Give the pairs of parts of two models, tower by tower and layer by layer.

    Source: registry-and-originality.md, "Originality examination": per component, streaming.
    """
    probes = _probes(first), _probes(second)
    layers = _layers(*probes)
    experts = _experts((first, second), probes, layers)
    heads = _Heads(first, second, layers)
    for key, part in second.items():
        layer = layers.get((key.tower, key.layer), key.layer)
        hidden = key.kind in _MLP
        group, expert = experts.get((key.tower, key.layer, key.group, key.expert), (key.group, key.expert))
        partner = first.get(Key(key.tower, key.kind, layer, group, expert))
        if partner is None and key.kind == "head":
            partner = first.get(Key(key.tower, "embedding"))  # one matrix is both where they are tied
        if partner is not None:
            spared = spared_units(part.shapes()[0][0]) if hidden else None
            yield Pair(partner, part, spared, heads.of(part))


def _probes(parts: Mapping[Key, Part]) -> _Probes:
    """Return for each tower and layer the matrix of each of its MLPs that partners are chosen by."""
    made: _Probes = defaultdict(dict)
    for kind in reversed(_MLP):  # the first kind of the list that an MLP has stays
        for key, part in parts.items():
            if key.kind == kind and key.layer is not None and part.why is None:
                made[key.tower, key.layer][key.group, key.expert] = part
    return made


def _likeness(first: Sequence[Part], second: Sequence[Part]) -> Floats:
    """Return the mean cosine of spared units at their own places, for each pair; 0 where the shapes differ."""
    made = np.zeros((len(first), len(second)), dtype=np.float32)
    shapes = [[(part.key.kind, part.shapes()[0], part.form) for part in parts] for parts in (first, second)]
    for shape in sorted(set(shapes[0]) & set(shapes[1])):
        rows, columns = ([place for place, one in enumerate(some) if one == shape] for some in shapes)
        units, inputs = shape[1][0], shape[1][1]
        made[np.ix_(rows, columns)] = own_likeness(
            (first[place].read(None)[0] for place in rows),
            (second[place].read(None)[0] for place in columns),
            spared_units(units),
            fixed.places("inputs of spared", inputs, _INPUTS),
        )
    return made


def _layers(first: _Probes, second: _Probes) -> dict[tuple[str, int | None], int]:
    """Return for each layer of the second model the layer of the first that it is compared to: the likest one.

    Where none stands out, it is the layer of the same number, if there is one.
    """
    made: dict[tuple[str, int | None], int] = {}
    for tower in sorted({tower for tower, _ in first} & {tower for tower, _ in second}):
        own = [
            [(layer, part) for (name, layer), some in sorted(model.items()) if name == tower
             for part in list(some.values())[:_EXPERTS_OF_A_LAYER]]
            for model in (first, second)
        ]  # fmt: skip
        likeness = _likeness(*([part for _, part in some] for some in own))
        rows, columns = (sorted({layer for layer, _ in some}) for some in own)
        by_layer = np.zeros((len(rows), len(columns)), dtype=np.float32)
        places = [
            np.searchsorted(numbers, [layer for layer, _ in some])
            for numbers, some in zip((rows, columns), own, strict=True)
        ]
        np.maximum.at(by_layer, np.ix_(*places), likeness)
        least = max(_LEAST, _SPREADS * float(np.median(np.abs(likeness))))
        for layer, of_layer in zip(columns, by_layer.T, strict=True):
            best = int(of_layer.argmax())
            if layer in rows and (of_layer[best] < least or of_layer[rows.index(layer)] >= _AS_GOOD * of_layer[best]):
                best = rows.index(layer)
            made[tower, layer] = rows[best]
    return made


def _experts(
    models: tuple[Mapping[Key, Part], Mapping[Key, Part]],
    probes: tuple[_Probes, _Probes],
    layers: Mapping[tuple[str, int | None], int],
) -> dict[tuple[str, int | None, str, int | None], tuple[str, int | None]]:
    """Return for each MLP of the second model, where a layer has several, the likest one of the first one's layer.

    Where units were moved, none is like any at its own places. Then routers tell, if both models have one, and of a
    dense MLP there is only one.
    """
    made: dict[tuple[str, int | None, str, int | None], tuple[str, int | None]] = {}
    for (tower, layer), some in probes[1].items():
        partner = layers.get((tower, layer), layer)
        others = probes[0].get((tower, partner), {})
        if not others or max(len(some), len(others)) == 1:
            continue
        routed = _by_routers(models, tower, partner, layer)
        likeness = _likeness(list(others.values()), list(some.values()))
        least = max(_LEAST, _SPREADS * float(np.median(np.abs(likeness))))
        for (group, expert), of_one in zip(some, likeness.T, strict=True):
            likest = list(others)[int(of_one.argmax())]
            by_router = group, routed.get(expert)
            if of_one.max() < least and by_router in others:
                made[tower, layer, group, expert] = by_router
            elif of_one.max() >= _LEAST or len(others) == 1:
                made[tower, layer, group, expert] = likest
    return made


def _by_routers(
    models: tuple[Mapping[Key, Part], Mapping[Key, Part]], tower: str, first: int, second: int
) -> dict[int | None, int]:
    """Return for each expert of a layer of the second model the one of the first whose row of the router is likest."""
    routers = [
        [part for key, part in parts.items() if (key.tower, key.kind, key.layer) == (tower, "router", layer)]
        for parts, layer in zip(models, (first, second), strict=True)
    ]
    if [len(some) for some in routers] != [1, 1]:
        return {}
    (left,), (right,) = (some[0].read(None) for some in routers)
    if left.shape != right.shape:
        return {}
    # What is common to all experts changes no choice among them.
    rows = [np.asarray(one[:] - one[:].mean(axis=0)) for one in (left, right)]
    lengths = [np.maximum(np.linalg.norm(one, axis=1, keepdims=True), np.finfo(np.float32).tiny) for one in rows]
    likeness = (rows[0] / lengths[0]) @ (rows[1] / lengths[1]).T
    places, experts = linear_sum_assignment(np.nan_to_num(likeness), maximize=True)
    return dict(zip(experts.tolist(), places.tolist(), strict=True))


# By which parts heads are recognised, for the parts that are then tested.
_LOOKED_AT: Final = {
    "attention.v": (("attention.k heads", "attention.k"), ("attention.q heads", "attention.q")),
    "attention.o": (("attention.k heads", "attention.k"), ("attention.q heads", "attention.q")),
    "attention.q": (("attention.v",), ("attention.o",)),
    "attention.k": (("attention.v",), ("attention.o",)),
}


class _Heads:
    """Which heads the parts of attention are compared by; each layer is looked at once."""

    def __init__(
        self,
        first: Mapping[Key, Part],
        second: Mapping[Key, Part],
        layers: Mapping[tuple[str, int | None], int],
    ) -> None:
        self._first, self._second, self._layers = first, second, layers
        self._found: dict[tuple[Key, object], Places | None] = {}

    def of(self, part: Part) -> Places | None:
        """Return for each query head of a part of the second model the one of the first; None: as they stand."""
        by = _LOOKED_AT.get(part.key.kind)
        if by is None or part.heads is None:
            return None
        where = replace(part.key, kind=""), by
        if where not in self._found:
            groups, within = (self._some(part.key, kinds) for kinds in by)
            self._found[where] = moved_heads([*groups, *within]) if groups else None
        return self._found[where]

    def _some(self, key: Key, kinds: tuple[str, ...]) -> list[tuple[Part, Part]]:
        layer = self._layers.get((key.tower, key.layer), key.layer)
        both = [
            (self._first.get(replace(key, kind=kind, layer=layer)), self._second.get(replace(key, kind=kind)))
            for kind in kinds
        ]
        return [(one, other) for one, other in both if one and other and one.heads and other.heads][:1]
