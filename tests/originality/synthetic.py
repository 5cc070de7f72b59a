"""Families that are trained here, and what the examination says of every kind of pair among them."""

from __future__ import annotations

import os
import pickle
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from tests.originality.family import Family
from tests.originality.kinds import KINDS, Truth, seeing
from tests.originality.pairs import WIDEST, examined, outcome
from tests.originality.training import DECODER, ENCODER, GROUPED, MIXED, from_seed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.originality.network import Shape
    from tests.originality.pairs import Outcome

_TOLD_EVERY = 100
DECODERS, ENCODERS = "language models from seeds of their own", "vision encoders from seeds of their own"
GROUPS, MIXTURES = "language models with grouped queries", "language models with experts"
_SORTS = {DECODERS: DECODER, ENCODERS: ENCODER, GROUPS: GROUPED, MIXTURES: MIXED}
REUSED, SPOKEN = "vision encoder reused frozen: the encoder", "vision encoder reused frozen: the language model"


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is made: models of each sort, training steps, draws for each parent, parents of what is trained."""

    models: int = 46
    steps: int = 300
    draws: int = 2
    parents: int = 24


@dataclass(slots=True)
class Row:
    """A kind of pair with the outcomes of all its pairs."""

    name: str
    truth: Truth
    outcomes: list[Outcome] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Run:
    """A whole run: rows by kind, the losses of the models (nats a token, or an image), and how long it took."""

    plan: Plan
    rows: dict[str, Row]
    losses: dict[str, list[float]]
    seconds: float


def run(plan: Plan, folder: Path, *, kinds: Sequence[str] | None = None, processes: int) -> Run:
    """Train the models of the plan and examine every pair, of `kinds` only where given; `folder` keeps the models."""
    began = time.monotonic()
    chosen = [kind for kind in KINDS if kinds is None or kind.name in kinds]
    rows = {name: Row(name, Truth.INDEPENDENT) for name in _SORTS}
    rows |= {kind.name: Row(kind.name, kind.truth) for kind in chosen}
    rows |= {REUSED: Row(REUSED, Truth.DERIVED), SPOKEN: Row(SPOKEN, Truth.INDEPENDENT)}
    # A fork of a process with threads may hang: each worker starts afresh.
    with _one_thread(), ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        seeds = {name: range(plan.models if name in {DECODERS, ENCODERS} else plan.parents) for name in _SORTS}
        pieces_trained = [(shape, seed, plan.steps) for name, shape in _SORTS.items() for seed in seeds[name]]
        trained = iter(list(pool.map(_trained, pieces_trained)))
        models = {name: [next(trained) for _ in some] for name, some in seeds.items()}
        by_sort = [[weights for weights, _ in models[name]] for name in _SORTS]
        family = Family(folder, by_sort[0], by_sort[1], plan.steps, by_sort[2], by_sort[3])
        family.write()
        kept = folder / "family.pickle"
        kept.write_bytes(pickle.dumps(family))
        pieces = [(name, str(kept), first, 0) for name in (DECODERS, GROUPS, MIXTURES) for first in seeds[name]] + [
            (kind.name, str(kept), number, draw)
            for kind in chosen
            for number in seeds[DECODERS][: None if kind.sort == DECODER and not kind.trained else plan.parents]
            for draw in range(1 if kind.trained else plan.draws)
        ]
        for done, said in enumerate(pool.map(_said, pieces), start=1):
            for name, one in said:
                rows[name].outcomes.append(one)
            if done % _TOLD_EVERY == 0:
                print(f"{done:,} of {len(pieces):,}, {time.monotonic() - began:.0f} s", flush=True)
    shown = {name: [loss for _, loss in some] for name, some in models.items()}
    return Run(plan, rows, shown, time.monotonic() - began)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Workers are as many as there are cores and have small matrices: threads of numpy would be in their way."""
    before = os.environ.get("OPENBLAS_NUM_THREADS")
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["OPENBLAS_NUM_THREADS"]
        else:
            os.environ["OPENBLAS_NUM_THREADS"] = before


def _trained(piece: tuple[Shape, int, int]) -> tuple[Any, float]:
    shape, seed, steps = piece
    return from_seed(shape, seed, steps // 4 if shape.classes else steps)


def _said(piece: tuple[str, str, int, int]) -> list[tuple[str, Outcome]]:
    """Return the outcomes of one piece by row: one pair of a kind, or all independent pairs of one model."""
    name, kept, number, draw = piece
    family = _family(kept)
    if name in {GROUPS, MIXTURES}:
        some = family.grouped if name == GROUPS else family.mixed
        first, *others = (family.kept(one, _SORTS[name]) for one in range(number, len(some)))
        return [(name, outcome(examined(first, other, number, level=WIDEST))) for other in others]
    if name != DECODERS:
        (kind,) = (kind for kind in KINDS if kind.name == name)
        return [(name, kind.outcome(family, number, draw))]
    made = list(zip((REUSED, SPOKEN), seeing(family, number), strict=True))
    for other in range(number + 1, len(family.decoders)):
        whole = examined(family.kept(number), family.kept(other), 1000 * number + other, level=WIDEST)
        made += [(DECODERS, outcome(whole, ("main",))), (ENCODERS, outcome(whole, ("vision",)))]
    return made


_FAMILIES: dict[str, Family] = {}


def _family(kept: str) -> Family:
    if kept not in _FAMILIES:
        with open(kept, "rb") as opened:  # noqa: PTH123 - the worker has the path as text
            _FAMILIES[kept] = pickle.load(opened)  # made by this very run
    return _FAMILIES[kept]
