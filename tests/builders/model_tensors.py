"""Tensors of small models by name and shape, without their values: what headers say."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from weights.safetensors import DTYPE_BITS, Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping

LLAMA: dict[str, Any] = {
    "model_type": "llama",
    "hidden_size": 32,
    "intermediate_size": 48,
    "vocab_size": 100,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "num_hidden_layers": 2,
}


def tensors(shapes: Mapping[str, tuple[int, ...]], dtype: str = "BF16") -> tuple[Tensor, ...]:
    """One file's tensors, one after another."""
    made, at = [], 0
    for name, shape in shapes.items():
        size = prod(shape) * DTYPE_BITS[dtype] // 8
        made.append(Tensor(name, dtype, shape, at, at + size))
        at += size
    return tuple(made)


def llama(config: Mapping[str, Any] = LLAMA) -> dict[str, tuple[int, ...]]:
    """The tensors of a model like Llama, Mistral or Qwen, by its configuration."""
    e, i, v, h = (config[key] for key in ("hidden_size", "intermediate_size", "vocab_size", "num_attention_heads"))
    d = config.get("head_dim", e // h)
    q, kv = h * d, config["num_key_value_heads"] * d
    made: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (v, e)}
    for number in range(config["num_hidden_layers"]):
        layer = f"model.layers.{number}"
        made |= {
            f"{layer}.self_attn.q_proj.weight": (q, e),
            f"{layer}.self_attn.k_proj.weight": (kv, e),
            f"{layer}.self_attn.v_proj.weight": (kv, e),
            f"{layer}.self_attn.o_proj.weight": (e, q),
            f"{layer}.mlp.gate_proj.weight": (i, e),
            f"{layer}.mlp.up_proj.weight": (i, e),
            f"{layer}.mlp.down_proj.weight": (e, i),
            f"{layer}.input_layernorm.weight": (e,),
            f"{layer}.post_attention_layernorm.weight": (e,),
        }
    return made | {"model.norm.weight": (e,), "lm_head.weight": (v, e)}
