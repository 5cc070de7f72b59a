"""Which part of one model is compared to which of the other: towers, layers and experts.

Layers may have been dropped, doubled or put in another order, experts may lie in another order or all come from one
dense MLP. Partners are chosen by a look at a few hidden units of each MLP, at their own places, and these units are
then spared by the tests: whatever was chosen, the order of all other units is as likely as before, so the tests stay
exact and need no correction for how many partners were tried.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from originality import fixed
from originality.blocks import own_likeness
from originality.folders.part import Key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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
    """Two parts to be compared. `spared` are places of hidden units that were looked at to choose them."""

    first: Part
    second: Part
    spared: Places | None


def spared_units(units: int) -> Places:
    """Return the places of the hidden units that partners are chosen by: a quarter at most."""
    return fixed.places("spared", units, min(_SPARED, units // 4))


def pairs(first: Mapping[Key, Part], second: Mapping[Key, Part]) -> Iterator[Pair]:
    """Give the pairs of parts of two models, tower by tower and layer by layer.

    Source: registry-and-originality.md, "Originality examination": per component, streaming.
    """
    probes = _probes(first), _probes(second)
    layers = _layers(*probes)
    experts = _experts(*probes, layers)
    for key, part in second.items():
        layer = layers.get((key.tower, key.layer), key.layer)
        hidden = key.kind in _MLP
        group, expert = experts.get((key.tower, key.layer, key.group, key.expert), (key.group, key.expert))
        partner = first.get(Key(key.tower, key.kind, layer, group, expert))
        if partner is None and key.kind == "head":
            partner = first.get(Key(key.tower, "embedding"))  # one matrix is both where they are tied
        if partner is not None:
            yield Pair(partner, part, spared_units(part.shapes()[0][0]) if hidden else None)


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
    first: _Probes, second: _Probes, layers: Mapping[tuple[str, int | None], int]
) -> dict[tuple[str, int | None, str, int | None], tuple[str, int | None]]:
    """Return for each MLP of the second model, where a layer has several, the likest one of the first one's layer."""
    made: dict[tuple[str, int | None, str, int | None], tuple[str, int | None]] = {}
    for (tower, layer), some in second.items():
        others = first.get((tower, layers.get((tower, layer), layer)), {})
        if not others or max(len(some), len(others)) == 1:
            continue
        likeness = _likeness(list(others.values()), list(some.values()))
        for (group, expert), of_one in zip(some, likeness.T, strict=True):
            if of_one.max() >= _LEAST:
                made[tower, layer, group, expert] = list(others)[int(of_one.argmax())]
    return made
