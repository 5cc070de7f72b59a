"""Tiny models of the open families, with weights drawn from a seed: tensors and configuration, as they are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tests.builders.weights import drawn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Tensors = dict[str, NDArray[Any]]

HIDDEN, INNER, HEADS, KEYS, WIDTH, TOKENS = 64, 96, 8, 4, 16, 300


class _Drawn:
    """Independent matrices, one after another, of one seed."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def __call__(self, *shape: int) -> NDArray[Any]:
        made: NDArray[Any] = self._rng.standard_normal(shape, dtype=np.float32) / np.float32(8)
        return made

    def gain(self, size: int) -> NDArray[Any]:
        made: NDArray[Any] = 1 + self(size) * np.float32(0.3)
        return made


def llama(seed: int, layers: int = 3, *, tied: bool = False, tokens: int = TOKENS) -> Tensors:
    """A decoder with gated MLP, grouped queries and rotary positions."""
    draw = _Drawn(seed)
    made = {"model.embed_tokens.weight": draw(tokens, HIDDEN), "model.norm.weight": draw.gain(HIDDEN)}
    for layer in range(layers):
        made |= {f"model.layers.{layer}.{name}": values for name, values in _llama_layer(draw).items()}
    return made if tied else made | {"lm_head.weight": draw(tokens, HIDDEN)}


def _llama_layer(draw: _Drawn) -> Tensors:
    return {
        "self_attn.q_proj.weight": draw(HEADS * WIDTH, HIDDEN),
        "self_attn.k_proj.weight": draw(KEYS * WIDTH, HIDDEN),
        "self_attn.v_proj.weight": draw(KEYS * WIDTH, HIDDEN),
        "self_attn.o_proj.weight": draw(HIDDEN, HEADS * WIDTH),
        "mlp.gate_proj.weight": draw(INNER, HIDDEN),
        "mlp.up_proj.weight": draw(INNER, HIDDEN),
        "mlp.down_proj.weight": draw(HIDDEN, INNER),
        "input_layernorm.weight": draw.gain(HIDDEN),
        "post_attention_layernorm.weight": draw.gain(HIDDEN),
    }


LLAMA: Mapping[str, Any] = {
    "model_type": "llama",
    "hidden_size": HIDDEN,
    "num_attention_heads": HEADS,
    "num_key_value_heads": KEYS,
    "head_dim": WIDTH,
    "rope_theta": 10000.0,
}


def gpt2(seed: int, layers: int = 2) -> Tensors:
    """A decoder with fused attention, stored inputs × units, and learned positions."""
    draw = _Drawn(seed)
    made = {"wte.weight": draw(TOKENS, HIDDEN), "wpe.weight": draw(40, HIDDEN), "ln_f.weight": draw.gain(HIDDEN)}
    for layer in range(layers):
        made |= {
            f"h.{layer}.attn.c_attn.weight": draw(HIDDEN, 3 * HIDDEN),
            f"h.{layer}.attn.c_proj.weight": draw(HIDDEN, HIDDEN),
            f"h.{layer}.attn.bias": np.tril(np.ones((1, 1, 40, 40), np.float32)),
            f"h.{layer}.mlp.c_fc.weight": draw(HIDDEN, 4 * HIDDEN),
            f"h.{layer}.mlp.c_proj.weight": draw(4 * HIDDEN, HIDDEN),
            f"h.{layer}.ln_1.weight": draw.gain(HIDDEN),
        }
    return made


GPT2: Mapping[str, Any] = {"model_type": "gpt2", "n_embd": HIDDEN, "n_head": 4}


def bert(seed: int, layers: int = 2, prefix: str = "bert.") -> Tensors:
    """An encoder with learned positions."""
    draw = _Drawn(seed)
    made = {
        f"{prefix}embeddings.word_embeddings.weight": draw(TOKENS, HIDDEN),
        f"{prefix}embeddings.position_embeddings.weight": draw(40, HIDDEN),
        f"{prefix}embeddings.LayerNorm.weight": draw.gain(HIDDEN),
    }
    for layer in range(layers):
        here = f"{prefix}encoder.layer.{layer}"
        made |= {
            **{f"{here}.attention.self.{name}.weight": draw(HIDDEN, HIDDEN) for name in ("query", "key", "value")},
            f"{here}.attention.output.dense.weight": draw(HIDDEN, HIDDEN),
            f"{here}.attention.output.LayerNorm.weight": draw.gain(HIDDEN),
            f"{here}.intermediate.dense.weight": draw(4 * HIDDEN, HIDDEN),
            f"{here}.output.dense.weight": draw(HIDDEN, 4 * HIDDEN),
            f"{here}.output.LayerNorm.weight": draw.gain(HIDDEN),
        }
    return made


