"""The network: embed the last bytes, one hidden layer, a distribution over the next byte. All in float32."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

VOCABULARY: Final = 256

Tensor = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
Weights = dict[str, Tensor]
"""Tensors by name, as they stand in the checkpoint."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the network: bytes of context, width of a byte's embedding, hidden units."""

    context_bytes: int = 12
    embedding_width: int = 16
    hidden_units: int = 128

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of each tensor by name."""
        return {
            "embedding.weight": (VOCABULARY, self.embedding_width),
            "hidden.weight": (self.context_bytes * self.embedding_width, self.hidden_units),
            "hidden.bias": (self.hidden_units,),
            "output.weight": (self.hidden_units, VOCABULARY),
            "output.bias": (VOCABULARY,),
        }

    def parameters(self) -> int:
        """Return the number of parameters."""
        return sum(int(np.prod(shape)) for shape in self.tensors().values())


INITIALISATION_SHA256: Final = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
"""SHA-256 of this file, lower-case hex: with the seed, it says how the initial weights can be made again."""


def initial(shape: Shape, seed: int) -> Weights:
    """Return random weights: the same for the same `seed`, scaled by the width of what feeds each unit; biases zero."""
    chance = np.random.default_rng(seed)
    weights: Weights = {}
    for name, size in shape.tensors().items():
        scale = 1.0 if name.startswith("embedding") else (2.0 / size[0]) ** 0.5
        drawn = chance.standard_normal(size, dtype=np.float32) * np.float32(scale)
        weights[name] = np.zeros(size, dtype=np.float32) if name.endswith("bias") else drawn
    return weights


def logits(weights: Weights, context: NDArray[np.int64]) -> Tensor:
    """Return the unnormalised log probabilities of the next byte, a row for each row of `context`."""
    return _forward(weights, context)[2]


def loss_and_gradients(
    weights: Weights, context: NDArray[np.int64], following: NDArray[np.int64]
) -> tuple[float, Weights]:
    """Return the mean loss in nats per byte and its gradient by tensor."""
    embedded, hidden, scores = _forward(weights, context)
    rows = np.arange(len(following))
    probabilities = np.exp(log_softmax(scores))
    loss = float(-np.log(probabilities[rows, following]).mean(dtype=np.float64))

    slope = probabilities
    slope[rows, following] -= 1
    slope /= np.float32(len(following))
    through = (slope @ weights["output.weight"].T) * (hidden > 0)
    into_embedding = (through @ weights["hidden.weight"].T).reshape(context.size, -1)
    # A product with the one-hot matrix adds up the rows of equal bytes; it is faster than scattering them one by one.
    one_hot = np.zeros((VOCABULARY, context.size), dtype=np.float32)
    one_hot[context.ravel(), np.arange(context.size)] = 1
    gradients = {
        "embedding.weight": one_hot @ into_embedding,
        "hidden.weight": embedded.T @ through,
        "hidden.bias": through.sum(axis=0),
        "output.weight": hidden.T @ slope,
        "output.bias": slope.sum(axis=0),
    }
    return loss, gradients


def log_softmax(scores: Tensor) -> Tensor:
    """Return log probabilities of `scores`, row by row."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    result: Tensor = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


def _forward(weights: Weights, context: NDArray[np.int64]) -> tuple[Tensor, Tensor, Tensor]:
    embedded = weights["embedding.weight"][context].reshape(len(context), -1)
    hidden = np.maximum(embedded @ weights["hidden.weight"] + weights["hidden.bias"], np.float32(0))
    return embedded, hidden, hidden @ weights["output.weight"] + weights["output.bias"]
