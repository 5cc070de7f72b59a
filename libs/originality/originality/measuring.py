"""What is measured of one component, before it is known how many tests there are: small, so that layers stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from originality.matching import cosines, match, norms, require_matrix, sample
from originality.moved import agree
from originality.order import UnitAxis, order_shows, units_alike
from originality.refusing import WeightsRefusedError

if TYPE_CHECKING:
    from originality.matching import Matrix, Places
    from originality.moved import Agreement, Alignment

# Below this share of units at their own places, they are also looked for at other places.
MOVED_BELOW = 0.05
_CONTEXT_ROWS = 256
_ROWS_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Component:
    """One component of two models: matrices of units × inputs, or vectors of gains.

    `axis` is what is known of the units by construction. `residual_outputs` are, per model, the weights that lead
    away from the same units (units × residual axis), for the test of moved units: only where inputs and outputs both
    lie on a residual axis of the model's own, never on one that data gives, such as pixels, tokens or bands (`agree`
    says why). `initial` is the initialisation as it was made again from the recorded seed and code. Arrays may be
    memory-mapped: only sampled rows are widened.
    """

    name: str
    first: Matrix
    second: Matrix
    axis: UnitAxis
    layer: int | None = None
    residual_outputs: tuple[Matrix, Matrix] | None = None
    initial: Matrix | None = None


@dataclass(frozen=True, slots=True)
class Likeness:
    """Context and no evidence: cosine and Pearson correlation of flattened weights (up to 256 units); None: undefined.

    Gains that begin as ones have a cosine near 1 in independent models, and Pearson near 0.

    Source: registry-and-originality.md, "Originality examination": Pearson beside cosine, as context.
    """

    cosine: float | None
    pearson: float | None


@dataclass(frozen=True, slots=True)
class Explained:
    """Whether a recreated initialisation explains a match: all counts are of `compared` sampled units.

    `first` and `second` are matched to the initialisation at their own places; `nearer` have a greater cosine with
    one another than either has with the initialisation.
    """

    compared: int
    first: int
    second: int
    nearer: int


@dataclass(frozen=True, slots=True)
class Measured:
    """One component as measured. `untestable` is why no test says anything; `matched` is None where none was made."""

    name: str
    layer: int | None
    planned: bool
    planned_moved: bool
    untestable: str | None
    units: int
    same_values: bool
    compared: int
    matched: int | None
    likeness: float | None
    moved: Agreement | None
    explained: Explained | None
    context: Likeness | None


def measure(component: Component, rng: np.random.Generator, limit: int, alignment: Alignment | None) -> Measured:
    """Measure one component with at most `limit` sampled units.

    Raises `WeightsRefusedError`, which names the component, where weights that were read are broken; weights of units
    that were not sampled are not looked at.
    """
    try:
        return _measured(component, rng, limit, alignment)
    except WeightsRefusedError as refused:
        where = component.name if component.layer is None else f"{component.name} of layer {component.layer}"
        field = f"{where}: {refused.field}"
        raise WeightsRefusedError(refused.code, field, refused.value, refused.rule) from refused


def _measured(component: Component, rng: np.random.Generator, limit: int, alignment: Alignment | None) -> Measured:
    first, second = _column(component.first), _column(component.second)
    require_matrix(first, "first")
    require_matrix(second, "second")
    same_shape = first.shape == second.shape
    free = component.axis is UnitAxis.EXCHANGEABLE
    untestable = _untestable(component, first, second, rng)
    matching = match(first, second, rng, limit) if same_shape and free and not untestable else None
    share = matching.matched / matching.compared if matching else 0.0
    moved = None
    if component.residual_outputs and not untestable and share < MOVED_BELOW:
        moved = agree((first, second), component.residual_outputs, rng, alignment=alignment)
    explained = None
    if component.initial is not None and matching:
        explained = _explained(first, second, component.initial, rng, limit)
    return Measured(
        name=component.name,
        layer=component.layer,
        planned=free and same_shape,
        planned_moved=free and component.residual_outputs is not None,
        untestable=untestable,
        units=min(len(first), len(second)),
        same_values=same_shape and _same_values(first, second),
        compared=matching.compared if matching else 0,
        matched=matching.matched if matching else None,
        likeness=float(np.median(matching.likeness)) if matching else None,
        moved=moved,
        explained=explained,
        context=_context(first, second, rng) if same_shape else None,
    )


def _column(weights: Matrix) -> Matrix:
    return weights[:, None] if weights.ndim == 1 else weights


_BY_CONSTRUCTION = {
    UnitAxis.COMPUTED: "a deterministic buffer: every model that uses the formula has it",
    UnitAxis.STRUCTURED: "a structured initialisation ties units to their places, in independent models too",
    UnitAxis.GAINS: "one number a unit: gains that begin alike stay alike in independent models",
}


def _untestable(component: Component, first: Matrix, second: Matrix, rng: np.random.Generator) -> str | None:
    if component.axis in _BY_CONSTRUCTION:
        return _BY_CONSTRUCTION[component.axis]
    if first.shape != second.shape and (component.residual_outputs is None or _widths_differ(first, second, component)):
        return f"the shapes differ: {first.shape} and {second.shape}"
    if first.shape[1] == 1:
        return "one input: a unit has no direction to compare"
    if units_alike(first, rng) or units_alike(second, rng):
        return "the units of a model are all alike, and nothing tells them apart"
    if order_shows(first, rng) and order_shows(second, rng):
        return "the order of units can be read from each model alone, so the axis is not exchangeable"
    return None


def _widths_differ(first: Matrix, second: Matrix, component: Component) -> bool:
    outputs = component.residual_outputs
    return first.shape[1] != second.shape[1] or (outputs is not None and outputs[0].shape[1] != outputs[1].shape[1])


def _same_values(first: Matrix, second: Matrix) -> bool:
    return all(
        np.array_equal(first[start : start + _ROWS_AT_ONCE], second[start : start + _ROWS_AT_ONCE])
        for start in range(0, len(first), _ROWS_AT_ONCE)
    )


def _explained(first: Matrix, second: Matrix, initial: Matrix, rng: np.random.Generator, limit: int) -> Explained:
    if initial.shape != first.shape:
        raise WeightsRefusedError("OTHER_SHAPE", "initial", initial.shape, f"the model has the shape {first.shape}")
    found = [match(initial, made, rng, limit) for made in (first, second)]
    rows = sample(len(first), limit, rng)
    to_first, to_second = (_own_cosines(initial, made, rows) for made in (first, second))
    between = _own_cosines(first, second, rows)
    # Cosines of equal rows differ from 1 by rounding.
    nearer = int((between > np.maximum(to_first, to_second) + 1e-6).sum())
    return Explained(len(rows), found[0].matched, found[1].matched, nearer)


def _own_cosines(first: Matrix, second: Matrix, rows: Places) -> Matrix:
    steps = range(0, len(rows), _ROWS_AT_ONCE)
    parts = (rows[start : start + _ROWS_AT_ONCE] for start in steps)
    return np.concatenate([np.diagonal(cosines(first, second, part, part)) for part in parts])


def _context(first: Matrix, second: Matrix, rng: np.random.Generator) -> Likeness:
    rows = sample(len(first), _CONTEXT_ROWS if first.shape[1] > 1 else len(first), rng)
    for matrix, field in ((first, "first"), (second, "second")):
        norms(matrix, rows, field)  # refuses what is not finite, also where no test is made
    left, right = (matrix[rows].astype(np.float64).ravel() for matrix in (first, second))
    return Likeness(_cosine(left, right), _cosine(left - left.mean(), right - right.mean()))


def _cosine(left: Matrix, right: Matrix) -> float | None:
    lengths = float(np.linalg.norm(left) * np.linalg.norm(right))
    return float(left @ right) / lengths if lengths > 0 else None
