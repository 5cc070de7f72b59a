"""The kinds of pairs in the table: what is made from what, and what is true of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tests.originality import making
from tests.originality.folders import written
from tests.originality.making import EMBEDDING, HEAD
from tests.originality.network import initial
from tests.originality.pairs import LEVEL, WIDEST, examined, outcome
from tests.originality.training import CONTINUED_PEAK, DECODER, GROUPED, MIXED, MORE_TOKENS, adapted, trained

if TYPE_CHECKING:
    from tests.originality.family import Family
    from tests.originality.making import Model
    from tests.originality.network import Shape
    from tests.originality.pairs import Outcome

EXPERTS = 4


class Truth(StrEnum):
    """What is true of a pair by how it was made."""

    DERIVED = "derived"
    INITIALISATION = "shared initialisation"
    INDEPENDENT = "independent"


Make = Callable[["Family", int, np.random.Generator], "Model"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of pair: a decoder of the family, and what `make` makes of it.

    `trained`: it takes training, so that one of each parent must do. `parent` counts from the decoder: 1 is the other
    of two that were merged. `recreated`: the initialisation is made again and shown to the examination. `sort` is of
    which models, and `parts` of which components something is said (all).
    """

    name: str
    truth: Truth
    make: Make
    trained: bool = False
    parent: int = 0
    recreated: bool = False
    sort: Shape = DECODER
    parts: tuple[str, ...] = ()

    def outcome(self, family: Family, number: int, draw: int) -> Outcome:
        """Return what the examination says of one pair of this kind."""
        rng = np.random.default_rng([number, draw, *self.name.encode()])
        made = self.make(family, number, rng)
        parent = family.kept(number + self.parent, self.sort)
        again = family.begun(number) if self.recreated else None
        level = WIDEST if self.truth is Truth.INDEPENDENT else LEVEL
        with tempfile.TemporaryDirectory() as folder:
            child = written(Path(folder), made)
            report = examined(parent, child, int(rng.integers(2**31)), level=level, initial=again)
            return outcome(report, kinds=self.parts)


def _on(model: Model, rng: np.random.Generator, steps: int, peak: float = CONTINUED_PEAK) -> Model:
    return model[0], trained(*model, int(rng.integers(2**31)), steps, peak=peak)[0]


def _again(family: Family, number: int, rng: np.random.Generator, share: float) -> Model:
    seed = int(rng.integers(2**31))
    return DECODER, trained(DECODER, initial(DECODER, number), seed, round(family.steps * share))[0]


def _own(family: Family, number: int, rng: np.random.Generator, *, teacher: bool) -> Model:
    begun = initial(DECODER, int(rng.integers(1 << 20, 1 << 31)))
    taught = family.decoder(number)[1] if teacher else None
    # The batches are those of the decoder itself.
    return DECODER, trained(DECODER, begun, number, family.steps, teacher=taught)[0]


