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

from tests.originality.kinds import KINDS, Family, Truth, seeing
from tests.originality.pairs import WIDEST, examined, outcome
from tests.originality.training import DECODER, ENCODER, from_seed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.originality.network import Shape
    from tests.originality.pairs import Outcome

_TOLD_EVERY = 100
DECODERS, ENCODERS = "language models from seeds of their own", "vision encoders from seeds of their own"
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
    rows = {DECODERS: Row(DECODERS, Truth.INDEPENDENT), ENCODERS: Row(ENCODERS, Truth.INDEPENDENT)}
    rows |= {kind.name: Row(kind.name, kind.truth) for kind in chosen}
    rows |= {REUSED: Row(REUSED, Truth.DERIVED), SPOKEN: Row(SPOKEN, Truth.INDEPENDENT)}
    # A fork of a process with threads may hang: each worker starts afresh.
    with _one_thread(), ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        seeds = range(plan.models)
        trained = list(
            pool.map(_trained, [(shape, seed, plan.steps) for shape in (DECODER, ENCODER) for seed in seeds])
        )
        models, losses = zip(*trained, strict=True)
        family = Family(folder, list(models[: plan.models]), list(models[plan.models :]), plan.steps)
        family.write()
        kept = folder / "family.pickle"
        kept.write_bytes(pickle.dumps(family))
        pieces = [("independent", str(kept), first, 0) for first in seeds] + [
            (kind.name, str(kept), number, draw)
            for kind in chosen
            for number in seeds[: plan.parents if kind.trained else None]
            for draw in range(1 if kind.trained else plan.draws)
        ]
        for done, said in enumerate(pool.map(_said, pieces), start=1):
            for name, one in said:
                rows[name].outcomes.append(one)
            if done % _TOLD_EVERY == 0:
                print(f"{done:,} of {len(pieces):,}, {time.monotonic() - began:.0f} s", flush=True)
    shown = {DECODERS: list(losses[: plan.models]), ENCODERS: list(losses[plan.models :])}
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
    if name != "independent":
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
