"""A small transformer with the parts and tensor names of the usual ones, and its gradients, in plain numpy.

Decoder: embeddings, blocks of attention with rotary positions and of a gated MLP or of softly mixed experts, RMS norms,
and a head. Encoder: patches in the place of embeddings, no mask, and a class. Each step returns its value and what
takes a slope back through it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[Any]
    Weights = dict[str, Array]
    Back = Callable[[Array], Array]

_EPSILON = 1e-6
_BASE = 10_000.0
# Of the embeddings, and of matrices by the root of their width: at width 1,024 the usual 0.02.
_STRAY, _SPREAD = 0.02, 0.6


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a model; `experts` > 0: mixed experts in the place of each MLP; `classes` > 0: an encoder of patches.

    `shared` query heads that follow one another have one key and one value.
    """

    vocabulary: int = 256
    width: int = 64
    heads: int = 4
    shared: int = 1
    hidden: int = 160
    layers: int = 3
    experts: int = 0
    classes: int = 0
    patch: int = 0

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Shape of each tensor by name, in a fixed order."""
        wide = self.width
        made: dict[str, tuple[int, ...]] = {
            "model.embed_tokens.weight": (self.patch, wide) if self.classes else (self.vocabulary, wide)
        }
        for layer in range(self.layers):
            start = f"model.layers.{layer}."
            made[start + "input_layernorm.weight"] = (wide,)
            made |= {
                f"{start}self_attn.{name}_proj.weight": (wide // self.shared if name in "kv" else wide, wide)
                for name in "qkvo"
            }
            made[start + "post_attention_layernorm.weight"] = (wide,)
            if self.experts:
                made[start + "block_sparse_moe.gate.weight"] = (self.experts, wide)
            for mlp in mlps(self, layer):
                made |= {mlp.gate: (self.hidden, wide), mlp.up: (self.hidden, wide), mlp.down: (wide, self.hidden)}
        made["model.norm.weight"] = (wide,)
        made["lm_head.weight"] = (self.classes or self.vocabulary, wide)
        return made


@dataclass(frozen=True, slots=True)
class Mlp:
    """Names of the three tensors of a gated MLP."""

    gate: str
    up: str
    down: str


def mlps(shape: Shape, layer: int) -> list[Mlp]:
    """Return the MLP of a layer, or its experts."""
    start = f"model.layers.{layer}."
    if not shape.experts:
        return [Mlp(*(f"{start}mlp.{part}_proj.weight" for part in ("gate", "up", "down")))]
    return [
        Mlp(*(f"{start}block_sparse_moe.experts.{expert}.{part}.weight" for part in ("w1", "w3", "w2")))
        for expert in range(shape.experts)
    ]


def initial(shape: Shape, seed: int) -> Weights:
    """Return weights drawn from `seed`: normal, of a size by the width of what feeds each unit; gains are ones."""
    rng = np.random.default_rng([seed, 0])
    made: Weights = {}
    for name, size in shape.tensors().items():
        if len(size) == 1:
            made[name] = np.ones(size, dtype=np.float32)
        else:
            stray = _STRAY if name.startswith("model.embed") and not shape.classes else _SPREAD * size[-1] ** -0.5
            made[name] = rng.standard_normal(size, dtype=np.float32) * np.float32(stray)
    return made


def loss_and_gradients(shape: Shape, weights: Weights, given: Array, wanted: Array) -> tuple[float, Weights]:
    """Return the mean loss in nats and its gradient by tensor.

    `given` is batch × time of tokens, or batch × patches × values; `wanted` the next token of each, or the class of
    each image, as numbers, or as probabilities in a last axis where another model teaches.
    """
    gradients: Weights = {name: np.zeros_like(tensor) for name, tensor in weights.items()}
    scores, back = _forward(shape, weights, gradients, given)
    shifted = scores - scores.max(axis=-1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    if wanted.ndim < scores.ndim:
        wanted = np.eye(scores.shape[-1], dtype=scores.dtype)[wanted]
    count = scores.size // scores.shape[-1]
    back((np.exp(logs) - wanted) / scores.dtype.type(count))
    return float(-(wanted * logs).sum(dtype=np.float64) / count), gradients


def scored(shape: Shape, weights: Weights, given: Array) -> Array:
    """Return unnormalised log probabilities, for each token of `given` or for each image."""
    return _forward(shape, weights, {name: np.zeros_like(tensor) for name, tensor in weights.items()}, given)[0]


def _forward(shape: Shape, weights: Weights, gradients: Weights, given: Array) -> tuple[Array, Back]:
    backs: list[Back] = []
    run = _Run(shape, weights, gradients)
    x = run.embedded(given, backs)
    for layer in range(shape.layers):
        start = f"model.layers.{layer}."
        for part, norm in ((run.attention, "input"), (run.feed, "post_attention")):
            normed, through_norm = run.norm(x, f"{start}{norm}_layernorm.weight")
            out, through = part(normed, layer)
            x = x + out
            backs.append(lambda slope, a=through_norm, b=through: slope + a(b(slope)))  # type: ignore[misc]
    x, through = run.norm(x, "model.norm.weight")
    backs.append(through)
    if shape.classes:
        patches = x.shape[1]
        x = x.mean(axis=1)
        backs.append(lambda slope: np.repeat(slope[:, None] / patches, patches, axis=1))
    scores, through = run.linear(x, "lm_head.weight")
    backs.append(through)

    def back(slope: Array) -> Array:
        for one in reversed(backs):
            slope = one(slope)
        return slope

    return scores, back


class _Run:
    """One pass: steps that read `weights` and add to `gradients` on the way back."""

    def __init__(self, shape: Shape, weights: Weights, gradients: Weights) -> None:
        self.shape, self.weights, self.gradients = shape, weights, gradients

    def embedded(self, given: Array, backs: list[Back]) -> Array:
        name = "model.embed_tokens.weight"
        if self.shape.classes:
            backs.append(lambda slope: self._add(name, _flat(given).T @ _flat(slope), slope))
            return np.asarray(given @ self.weights[name])

        def back(slope: Array) -> Array:
            np.add.at(self.gradients[name], given, slope)
            return slope

        backs.append(back)
        return np.asarray(self.weights[name][given])

    def linear(self, x: Array, name: str) -> tuple[Array, Back]:
        weight = self.weights[name]

        def back(slope: Array) -> Array:
            return self._add(name, _flat(slope).T @ _flat(x), slope @ weight)

        return x @ weight.T, back

    def norm(self, x: Array, name: str) -> tuple[Array, Back]:
        gain = self.weights[name]
        size = 1 / np.sqrt((x * x).mean(axis=-1, keepdims=True) + x.dtype.type(_EPSILON))
        unit = x * size

        def back(slope: Array) -> Array:
            through = slope * gain
            left = size * (through - unit * (through * unit).mean(axis=-1, keepdims=True))
            return self._add(name, _flat(slope * unit).sum(axis=0), left)

        return unit * gain, back

    def attention(self, x: Array, layer: int) -> tuple[Array, Back]:
        start = f"model.layers.{layer}.self_attn."
        parts = [self.linear(x, f"{start}{name}_proj.weight") for name in "qkv"]
        shared = self.shape.shared
        query, key, value = (self._by_head(part) for part, _ in parts)
        key, value = (np.repeat(one, shared, axis=1) for one in (key, value))
        turn = _turns(x.shape[1], query.shape[-1], x.dtype)
        query, key = _turned(query, turn), _turned(key, turn)
        scale = x.dtype.type(query.shape[-1] ** -0.5)
        scores = query @ key.swapaxes(-1, -2) * scale
        if not self.shape.classes:
            scores = np.where(np.tri(x.shape[1], dtype=bool), scores, x.dtype.type(-1e9))
        weight = _softmax(scores)
        out, through = self.linear(self._joined(weight @ value), f"{start}o_proj.weight")

        def back(slope: Array) -> Array:
            slope = self._by_head(through(slope))
            spread = slope @ value.swapaxes(-1, -2)
            into = weight * (spread - (spread * weight).sum(axis=-1, keepdims=True)) * scale
            slopes = (
                _turned(into @ key, turn, -1),
                _gathered(_turned(into.swapaxes(-1, -2) @ query, turn, -1), shared),
                _gathered(weight.swapaxes(-1, -2) @ slope, shared),
            )
            total = [one_back(self._joined(one)) for one, (_, one_back) in zip(slopes, parts, strict=True)]
            return total[0] + total[1] + total[2]

        return out, back

    def feed(self, x: Array, layer: int) -> tuple[Array, Back]:
        experts = [self._gated(x, mlp) for mlp in mlps(self.shape, layer)]
        if len(experts) == 1:
            return experts[0]
        scores, through = self.linear(x, f"model.layers.{layer}.block_sparse_moe.gate.weight")
        share = _softmax(scores)
        out = sum(share[..., place, None] * made for place, (made, _) in enumerate(experts))

        def back(slope: Array) -> Array:
            asked = np.stack([(slope * made).sum(axis=-1) for made, _ in experts], axis=-1)
            into = through(share * (asked - (asked * share).sum(axis=-1, keepdims=True)))
            for place, (_, one_back) in enumerate(experts):
                into = into + one_back(share[..., place, None] * slope)
            return into

        return np.asarray(out), back

    def _gated(self, x: Array, mlp: Mlp) -> tuple[Array, Back]:
        gate, gate_back = self.linear(x, mlp.gate)
        up, up_back = self.linear(x, mlp.up)
        open_ = 1 / (1 + np.exp(-gate))
        let = gate * open_
        out, through = self.linear(let * up, mlp.down)

        def back(slope: Array) -> Array:
            slope = through(slope)
            by_gate = slope * up * (open_ * (1 + gate * (1 - open_)))
            return gate_back(by_gate) + up_back(slope * let)

        return out, back

    def _by_head(self, x: Array) -> Array:
        return x.reshape(*x.shape[:2], -1, self.shape.width // self.shape.heads).swapaxes(1, 2)

    def _joined(self, x: Array) -> Array:
        return x.swapaxes(1, 2).reshape(x.shape[0], x.shape[2], -1)

    def _add(self, name: str, gradient: Array, slope: Array) -> Array:
        self.gradients[name] += gradient
        return slope


def _flat(x: Array) -> Array:
    return x.reshape(-1, x.shape[-1])


def _gathered(x: Array, shared: int) -> Array:
    """Add up what heads say to the key or value that they share."""
    return np.asarray(x.reshape(x.shape[0], -1, shared, *x.shape[2:]).sum(axis=2))


def _softmax(scores: Array) -> Array:
    made: Array = np.exp(scores - scores.max(axis=-1, keepdims=True))
    made /= made.sum(axis=-1, keepdims=True)
    return made


def _turns(time: int, width: int, dtype: np.dtype[Any]) -> tuple[Array, Array]:
    angle = np.outer(np.arange(time), _BASE ** (-2 * np.arange(width // 2) / width))
    return np.cos(angle).astype(dtype), np.sin(angle).astype(dtype)


def _turned(x: Array, turn: tuple[Array, Array], way: int = 1) -> Array:
    """Turn the first half of each head's axis against the second one, by the place in the text."""
    cos, sin = turn
    first, second = np.split(x, 2, axis=-1)
    return np.concatenate([first * cos - way * second * sin, second * cos + way * first * sin], axis=-1)
