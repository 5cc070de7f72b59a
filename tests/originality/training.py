"""Training of the small transformers on the texts of the scale model, with one vocabulary or another, or on images.

What a model has learnt is measured, so that a table about trained models is about trained models.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scale_model.adam import Adam, learning_rate
from scale_model.corpus import training_bytes

from tests.originality.network import Shape, initial, loss_and_gradients, scored

if TYPE_CHECKING:
    from tests.originality.network import Array, Weights

DECODER = Shape()
GROUPED = Shape(heads=8, shared=2)
MIXED = Shape(experts=4, hidden=96)
ENCODER = Shape(width=48, hidden=128, layers=2, classes=8, patch=16)
BATCH, TIME, PATCHES = 12, 32, 16
PEAK, CONTINUED_PEAK, DECAY = 6e-3, 1e-3, 0.1
# The table of pairs of bytes that a changed vocabulary has in addition.
MORE_TOKENS = 64


def trained(
    shape: Shape,
    weights: Weights,
    seed: int,
    steps: int,
    *,
    peak: float = PEAK,
    frozen: tuple[str, ...] = (),
    teacher: Weights | None = None,
) -> tuple[Weights, float]:
    """Return the weights after `steps` of Adam with decay, from a copy, and the mean loss of the last tenth (nats).

    Tensors whose names begin with one of `frozen` stay. With a `teacher`, its probabilities are learnt, not the text's.
    """
    made = {name: tensor.copy() for name, tensor in weights.items()}
    rng, optimiser, losses = np.random.default_rng([seed, 1]), Adam(), []
    for step in range(1, steps + 1):
        given, wanted = batch(shape, rng)
        if teacher is not None:
            logs = scored(shape, teacher, given)
            wanted = np.exp(logs - logs.max(axis=-1, keepdims=True))
            wanted /= wanted.sum(axis=-1, keepdims=True)
        loss, gradients = loss_and_gradients(shape, made, given, wanted)
        learnt = {name: slope for name, slope in gradients.items() if not name.startswith(frozen)}
        rate = learning_rate(step, steps, peak)
        for name in learnt:
            if made[name].ndim > 1:
                made[name] *= np.float32(1 - rate * DECAY)
        optimiser.apply(made, learnt, rate)
        losses.append(loss)
    late = losses[-max(1, steps // 10) :]
    return made, float(np.mean(late)) if late else float("nan")


def from_seed(shape: Shape, seed: int, steps: int) -> tuple[Weights, float]:
    """Return a model trained from an initialisation and batches of its own."""
    return trained(shape, initial(shape, seed), seed, steps)


def batch(shape: Shape, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return what is given and what is wanted: windows of text and the next tokens, or images and their classes."""
    if shape.classes:
        return _images(shape, rng)
    text = tokens(shape.vocabulary)
    starts = rng.integers(len(text) - TIME - 1, size=BATCH)
    rows = text[starts[:, None] + np.arange(TIME + 1)]
    return rows[:, :-1], rows[:, 1:]


@cache
def tokens(vocabulary: int) -> Array:
    """Return the text as bytes, or with its most frequent pairs of bytes as tokens 256 and up."""
    text = training_bytes().astype(np.int64)
    if vocabulary == DECODER.vocabulary:
        return text
    pairs, counts = np.unique(text[:-1] * 256 + text[1:], return_counts=True)
    frequent = pairs[np.argsort(counts, kind="stable")[::-1][: vocabulary - 256]]
    number = {int(pair): 256 + place for place, pair in enumerate(frequent)}
    made, place = [], 0
    while place < len(text):
        token = number.get(int(text[place]) * 256 + int(text[place + 1])) if place + 1 < len(text) else None
        made.append(int(text[place]) if token is None else token)
        place += 1 if token is None else 2
    return np.array(made)


def _images(shape: Shape, rng: np.random.Generator) -> tuple[Array, Array]:
    """Gratings of `classes` directions, of any phase, with noise, cut into patches."""
    wanted = rng.integers(shape.classes, size=2 * BATCH)
    side = int((PATCHES * shape.patch) ** 0.5)
    row, column = np.mgrid[:side, :side].astype(np.float32)
    angle = (wanted * np.pi / shape.classes)[:, None, None]
    phase = rng.uniform(0, 2 * np.pi, (len(wanted), 1, 1))
    image = np.sin(0.8 * (np.cos(angle) * row + np.sin(angle) * column) + phase)
    image += 0.5 * rng.standard_normal(image.shape)
    small = int(shape.patch**0.5)
    cut = image.reshape(len(wanted), side // small, small, side // small, small).swapaxes(2, 3)
    return cut.reshape(len(wanted), PATCHES, shape.patch).astype(np.float32), wanted


def adapted(shape: Shape, weights: Weights, seed: int, steps: int, rank: int = 4) -> Weights:
    """Return the weights with adapters of a low rank merged in that were trained for `steps`, on a part of the text."""
    rng, optimiser = np.random.default_rng([seed, 2]), Adam()
    names = [name for name, tensor in weights.items() if "proj" in name and tensor.ndim > 1]
    low = {
        name: rng.standard_normal((rank, weights[name].shape[1]), dtype=np.float32) * np.float32(0.1) for name in names
    }
    high = {name: np.zeros((weights[name].shape[0], rank), dtype=np.float32) for name in names}
    for step in range(1, steps + 1):
        made = weights | {name: weights[name] + high[name] @ low[name] for name in names}
        _, gradients = loss_and_gradients(shape, made, *batch(shape, rng))
        slopes = {f"{name} low": high[name].T @ gradients[name] for name in names}
        slopes |= {f"{name} high": gradients[name] @ low[name].T for name in names}
        parts = {f"{name} low": low[name] for name in names} | {f"{name} high": high[name] for name in names}
        optimiser.apply(parts, slopes, learning_rate(step, steps, PEAK))
    return weights | {name: weights[name] + high[name] @ low[name] for name in names}
