"""What is compared in two models, before any test: which parts meet, and their arrays once it is their turn."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from weights.stored import StoredMatrix

from originality.folders.images import images
from originality.folders.pairing import Pair, pairs
from originality.folders.vocabulary import shared_rows
from originality.matching import match, sample
from originality.measuring import Component
from originality.moved import align, alignable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from weights.folder import ModelFolder

    from originality.blocks import Blocks
    from originality.folders.part import Key, Part
    from originality.folders.subject import Subject
    from originality.matching import Places
    from originality.matrix import Matrix
    from originality.moved import Alignment

_ALIGNED_BY: Final = ("embedding", "patches")
_MOVED_BY: Final = ("mlp.up", "mlp.gate")
_MOST_ALIGNED: Final = 4096  # channels: more take more memory than is allowed
EXPERTS: Final = 32
_GLANCE: Final = 256  # half of so many channels at their own places: nothing was moved


@dataclass(frozen=True, slots=True)
class Planned:
    """A component to come: pairs of parts, of which there are several where few units of many layers are one."""

    pairs: tuple[Pair, ...]
    moved: bool = False

    @property
    def key(self) -> Key:
        """Which part of the second model it is; without a layer where there are several."""
        key = self.pairs[0].second.key
        return replace(key, layer=None) if self.pairs[0].second.pooled else key

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
            own = list(pairs(initial.parts, second.parts))
            self._initial = {pair.second.key: pair.first for pair in (*own, *images(own))}
        self._alignments: dict[str, Alignment | None] = {}
        pooled: dict[tuple[str, str, str], list[Pair]] = defaultdict(list)
        self.components: list[Planned] = []
        drawn = _Experts(second.parts, seed)
        every = [pair for pair in pairs(first.parts, second.parts) if drawn.has(pair.second.key)]
        self.experts_left_out = drawn.left_out
        for pair in every:
            key = pair.second.key
            if pair.second.pooled:
                pooled[key.tower, key.kind, key.group].append(pair)
            else:
                self.components.append(Planned((pair,)))
        self.components += [Planned(tuple(some)) for some in pooled.values()]
        self.components += [Planned((pair,)) for pair in images(every)]

    def with_moved(self, layers: int | None) -> list[Planned]:
        """Return the components; so many layers of each tower (None: all) are also searched for moved units."""
        by_tower: dict[tuple[str, str], list[int]] = defaultdict(list)
        for place, planned in enumerate(self.components):
            pair, key = planned.pairs[0], planned.key
            if pair.first.outputs and pair.second.outputs and key.expert is None:
                by_tower[key.tower, key.kind].append(place)
        chosen: set[int] = set()
        for tower in {tower for tower, _ in by_tower}:
            some = next(by_tower[tower, kind] for kind in _MOVED_BY if (tower, kind) in by_tower)
            count = len(some) if layers is None else min(layers, len(some))
            chosen |= {some[place] for place in np.linspace(0, len(some) - 1, count).astype(int)}
        return [replace(planned, moved=place in chosen) for place, planned in enumerate(self.components)]

    def component(self, planned: Planned) -> Component:
        """Open the arrays of a component."""
        pair = planned.pairs[0]
        moved = planned.moved and pair.first.outputs is not None and pair.second.outputs is not None
        alignment = self._alignment(pair.second.key.tower) if moved else None
        # An alignment is of the whole axis, so all of it is looked at then.
        some = (lambda blocks: blocks) if alignment else self._some_inputs
        first: Blocks = ()
        second: Blocks = ()
        for one in planned.pairs:
            rows = self._rows(one.first, one.second)
            first += some(one.first.read(rows[0]))
            second += some(one.second.read(rows[1]))
        why = next((part.why for one in planned.pairs for part in (one.second, one.first) if part.why), None)
        if any(one.first.form != one.second.form for one in planned.pairs):
            why = f"the shapes differ: {pair.first.form} and {pair.second.form}"
        outputs = None
        if moved and pair.first.outputs and pair.second.outputs:
            (left,), (right,) = some((pair.first.outputs(),)), some((pair.second.outputs(),))
            outputs = (left, right) if left.shape[1] == right.shape[1] else None
        return Component(
            name=planned.name,
            first=first,
            second=second,
            axis=pair.second.axis,
            layer=planned.key.layer,
            residual_outputs=outputs,
            initial=self._initially(planned, some),
            spared=pair.spared,
            equal=self._equal(planned),
            why=why,
            alignment=alignment,
        )

    def _rows(self, first: Part, second: Part) -> tuple[Places | None, Places | None]:
        if first.tokens is None or second.tokens is None:
            return None, None
        rng = np.random.default_rng([self._seed, first.tokens, second.tokens])
        return shared_rows(self._first.vocabulary, self._second.vocabulary, (first.tokens, second.tokens), rng)

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
            if isinstance(block, StoredMatrix) and block.shape[1] > self._inputs
            else block
            for block in blocks
        )

    def _equal(self, planned: Planned) -> bool:
        """Say whether all values of the parts are equal; stops at the first that differ. Never, of fingerprints."""
        folders = self._first.folder, self._second.folder
        if folders[0] is None or folders[1] is None:
            return False
        for one in planned.pairs:
            left, right = (
                _all_of(part, folder) for folder, part in zip(folders, (one.first, one.second), strict=True) if folder
            )
            if len(left) != len(right) or not all(map(_equals, left, right)):
                return False
        return True

    def _alignment(self, tower: str) -> Alignment | None:
        """Return how the residual axes of a tower lie to one another; None where as they stand, or nothing tells."""
        if tower not in self._alignments:
            self._alignments[tower] = self._aligned(tower)
        return self._alignments[tower]

    def _aligned(self, tower: str) -> Alignment | None:
        by = next(
            (
                (pair.first, pair.second)
                for planned in self.components
                for pair in planned.pairs
                if pair.second.key.kind in _ALIGNED_BY and pair.second.key.tower == tower
            ),
            None,
        )
        if by is None:
            return None
        rows = self._rows(*by)
        first, second = (part.read(some)[0] for part, some in zip(by, rows, strict=True))
        if first.shape != second.shape or len(first) > _MOST_ALIGNED:
            return None
        rng = np.random.default_rng([self._seed, len(first)])
        if 2 * match(first, second, rng, _GLANCE).matched >= min(_GLANCE, len(first)):
            return None
        left, right = (np.ascontiguousarray(channels[:].T) for channels in (first, second))
        return align(left, right, rng) if alignable(left, right, rng) else None


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


def _all_of(part: Part, folder: ModelFolder) -> Blocks:
    if part.pooled or part.tokens is not None:
        return tuple(folder.matrix(name) for name in part.tensors)
    return part.read(None)


def _equals(first: Matrix, second: Matrix) -> bool:
    if isinstance(first, StoredMatrix) and isinstance(second, StoredMatrix):
        return first.equals(second)
    return np.array_equal(first[:], second[:])
