"""What is compared in two models, before any test: which parts meet, and their arrays once it is their turn."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from originality.folders.pairing import Pair, pairs
from originality.folders.vocabulary import shared_rows
from originality.matching import match
from originality.measuring import Component, same_values
from originality.moved import align

if TYPE_CHECKING:
    from originality.blocks import Blocks
    from originality.folders.part import Key, Part
    from originality.folders.subject import Subject
    from originality.matching import Places
    from originality.moved import Alignment

_ALIGNED_BY: Final = ("embedding", "patches")
_MOVED_BY: Final = ("mlp.up", "mlp.gate")
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

    def __init__(self, first: Subject, second: Subject, seed: int, initial: Subject | None) -> None:
        self._first, self._second = first, second
        self._seed = seed
        self._initial = initial.parts if initial is not None else {}
        self._alignments: dict[str, Alignment | None] = {}
        pooled: dict[tuple[str, str, str], list[Pair]] = defaultdict(list)
        self.components: list[Planned] = []
        for pair in pairs(first.parts, second.parts):
            key = pair.second.key
            if pair.second.pooled:
                pooled[key.tower, key.kind, key.group].append(pair)
            else:
                self.components.append(Planned((pair,)))
        self.components += [Planned(tuple(some)) for some in pooled.values()]

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
        first: Blocks = ()
        second: Blocks = ()
        for one in planned.pairs:
            rows = self._rows(one.first, one.second)
            first += one.first.read(rows[0])
            second += one.second.read(rows[1])
        why = next((part.why for one in planned.pairs for part in (one.second, one.first) if part.why), None)
        if any(one.first.form != one.second.form for one in planned.pairs):
            why = f"the shapes differ: {pair.first.form} and {pair.second.form}"
        moved = planned.moved and pair.first.outputs and pair.second.outputs
        return Component(
            name=planned.name,
            first=first,
            second=second,
            axis=pair.second.axis,
            layer=planned.key.layer,
            residual_outputs=(pair.first.outputs(), pair.second.outputs())
            if moved and pair.first.outputs and pair.second.outputs
            else None,
            initial=self._initially(planned),
            spared=pair.spared,
            equal=self._equal(planned),
            why=why,
            alignment=self._alignment(pair.second.key.tower) if moved else None,
        )

    def _rows(self, first: Part, second: Part) -> tuple[Places | None, Places | None]:
        if first.tokens is None or second.tokens is None:
            return None, None
        rng = np.random.default_rng([self._seed, first.tokens, second.tokens])
        return shared_rows(self._first.vocabulary, self._second.vocabulary, (first.tokens, second.tokens), rng)

    def _initially(self, planned: Planned) -> Blocks | None:
        made: Blocks = ()
        for one in planned.pairs:
            part = self._initial.get(one.second.key)
            if part is None or part.why is not None:
                return None
            made += part.read(self._rows(one.first, one.second)[1])
        return made

    def _equal(self, planned: Planned) -> bool | None:
        """Say whether all values are equal, where the arrays at hand are only some of them."""
        folders = self._first.folder, self._second.folder
        if folders[0] is None or folders[1] is None:
            return False
        if not planned.pairs[0].second.pooled and planned.pairs[0].second.tokens is None:
            return None
        for one in planned.pairs:
            for names in zip(one.first.tensors, one.second.tensors, strict=True):
                left, right = (folder.matrix(name) for folder, name in zip(folders, names, strict=True) if folder)
                if left.shape != right.shape or not same_values(left, right):
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
        if first.shape != second.shape:
            return None
        rng = np.random.default_rng([self._seed, len(first)])
        if 2 * match(first, second, rng, _GLANCE).matched >= min(_GLANCE, len(first)):
            return None
        return align(np.ascontiguousarray(first[:].T), np.ascontiguousarray(second[:].T), rng)
