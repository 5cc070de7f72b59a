"""Two models, component by component: what each test found, corrected for how many tests there were."""

from __future__ import annotations

import math
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from originality.chance import holm, log10_bound, log10_tail
from originality.finding import EXACT, MOVED, NONE, Finding, Method, decide
from originality.measuring import measure

if TYPE_CHECKING:
    from collections.abc import Iterable
    from concurrent.futures import Future

    from originality.measuring import Component, Likeness, Measured
    from originality.moved import Alignment


@dataclass(frozen=True, slots=True)
class ComponentFinding:
    """What is found of one component. `count` of `compared` units met the test's partner; None where none was made.

    `log10_p` bounds P(count or more) under `test.assumption`, `log10_p_adjusted` after Holm's correction in the family
    of `family` tests, `log10_p_exact` is the probability of a random permutation itself (exact test of one
    block only). `blocks` is the number of blocks of units that the test counts over.
    """

    name: str
    layer: int | None
    finding: Finding
    test: Method
    count: int | None
    compared: int
    log10_p: float | None
    log10_p_exact: float | None
    blocks: int | None
    log10_p_adjusted: float | None
    family: int
    reason: str
    context: Likeness | None


@dataclass(frozen=True, slots=True)
class Examination:
    """All components of two models.

    `level` bounds the family-wise error of the exact tests: the chance of one or more findings by them among components
    that are independent.
    """

    level: float
    seed: int
    components: tuple[ComponentFinding, ...]
    correction: str = "Holm; valid under any dependence, and layers that share the residual axis are dependent"
    scope: str = "weights only: logs, data and checkpoints are not examined here, and a panel judges"

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


def examine(
    components: Iterable[Component],
    *,
    seed: int,
    level: float = 0.001,
    limit: int = 1024,
    alignment: Alignment | None = None,
    comparisons: int = 1,
    workers: int = 1,
) -> Examination:
    """Examine components one after another, or some at a time by `workers`; no others' weights are held.

    `seed` is drawn after the weights are fixed and by others than who made them. Exact tests and those for moved units
    are two families: what is not exact never enters the correction of what is. Where this is one of several
    `comparisons` of one model, such as with a catalogue, the families are those of all of them. A component whose test
    was planned counts in its family also where its weights turn out to be untestable. Raises `WeightsRefusedError`.

    Source: registry-and-originality.md, "Originality examination": findings per component, streaming.
    """
    if not 0 < level < 1:
        raise ValueError(f"a level lies between 0 and 1: {level}")
    measured = _measured(components, seed, limit, alignment, workers)
    families = {
        EXACT: sum(one.planned for one in measured) * comparisons,
        MOVED: sum(one.planned_moved for one in measured) * comparisons,
        NONE: 0,
    }
    exact = _adjusted(
        [None if one.matched is None else log10_bound(one.matched, one.sizes) for one in measured], families[EXACT]
    )
    moved = _adjusted(
        [log10_bound(one.moved.agreed, one.moved.sizes) if one.moved else None for one in measured], families[MOVED]
    )
    made = []
    for one, by_place, by_agreement in zip(measured, exact, moved, strict=True):
        finding, test, reason = decide(one, by_place, by_agreement, math.log10(level), families[EXACT])
        made.append(_told(one, finding, test, reason, {EXACT: by_place, MOVED: by_agreement, NONE: None}, families))
    return Examination(level, seed, tuple(made))


def _measured(
    components: Iterable[Component], seed: int, limit: int, alignment: Alignment | None, workers: int
) -> list[Measured]:
    waiting: deque[Future[Measured]] = deque()
    made = []
    with ThreadPoolExecutor(workers) as pool:
        for place, component in enumerate(components):
            # What is drawn depends on the component's place alone, so that any number of workers finds the same.
            waiting.append(pool.submit(measure, component, np.random.default_rng([seed, place]), limit, alignment))
            if len(waiting) > workers:
                made.append(waiting.popleft().result())
        made.extend(one.result() for one in waiting)
    return made


def _adjusted(bounds: list[float | None], family: int) -> list[float | None]:
    adjusted = iter(holm([bound for bound in bounds if bound is not None], family))
    return [None if bound is None else next(adjusted) for bound in bounds]


def _told(
    one: Measured,
    finding: Finding,
    test: Method,
    reason: str,
    adjusted: dict[Method, float | None],
    families: dict[Method, int],
) -> ComponentFinding:
    moved = one.moved
    sizes = {EXACT: one.sizes, MOVED: moved.sizes if moved else (), NONE: ()}[test]
    count, compared = {
        EXACT: (one.matched, one.compared),
        MOVED: (moved.agreed, moved.compared) if moved else (None, 0),
        NONE: (None, 0),
    }[test]
    return ComponentFinding(
        name=one.name,
        layer=one.layer,
        finding=finding,
        test=test,
        count=count,
        compared=compared,
        log10_p=None if count is None else log10_bound(count, sizes),
        log10_p_exact=log10_tail(count, compared) if test is EXACT and len(sizes) == 1 and count is not None else None,
        blocks=len(sizes) or None,
        log10_p_adjusted=adjusted[test],
        family=families[test],
        reason=reason,
        context=one.context,
    )
