"""Two models of the family as components for the examination, and what it said of the pair."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from originality import Component, Finding, UnitAxis, align, examine

from tests.originality.making import EMBEDDING, HEAD
from tests.originality.network import mlps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from originality import Examination

    from tests.originality.making import Model
    from tests.originality.network import Weights

LEVEL = 0.001
# The widest level at which false findings are counted: a p of moved units is told only where it is below the level.
WIDEST = 0.05
FREE = UnitAxis.EXCHANGEABLE
EVIDENCE = {Finding.IDENTICAL, Finding.DERIVED, Finding.PARTLY_DERIVED, Finding.SHARED_INITIALISATION}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is said of a pair: log10 of the least adjusted p of the exact tests and of those for moved units (0: none).

    `findings` are those of its components, `counts` those of each exact test that was made, and `pearson` the greatest
    correlation of flattened weights, which is no evidence and stands beside it.
    """

    exact: float
    moved: float
    findings: tuple[Finding, ...]
    counts: tuple[int, ...]
    pearson: float

    @property
    def score(self) -> float:
        """How strong the evidence is by either test: the greater, the less likely by chance."""
        return -min(self.exact, self.moved)

    def found(self, level: float = LEVEL) -> bool:
        """Whether either test rejects at the level."""
        return self.score >= -math.log10(level)


def components(first: Model, second: Model, initial: Weights | None = None) -> Iterator[Component]:
    """Components whose axes are exchangeable by construction.

    Hidden units of the MLPs, values within a head, and the residual axis in embeddings and head. Layers and experts
    are taken at their own places where there are as many, and otherwise each with each; experts each with each always.
    """
    (shape, one), (other_shape, other) = first, second
    again = initial or {}
    tokens = min(one[EMBEDDING].shape[0], other[EMBEDDING].shape[0])
    for name in (EMBEDDING, HEAD):
        shown = again[name][:tokens].T if initial else None
        yield Component(name, one[name][:tokens].T, other[name][:tokens].T, FREE, initial=shown)
    own = shape.layers == other_shape.layers
    for layer, there in product(range(shape.layers), range(other_shape.layers)):
        if own and layer != there:
            continue
        size = shape.width // shape.heads
        name, name_there = (f"model.layers.{place}.self_attn.v_proj.weight" for place in (layer, there))
        for start in range(0, shape.width, size):
            rows = slice(start, start + size)
            shown = again[name][rows] if initial else None
            yield Component(
                f"value.{start // size}", one[name][rows], other[name_there][rows], FREE, layer, initial=shown
            )
        for mlp, mlp_there in product(mlps(shape, layer), mlps(other_shape, there)):
            away = one[mlp.down].T, other[mlp_there.down].T
            for part in ("gate", "up"):
                name, name_there = getattr(mlp, part), getattr(mlp_there, part)
                shown = again.get(name)
                yield Component(name, one[name], other[name_there], FREE, layer, away, shown)
            yield Component(mlp.down, *away, FREE, layer, initial=again[mlp.down].T if initial else None)


def examined(
    first: Model, second: Model, seed: int, *, level: float = LEVEL, initial: Weights | None = None
) -> Examination:
    """Examine the pair, with the residual axes aligned by the embeddings of the tokens that both have."""
    tokens = min(first[1][EMBEDDING].shape[0], second[1][EMBEDDING].shape[0])
    alignment = align(first[1][EMBEDDING][:tokens], second[1][EMBEDDING][:tokens], np.random.default_rng([seed, 7]))
    return examine(components(first, second, initial), seed=seed, level=level, alignment=alignment)


def outcome(examination: Examination, asked: Callable[[str], bool] = lambda _: True) -> Outcome:
    """What the examination says of the pair as a whole, or of the components whose names are `asked` for."""
    least = {True: 0.0, False: 0.0}
    told = [one for one in examination.components if asked(one.name)]
    for one in told:
        if one.log10_p_adjusted is not None:
            least[one.test.exact] = min(least[one.test.exact], one.log10_p_adjusted)
    return Outcome(
        exact=least[True],
        moved=least[False],
        findings=tuple(one.finding for one in told),
        pearson=max((one.context.pearson or 0.0 for one in told if one.context), default=0.0),
        counts=tuple(one.count for one in told if one.test.exact and one.count is not None),
    )
