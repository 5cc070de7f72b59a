"""Every way in which one model is made from another without training: what a tool does to weights, or a cheat."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tests.originality.network import Mlp, mlps

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.originality.network import Array, Shape, Weights

    Model = tuple[Shape, Weights]

HEAD = "lm_head.weight"
EMBEDDING = "model.embed_tokens.weight"


def matrices(weights: Weights, change: Callable[[Array], Array]) -> Weights:
    """Every matrix changed; gains stay."""
    return {name: change(tensor) if tensor.ndim > 1 else tensor for name, tensor in weights.items()}


def noisy(model: Model, share: float, rng: np.random.Generator) -> Model:
    """Noise of `share` of each tensor's standard deviation."""
    return model[0], {name: with_noise(tensor, share, rng) for name, tensor in model[1].items()}


def with_noise(tensor: Array, share: float, rng: np.random.Generator) -> Array:
    """Noise of `share` of the standard deviation."""
    drawn = rng.standard_normal(tensor.shape, dtype=np.float32)
    return np.asarray(tensor + np.float32(share * tensor.std()) * drawn)


def scaled(model: Model, rng: np.random.Generator) -> Model:
    """Scales that a gated MLP does not notice, another for each hidden unit: up by it, down by its inverse."""
    shape, weights = model
    made = dict(weights)
    for layer in range(shape.layers):
        for mlp in mlps(shape, layer):
            scale = np.exp(rng.normal(0, 1, shape.hidden)).astype(np.float32)
            made[mlp.up], made[mlp.down] = weights[mlp.up] * scale[:, None], weights[mlp.down] / scale
    return shape, made


def with_units(model: Model, kept: Callable[[Mlp], Array]) -> Model:
    """The hidden units of each MLP that `kept` names, in that order."""
    shape, weights = model
    made, hidden = dict(weights), shape.hidden
    for layer in range(shape.layers):
        for mlp in mlps(shape, layer):
            places = kept(mlp)
            made[mlp.gate], made[mlp.up] = weights[mlp.gate][places], weights[mlp.up][places]
            made[mlp.down] = weights[mlp.down][:, places]
            hidden = len(places)
    return replace(shape, hidden=hidden), made


def permuted_units(model: Model, rng: np.random.Generator) -> Model:
    """Hidden units of each MLP in another order."""
    return with_units(model, lambda _: rng.permutation(model[0].hidden))


def pruned_units(model: Model, share: float) -> Model:
    """Without the `share` of hidden units whose weights are the smallest."""
    shape, weights = model
    left = round(shape.hidden * (1 - share))

    def kept(mlp: Mlp) -> Array:
        size = np.linalg.norm(weights[mlp.gate], axis=1) * np.linalg.norm(weights[mlp.down], axis=0)
        return np.sort(np.argsort(-size)[:left])

    return with_units(model, kept)


def pruned_layer(model: Model, layer: int) -> Model:
    """Without one layer; those behind it move up."""
    return of_layers(model, [place for place in range(model[0].layers) if place != layer])


def doubled_layer(model: Model, layer: int) -> Model:
    """With one layer twice; those behind it move down."""
    return of_layers(model, sorted([*range(model[0].layers), layer]))


def of_layers(model: Model, layers: list[int]) -> Model:
    """Of these layers, in this order."""
    shape, weights = model
    made = {}
    for name, tensor in weights.items():
        parts = name.split(".")
        if parts[1] != "layers":
            made[name] = tensor
            continue
        for place, source in enumerate(layers):
            if int(parts[2]) == source:
                made[".".join([*parts[:2], str(place), *parts[3:]])] = tensor
    shape = replace(shape, layers=len(layers))
    return shape, {name: made[name] for name in shape.tensors()}


def pruned_weights(model: Model, share: float) -> Model:
    """With the `share` of weights of each matrix that are the smallest set to zero."""
    shape, weights = model
    return shape, matrices(weights, lambda one: np.where(np.abs(one) < np.quantile(np.abs(one), share), 0, one))


def residual(model: Model, places: Array, signs: Array) -> Model:
    """The residual axis in another order with other signs: the model does the same."""
    shape, weights = model
    made = {}
    for name, tensor in weights.items():
        if tensor.ndim == 1:
            made[name] = tensor[places]
        elif name.endswith(("o_proj.weight", "down_proj.weight", "w2.weight")):
            made[name] = tensor[places] * signs[:, None]
        else:
            made[name] = tensor[:, places] * signs
    return shape, made


def moved_axis(model: Model, rng: np.random.Generator) -> Model:
    """The residual axis in an order and with signs drawn at random."""
    wide = model[0].width
    return residual(model, rng.permutation(wide), rng.choice([-1, 1], wide).astype(np.float32))