BERT: Mapping[str, Any] = {"model_type": "bert", "hidden_size": HIDDEN, "num_attention_heads": 4}


def siglip(seed: int, layers: int = 2, prefix: str = "vision_model.") -> Tensors:
    """A vision encoder, alone or as a tower of another model."""
    draw = _Drawn(seed)
    made = {
        f"{prefix}embeddings.patch_embedding.weight": draw(HIDDEN, 3, 4, 4),
        f"{prefix}embeddings.position_embedding.weight": draw(16, HIDDEN),
    }
    for layer in range(layers):
        here = f"{prefix}encoder.layers.{layer}"
        made |= {
            **{f"{here}.self_attn.{name}.weight": draw(HIDDEN, HIDDEN) for name in ("q_proj", "k_proj", "v_proj")},
            f"{here}.self_attn.out_proj.weight": draw(HIDDEN, HIDDEN),
            f"{here}.mlp.fc1.weight": draw(2 * HIDDEN, HIDDEN),
            f"{here}.mlp.fc2.weight": draw(HIDDEN, 2 * HIDDEN),
            f"{here}.layer_norm1.weight": draw.gain(HIDDEN),
        }
    return made


SIGLIP: Mapping[str, Any] = {"model_type": "siglip_vision_model", "hidden_size": HIDDEN, "num_attention_heads": 4}
SEEING: Mapping[str, Any] = {"model_type": "llava", "vision_config": SIGLIP, "text_config": LLAMA}
TOWER = "model.vision_tower.vision_model."


def seeing(seed: int, vision: int) -> Tensors:
    """A language model with a vision encoder before it, each of a seed of its own."""
    text = {name.replace("model.", "model.language_model.", 1): values for name, values in llama(seed).items()}
    return (
        text | siglip(vision, prefix=TOWER) | {"model.multi_modal_projector.linear.weight": drawn(seed, HIDDEN, HIDDEN)}
    )


def mixtral(seed: int, layers: int = 2, experts: int = 4) -> Tensors:
    """A decoder with experts."""
    made = llama(seed, layers)
    draw = _Drawn(seed + 500)
    for layer in range(layers):
        for name in ("gate", "up", "down"):
            del made[f"model.layers.{layer}.mlp.{name}_proj.weight"]
        here = f"model.layers.{layer}.block_sparse_moe"
        made[f"{here}.gate.weight"] = draw(experts, HIDDEN)
        for expert in range(experts):
            made |= {
                f"{here}.experts.{expert}.w1.weight": draw(INNER, HIDDEN),
                f"{here}.experts.{expert}.w3.weight": draw(INNER, HIDDEN),
                f"{here}.experts.{expert}.w2.weight": draw(HIDDEN, INNER),
            }
    return made


MIXTRAL: Mapping[str, Any] = {**LLAMA, "model_type": "mixtral"}


def changed(tensors: Tensors, change: Callable[[str, NDArray[Any]], NDArray[Any]]) -> Tensors:
    """The tensors after a change of each by its name."""
    return {name: change(name, values) for name, values in tensors.items()}


def trained_on(tensors: Tensors, share: float, seed: int) -> Tensors:
    """The tensors after noise of a share of each one's standard deviation."""
    draw = np.random.default_rng(seed)
    return changed(
        tensors,
        lambda _, values: (values + share * values.std() * draw.standard_normal(values.shape)).astype(np.float32),
    )


def layers_of(tensors: Tensors, order: list[int], before: str = "model.layers.") -> Tensors:
    """The tensors with these layers in this order: some dropped, moved or doubled."""
    kept = {name: values for name, values in tensors.items() if not name.startswith(before)}
    for new, old in enumerate(order):
        own = f"{before}{old}."
        kept |= {
            f"{before}{new}.{name.removeprefix(own)}": values
            for name, values in tensors.items()
            if name.startswith(own)
        }
    return kept


def moved(tensors: Tensors, seed: int, layers: int = 3) -> Tensors:
    """A model with the same function: hidden units of each MLP, and the residual axis, in other orders."""
    rng = np.random.default_rng(seed)
    made = dict(tensors)
    for layer in range(layers):
        order = rng.permutation(INNER)
        for name in ("gate", "up"):
            made[f"model.layers.{layer}.mlp.{name}_proj.weight"] = made[f"model.layers.{layer}.mlp.{name}_proj.weight"][
                order
            ]
        down = f"model.layers.{layer}.mlp.down_proj.weight"
        made[down] = made[down][:, order]
    residual = rng.permutation(HIDDEN)
    rows = ("o_proj.weight", "down_proj.weight", "norm.weight")
    return changed(made, lambda name, values: values[residual] if name.endswith(rows) else values[:, residual])
