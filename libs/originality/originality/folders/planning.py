"""What is compared in two models, before any test: which parts meet, and their arrays once it is their turn."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from weights.stored import StoredMatrix

from originality.folders.axis import tokens_of
from originality.folders.pairing import Pair, pairs
from originality.folders.view import Units
from originality.matching import sample
from originality.measuring import Component, same_values
from originality.moved import Ways

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from weights.folder import ModelFolder

    from originality.blocks import Blocks
    from originality.folders.part import Key, Part
    from originality.folders.subject import Subject
    from originality.matching import Places
    from originality.matrix import Matrix

# What is searched for units that were moved, a layer at a time: of each line the first kind that a tower has.
_MOVED_BY: Final = (("mlp.up", "mlp.gate"), ("attention.v", "attention.kv_b values"), ("attention.k",))
# Experts of a layer that are searched, as long as none of them shows something.
_EXPERTS_SEARCHED: Final = 4
EXPERTS: Final = 32


@dataclass(frozen=True, slots=True)
class Planned:
    """A component to come: pairs of parts, of which there are several where few units of many layers are one."""

    pairs: tuple[Pair, ...]
    moved: bool = False

    @property
    def key(self) -> Key:
        """Which part of the second model it is; without a layer where there are several."""
        key = self.pairs[0].second.key
        return replace(key, layer=None) if self.pooled else key

    @property
    def pooled(self) -> bool:
        """Whether it is of all layers together."""
        return self.pairs[0].second.pooled

    @property
    def name(self) -> str:
        """Its name in findings and refusals."""
        key = self.key
        words = (key.tower, key.kind, key.group, None if key.expert is None else f"expert {key.expert}")
        return " ".join(word for word in words if word)


class Plan:
    """All components of two models, and what they need of the models as wholes."""

    def __init__(self, first: Subject, second: Subject, seed: int, inputs: int, initial: Subject | None) -> None:
        self._first, self._second = first, second
        self._inputs = inputs
        self._seed = seed
        self._initial: dict[Key, Part] = {}
        if initial is not None:
            # Along an axis that was put back the initialisation does not lie.
            own = [pair for pair in pairs(initial.parts, second.parts) if pair.second.key.tower not in second.axes]
            self._initial = {pair.second.key: pair.first for pair in own}
        pooled: dict[tuple[str, str, str], list[Pair]] = defaultdict(list)
        self.components: list[Planned] = []
        drawn = _Experts(second.parts, seed)
        self.experts_left_out = drawn.left_out
        for pair in pairs(first.parts, second.parts):
            key = pair.second.key
            if not drawn.has(key):
                continue
            if pair.second.pooled:
                pooled[key.tower, key.kind, key.group].append(pair)
            else:
                self.components.append(Planned((pair,)))
        self.components += [Planned(tuple(some)) for some in pooled.values()]

    def with_moved(self, layers: int | None) -> list[Planned]:
        """Return the components; so many layers of each tower (None: all) are also searched for moved units."""
        if layers == 0:
            return list(self.components)
        by_kind: dict[tuple[str, str], dict[int | None, list[int]]] = defaultdict(lambda: defaultdict(list))
        chosen: set[int] = set()
        for place, planned in enumerate(self.components):
            key = planned.key
            if all(pair.first.ways and pair.second.ways for pair in planned.pairs):
                by_kind[key.tower, key.kind][key.layer].append(place)
                if planned.pooled:
                    chosen.add(place)
        for tower in {tower for tower, _ in by_kind}:
            for kinds in _MOVED_BY:
                some = next((by_kind[tower, kind] for kind in kinds if (tower, kind) in by_kind), {})
                every = list(some.values())
                count = len(every) if layers is None else min(layers, len(every))
                for place in np.linspace(0, len(every) - 1, count).astype(int):
                    chosen |= set(every[place][: None if layers is None else _EXPERTS_SEARCHED])
        return [replace(planned, moved=place in chosen) for place, planned in enumerate(self.components)]

    def component(self, planned: Planned) -> Component:
        """Open the arrays of a component."""
        pair = planned.pairs[0]
        some = self._some_inputs
        read = [one.blocks(self._rows(one.first, one.second)) for one in planned.pairs]
        first, second = (tuple(block for blocks in side for block in some(blocks)) for side in zip(*read, strict=True))
        why = next((part.why for one in planned.pairs for part in (one.second, one.first) if part.why), None)
        if any(one.first.form != one.second.form for one in planned.pairs):
            why = f"the shapes differ: {pair.first.form} and {pair.second.form}"
        return Component(
            name=planned.name,
            first=first,
            second=second,
            axis=pair.second.axis,
            layer=planned.key.layer,
            ways=self._ways(planned, read) if planned.moved else None,
            initial=self._initially(planned, some),
            spared=pair.spared,
            equal=self._equal(planned),
            why=why,
        )

    def _ways(self, planned: Planned, read: list[tuple[Blocks, Blocks]]) -> tuple[Ways, Ways] | None:
        """Return what leads to the units that may have moved, and away from them, in both models; None: no likeness."""
        made = []
        for side, blocks in zip(("first", "second"), zip(*read, strict=True), strict=True):
            parts = [getattr(one, side) for one in planned.pairs]
            ways = [part.ways(own) for part, own in zip(parts, blocks, strict=True)]
            made.append(Ways(*(self._some_inputs(way) for way in zip(*ways, strict=True))))
        first, second = made
        return (first, second) if first.widths() == second.widths() else None

    def _rows(self, first: Part, second: Part) -> tuple[Places | None, Places | None]:
        return tokens_of(self._first, self._second, (first, second), self._seed) or (None, None)

    def _initially(self, planned: Planned, some: Callable[[Blocks], Blocks]) -> Blocks | None:
        made: Blocks = ()
        for one in planned.pairs:
            part = self._initial.get(one.second.key)
            if part is None or part.why is not None:
                return None
            made += some(part.read(self._rows(one.first, one.second)[1]))
        return made

    def _some_inputs(self, blocks: Blocks) -> Blocks:
        """Leave away inputs beyond a number: which ones depends on no weight, so that the test stays exact."""
        return tuple(
            block.with_columns(
                sample(block.shape[1], self._inputs, np.random.default_rng([self._seed, block.shape[1]]))
            )
            if isinstance(block, Units) and block.shape[1] > self._inputs
            else block
            for block in blocks
        )

    def _equal(self, planned: Planned) -> bool:
        """Say whether all values of the parts are equal; stops at the first that differ. Never, of fingerprints."""
        folders = self._first.folder, self._second.folder
        if folders[0] is None or folders[1] is None:
            return False
        for one in planned.pairs:
            left, right = _all_of(one, folders[0], folders[1])
            if len(left) != len(right) or not all(map(_equals, left, right)):
                return False
        return True


class _Experts:
    """The experts of each layer that are examined: of many, some that the seed draws."""

    def __init__(self, parts: Mapping[Key, Part], seed: int) -> None:
        numbers: dict[tuple[str, int | None, str], set[int]] = defaultdict(set)
        for key in parts:
            if key.expert is not None:
                numbers[key.tower, key.layer, key.group].add(key.expert)
        self._drawn: dict[tuple[str, int | None, str], frozenset[int]] = {}
        for place, (layer, some) in enumerate(sorted(numbers.items(), key=str)):
            ordered = sorted(some)
            chosen = sample(len(ordered), EXPERTS, np.random.default_rng([seed, len(ordered), place]))
            self._drawn[layer] = frozenset(ordered[one] for one in chosen)
        self.left_out = sum(len(some) - len(self._drawn[layer]) for layer, some in numbers.items())

    def has(self, key: Key) -> bool:
        """Say whether a part is examined."""
        return key.expert is None or key.expert in self._drawn[key.tower, key.layer, key.group]


def _all_of(pair: Pair, first: ModelFolder, second: ModelFolder) -> tuple[Blocks, Blocks]:
    if pair.second.pooled or pair.second.tokens is not None:
        left, right = (
            tuple(folder.matrix(name) for name in part.tensors)
            for folder, part in ((first, pair.first), (second, pair.second))
        )
        return left, right
    if pair.first.heads is not None and pair.second.heads is not None:
        own = np.arange(pair.second.heads.queries)
        return pair.first.heads.read(own if pair.heads is None else pair.heads), pair.second.heads.read(own)
    return pair.first.read(None), pair.second.read(None)


def _equals(first: Matrix, second: Matrix) -> bool:
    if isinstance(first, StoredMatrix) and isinstance(second, StoredMatrix):
        return first.equals(second)
    return first.shape == second.shape and same_values(first, second)