def _new_vocabulary(family: Family, number: int, rng: np.random.Generator) -> Model:
    """Embeddings and head begun anew, everything else kept, with hidden units moved; then trained on."""
    shape, weights = making.permuted_units(family.decoder(number), rng)
    begun = initial(DECODER, int(rng.integers(1 << 20, 1 << 31)))
    return _on((shape, weights | {name: begun[name] for name in (EMBEDDING, HEAD)}), rng, family.steps // 4)


def _moved(model: Model, rng: np.random.Generator) -> Model:
    return making.moved_heads(making.permuted_units(making.moved_axis(model, rng), rng), rng)


def _quarter(kind: Callable[[Model, np.random.Generator], Model]) -> Make:
    return lambda family, number, rng: _on(kind(family.decoder(number), rng), rng, family.steps // 4)


def _plain(kind: Callable[[Model, np.random.Generator], Model], sort: Shape = DECODER) -> Make:
    return lambda family, number, rng: kind(family.model(sort, number), rng)


def _whole_heads(model: Model, rng: np.random.Generator) -> Model:
    return making.moved_heads(model, rng, whole=True)


def _heads_moved_on(family: Family, number: int, rng: np.random.Generator) -> Model:
    return _on(making.moved_heads(family.model(GROUPED, number), rng), rng, family.steps // 4)


def _turned(model: Model, rng: np.random.Generator) -> Model:
    return making.permuted_units(making.rotated(model, rng), rng)


def _turned_on(family: Family, number: int, rng: np.random.Generator) -> Model:
    return _on(making.moved_heads(_turned(family.decoder(number), rng), rng), rng, family.steps // 4)


def _embedding_taken(family: Family, number: int, rng: np.random.Generator) -> Model:
    """A model of its own on the frozen embedding of another."""
    begun = initial(DECODER, int(rng.integers(1 << 20, 1 << 31)))
    begun |= {EMBEDDING: family.decoder(number)[1][EMBEDDING]}
    return DECODER, trained(DECODER, begun, int(rng.integers(2**31)), family.steps, frozen=(EMBEDDING,))[0]


def _merged(share: float) -> Make:
    return lambda family, number, _: making.merged(family.decoder(number), family.decoder(number + 1), share)


_ATTENTION, _LAYERS = ("attention",), ("attention", "mlp")
_D, _I, _N = Truth.DERIVED, Truth.INITIALISATION, Truth.INDEPENDENT

KINDS = [
    Kind("copy", _D, _plain(lambda model, _: model)),
    Kind("fine-tuned, a quarter of the steps", _D, _quarter(lambda model, _: model), trained=True),
    Kind(
        "trained on for as long again, at the full rate",
        _D,
        lambda family, number, rng: _on(family.decoder(number), rng, family.steps, 6 * CONTINUED_PEAK),
        trained=True,
    ),
    Kind(
        "low-rank adapters merged",
        _D,
        lambda family, number, rng: (
            DECODER,
            adapted(*family.decoder(number), int(rng.integers(2**31)), family.steps // 4),
        ),
        trained=True,
    ),
    *(
        Kind(f"noise, {share} %", _D, _plain(lambda model, rng, part=share / 100: making.noisy(model, part, rng)))  # type: ignore[misc]
        for share in (1, 2, 5, 10, 20, 50, 100, 200, 400)
    ),
    Kind("scaled, each hidden unit by another factor", _D, _plain(making.scaled)),
    Kind("fp16", _D, _plain(lambda model, _: making.half(model))),
    Kind("bf16 rounding", _D, _plain(lambda model, _: making.brain(model))),
    Kind("int8", _D, _plain(lambda model, _: making.rounded(model, 127))),
    Kind("4 bits", _D, _plain(lambda model, _: making.rounded(model, 7))),
    Kind("half of the weights set to zero", _D, _plain(lambda model, _: making.pruned_weights(model, 0.5))),
    Kind("30 % of hidden units dropped", _D, _plain(lambda model, _: making.pruned_units(model, 0.3))),
    Kind("first layer dropped", _D, _plain(lambda model, _: making.pruned_layer(model, 0))),
    Kind("a layer doubled, trained on", _D, _quarter(lambda model, _: making.doubled_layer(model, 1)), trained=True),
    Kind("average 0.5 and 0.5 of two parents, against one", _D, _merged(0.5)),
    Kind("average 0.8 and 0.2 of two parents, against the greater", _D, _merged(0.8)),
    Kind("average 0.8 and 0.2 of two parents, against the lesser", _D, _merged(0.8), parent=1),
    Kind("average 0.95 and 0.05 of two parents, against the lesser", _D, _merged(0.95), parent=1),
    Kind(
        "64 tokens more, trained on",
        _D,
        _quarter(lambda model, rng: making.more_tokens(model, MORE_TOKENS, rng)),
        trained=True,
    ),
    Kind(
        "upcycled to 4 experts, trained on",
        _D,
        _quarter(lambda model, rng: making.upcycled(model, EXPERTS, rng)),
        trained=True,
    ),
    Kind(
        "upcycled, trained on, experts and their units moved",
        _D,
        lambda family, number, rng: making.moved_experts(
            _on(making.upcycled(family.decoder(number), EXPERTS, rng), rng, family.steps // 4), rng
        ),
        trained=True,
    ),
    Kind("experts and their units moved", _D, _plain(making.moved_experts, MIXED), sort=MIXED),
    Kind(
        "experts and their units moved, noise 10 %",
        _D,
        _plain(lambda model, rng: making.noisy(making.moved_experts(model, rng), 0.1, rng), MIXED),
        sort=MIXED,
    ),
    Kind("heads moved as wholes", _D, _plain(_whole_heads), parts=_ATTENTION),
    Kind("heads moved, and channels within", _D, _plain(making.moved_heads), parts=_ATTENTION),
    Kind("heads moved as wholes, grouped queries", _D, _plain(_whole_heads, GROUPED), sort=GROUPED, parts=_ATTENTION),
    Kind(
        "heads moved, and channels within, grouped queries",
        _D,
        _plain(making.moved_heads, GROUPED),
        sort=GROUPED,
        parts=_ATTENTION,
    ),
    Kind(
        "heads moved, and channels within, grouped queries, trained on",
        _D,
        _heads_moved_on,
        trained=True,
        sort=GROUPED,
        parts=_ATTENTION,
    ),
    Kind("hidden units moved", _D, _plain(making.permuted_units)),
    Kind("residual axis moved, with signs", _D, _plain(making.moved_axis)),
    Kind("hidden units, heads and residual axis moved", _D, _plain(_moved)),
    Kind("all moved, noise 10 %", _D, _plain(lambda model, rng: making.noisy(_moved(model, rng), 0.1, rng))),
    Kind(
        "all moved, 30 % of units dropped", _D, _plain(lambda model, rng: _moved(making.pruned_units(model, 0.3), rng))
    ),
    Kind(
        "all moved, 30 % of units dropped, trained on",
        _D,
        _quarter(lambda model, rng: _moved(making.pruned_units(model, 0.3), rng)),
        trained=True,
    ),
    Kind("hidden units moved, embeddings and head anew, trained on", _D, _new_vocabulary, trained=True),
    Kind("residual axis turned by a rotation", _D, _plain(making.rotated)),
    Kind("residual axis turned, hidden units moved", _D, _plain(_turned), parts=("mlp",)),
    Kind(
        "residual axis turned, units and heads moved",
        _D,
        _plain(lambda model, rng: making.moved_heads(_turned(model, rng), rng)),
    ),
    Kind(
        "residual axis turned, units and heads moved, noise 10 %",
        _D,
        _plain(lambda model, rng: making.noisy(making.moved_heads(_turned(model, rng), rng), 0.1, rng)),
    ),
    Kind("residual axis turned, units and heads moved, trained on", _D, _turned_on, trained=True),
    Kind(
        "one initialisation, other batches; made again",
        _I,
        lambda family, number, rng: _again(family, number, rng, 1),
        trained=True,
        recreated=True,
    ),
    Kind(
        "one initialisation, other batches; not made again",
        _I,
        lambda family, number, rng: _again(family, number, rng, 1),
        trained=True,
    ),
    Kind(
        "one initialisation, second one hardly trained; made again",
        _I,
        lambda family, number, rng: _again(family, number, rng, 0.1),
        trained=True,
        recreated=True,
    ),
    Kind("fine-tuned; initialisation made again", _D, _quarter(lambda model, _: model), trained=True, recreated=True),
    Kind(
        "learnt from the other's probabilities, on its batches",
        _N,
        lambda family, number, rng: _own(family, number, rng, teacher=True),
        trained=True,
    ),
    Kind(
        "the same batches in the same order",
        _N,
        lambda family, number, rng: _own(family, number, rng, teacher=False),
        trained=True,
    ),
    Kind(
        "another's embedding taken over and frozen: attention and MLP",
        _N,
        _embedding_taken,
        trained=True,
        parts=_LAYERS,
    ),
    Kind(
        "another's embedding taken over and frozen, the axis turned: attention and MLP",
        _N,
        lambda family, number, rng: making.rotated(_embedding_taken(family, number, rng), rng),
        trained=True,
        parts=_LAYERS,
    ),
]


def seeing(family: Family, number: int) -> tuple[Outcome, Outcome]:
    """Say of two models with one frozen encoder and language models of their own: the encoder's outcome, the rest's."""
    with tempfile.TemporaryDirectory() as folder:
        other = written(Path(folder), family.decoder(number + 1), family.encoder(number))
        whole = examined(family.kept(number), other, number, level=WIDEST)
    return outcome(whole, ("vision",)), outcome(whole, ("main",))