def rotated(model: Model, rng: np.random.Generator) -> Model:
    """The residual axis turned by any rotation, gains folded into what reads it: the model does the same."""
    shape, weights = model
    turn = np.linalg.qr(rng.standard_normal((shape.width, shape.width)))[0].astype(np.float32)
    made: Weights = {}
    gain = np.ones(shape.width, dtype=np.float32)
    for name, tensor in weights.items():
        if tensor.ndim == 1:
            gain, made[name] = tensor, np.ones_like(tensor)
        elif name.endswith(("o_proj.weight", "down_proj.weight", "w2.weight")):
            made[name] = turn.T @ tensor
        else:
            made[name] = (tensor if name == EMBEDDING else tensor * gain) @ turn
    return shape, made


def moved_heads(model: Model, rng: np.random.Generator, *, whole: bool = False) -> Model:
    """Heads of each attention in another order, within groups that share a key and the groups too.

    The values within each head are in another order as well, but for `whole` heads.
    """
    shape, weights = model
    made, size, groups = dict(weights), shape.width // shape.heads, shape.heads // shape.shared
    for layer in range(shape.layers):
        start = f"model.layers.{layer}.self_attn."
        order = rng.permutation(groups)
        heads = np.concatenate([group * shape.shared + rng.permutation(shape.shared) for group in order])
        channels = [np.arange(size) if whole else rng.permutation(size) for _ in range(groups)]
        places = {
            "q": (heads[:, None] * size + np.arange(size)).ravel(),
            "k": (order[:, None] * size + np.arange(size)).ravel(),
            "v": np.concatenate([group * size + channels[group] for group in order]),
        }
        for name, rows in places.items():
            made[f"{start}{name}_proj.weight"] = weights[f"{start}{name}_proj.weight"][rows]
        columns = np.concatenate([head * size + channels[head // shape.shared] for head in heads])
        made[f"{start}o_proj.weight"] = weights[f"{start}o_proj.weight"][:, columns]
    return shape, made


def merged(first: Model, second: Model, share: float) -> Model:
    """The weighted average of two models, `share` of the first."""
    part = np.float32(share)
    return first[0], {name: part * one + (1 - part) * second[1][name] for name, one in first[1].items()}


def rounded(model: Model, levels: int) -> Model:
    """As integers of `levels` steps each way (127: int8, 7: int4), and back."""
    return model[0], matrices(model[1], lambda tensor: whole(tensor, levels))


def whole(tensor: Array, levels: int) -> Array:
    """In `levels` steps each way by the greatest weight of the row."""
    step = np.abs(tensor).max(axis=1, keepdims=True) / levels
    return np.asarray(np.rint(tensor / np.where(step > 0, step, 1)) * step)


def half(model: Model) -> Model:
    """As fp16."""
    return model[0], {name: tensor.astype(np.float16) for name, tensor in model[1].items()}


def brain(model: Model) -> Model:
    """Rounded to bfloat16, kept as float32."""
    return model[0], {name: brain_rounded(tensor) for name, tensor in model[1].items()}


def brain_rounded(tensor: Array) -> Array:
    """Rounded to bfloat16, half to even, kept as float32."""
    bits = np.ascontiguousarray(tensor, dtype=np.float32).view(np.uint32)
    even = (bits + (((bits >> 16) & 1) + np.uint32(0x7FFF))) & np.uint32(0xFFFF0000)
    return even.view(np.float32)


def upcycled(model: Model, experts: int, rng: np.random.Generator) -> Model:
    """Each MLP copied into `experts`, and a router drawn at random: to be trained on."""
    shape, weights = model
    mixed = replace(shape, experts=experts)
    made: Weights = {}
    for name, size in mixed.tensors().items():
        if name in weights:
            made[name] = weights[name]
        elif name.endswith("gate.weight"):
            made[name] = rng.standard_normal(size, dtype=np.float32) * np.float32(0.1)
    for layer in range(shape.layers):
        (whole,) = mlps(shape, layer)
        for expert in mlps(mixed, layer):
            for name in ("gate", "up", "down"):
                made[getattr(expert, name)] = weights[getattr(whole, name)].copy()
    return mixed, made


def moved_experts(model: Model, rng: np.random.Generator) -> Model:
    """Experts of each layer in another order, and the units of each one too."""
    shape, weights = permuted_units(model, rng)
    made = dict(weights)
    for layer in range(shape.layers):
        order = rng.permutation(shape.experts)
        router = f"model.layers.{layer}.block_sparse_moe.gate.weight"
        made[router] = weights[router][order]
        experts = mlps(shape, layer)
        for to, source in zip(experts, (experts[place] for place in order), strict=True):
            for name in ("gate", "up", "down"):
                made[getattr(to, name)] = weights[getattr(source, name)]
    return shape, made


def more_tokens(model: Model, count: int, rng: np.random.Generator) -> Model:
    """`count` tokens more, drawn at random, in embeddings and head: to be trained on."""
    shape, weights = model
    made = dict(weights)
    for name in (EMBEDDING, HEAD):
        drawn = rng.standard_normal((count, shape.width), dtype=np.float32) * weights[name].std()
        made[name] = np.concatenate([weights[name], drawn])
    return replace(shape, vocabulary=shape.vocabulary + count), made
