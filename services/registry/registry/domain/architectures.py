"""Which tensors models of known kinds have, and of which shape, by the sizes that their configuration names.

They are those of the model definitions that the common libraries ship for these kinds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

Sizes = dict[str, int | None]
"""Sizes by letter or name; `None` where the configuration does not tell."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Tensors whose names match have this shape, each dimension a product of sizes such as "H*D" or "3*E"."""

    names: re.Pattern[str]
    shape: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """Kinds of models with the same names of tensors.

    `layer` finds the number of a layer in a name; `needed` are names that must be there, each in every layer where it
    has "{n}". `prefix` may stand before all names.
    """

    layer: re.Pattern[str]
    rules: tuple[Rule, ...]
    needed: tuple[str, ...]
    prefix: str


def _rules(prefix: str, *pairs: tuple[str, str]) -> tuple[Rule, ...]:
    optional = f"(?:{re.escape(prefix)})?"
    return tuple(Rule(re.compile(optional + names), tuple(shape.split())) for names, shape in pairs)


_N: Final = r"layers\.(?P<n>[0-9]+)\."
_DECODER: Final = Family(
    re.compile(r"(?:model\.)?" + _N),
    _rules(
        "model.",
        (r"embed_tokens\.weight", "V E"),
        (r"lm_head\.weight", "V E"),
        (r"norm\.weight", "E"),
        (_N + r"self_attn\.q_proj\.weight", "Q E"),
        (_N + r"self_attn\.[kv]_proj\.weight", "K*D E"),
        (_N + r"self_attn\.o_proj\.weight", "E O"),
        (_N + r"self_attn\.q_proj\.bias", "Q"),
        (_N + r"self_attn\.[kv]_proj\.bias", "K*D"),
        (_N + r"self_attn\.o_proj\.bias", "E"),
        (_N + r"self_attn\.[qk]_norm\.weight", "D"),
        (_N + r"self_attn\.qkv_proj\.weight", "qkv E"),
        (_N + r"self_attn\.q_a_proj\.weight", "q_lora_rank E"),
        (_N + r"self_attn\.q_a_layernorm\.weight", "q_lora_rank"),
        (_N + r"self_attn\.q_b_proj\.weight", "Q q_lora_rank"),
        (_N + r"self_attn\.kv_a_proj_with_mqa\.weight", "kv_a E"),
        (_N + r"self_attn\.kv_a_layernorm\.weight", "kv_lora_rank"),
        (_N + r"self_attn\.kv_b_proj\.weight", "kv_b kv_lora_rank"),
        (_N + r"mlp\.(?:gate|up)_proj\.weight", "I E"),
        (_N + r"mlp\.gate_up_proj\.weight", "2*I E"),
        (_N + r"mlp\.down_proj\.weight", "E I"),
        (_N + r"(?:mlp|block_sparse_moe)\.gate\.weight", "X E"),
        (_N + r"block_sparse_moe\.experts\.[0-9]+\.w[13]\.weight", "I E"),
        (_N + r"block_sparse_moe\.experts\.[0-9]+\.w2\.weight", "E I"),
        (_N + r"mlp\.experts\.[0-9]+\.(?:gate|up)_proj\.weight", "J E"),
        (_N + r"mlp\.experts\.[0-9]+\.down_proj\.weight", "E J"),
        (_N + r"mlp\.shared_experts?\.(?:gate|up)_proj\.weight", "S E"),
        (_N + r"mlp\.shared_experts?\.down_proj\.weight", "E S"),
        (_N + r"(?:input|post_attention|(?:pre|post)_feedforward)_layernorm\.weight", "E"),
    ),
    ("embed_tokens.weight", "norm.weight", "layers.{n}.self_attn.o_proj.weight"),
    "model.",
)
_GPT2: Final = Family(
    re.compile(r"(?:transformer\.)?h\.(?P<n>[0-9]+)\."),
    _rules(
        "transformer.",
        (r"wte\.weight", "V E"),
        (r"wpe\.weight", "P E"),
        (r"lm_head\.weight", "V E"),
        (r"ln_f\.(?:weight|bias)", "E"),
        (r"h\.(?P<n>[0-9]+)\.ln_[12]\.(?:weight|bias)", "E"),
        (r"h\.(?P<n>[0-9]+)\.attn\.c_attn\.weight", "E 3*E"),
        (r"h\.(?P<n>[0-9]+)\.attn\.c_attn\.bias", "3*E"),
        (r"h\.(?P<n>[0-9]+)\.attn\.c_proj\.weight", "E E"),
        (r"h\.(?P<n>[0-9]+)\.(?:attn|mlp)\.c_proj\.bias", "E"),
        (r"h\.(?P<n>[0-9]+)\.mlp\.c_fc\.weight", "E I"),
        (r"h\.(?P<n>[0-9]+)\.mlp\.c_fc\.bias", "I"),
        (r"h\.(?P<n>[0-9]+)\.mlp\.c_proj\.weight", "I E"),
    ),
    ("wte.weight", "wpe.weight", "h.{n}.attn.c_attn.weight", "h.{n}.mlp.c_fc.weight"),
    "transformer.",
)
_B: Final = r"encoder\.layer\.(?P<n>[0-9]+)\."
_BERT: Final = Family(
    re.compile(r"(?:bert\.)?" + _B),
    _rules(
        "bert.",
        (r"embeddings\.word_embeddings\.weight", "V E"),
        (r"embeddings\.position_embeddings\.weight", "P E"),
        (r"embeddings\.token_type_embeddings\.weight", "T E"),
        (r"embeddings\.LayerNorm\.(?:weight|bias)", "E"),
        (_B + r"attention\.self\.(?:query|key|value)\.weight", "E E"),
        (_B + r"attention\.self\.(?:query|key|value)\.bias", "E"),
        (_B + r"attention\.output\.dense\.weight", "E E"),
        (_B + r"(?:attention\.)?output\.(?:dense\.bias|LayerNorm\.(?:weight|bias))", "E"),
        (_B + r"intermediate\.dense\.weight", "I E"),
        (_B + r"intermediate\.dense\.bias", "I"),
        (_B + r"output\.dense\.weight", "E I"),
    ),
    ("embeddings.word_embeddings.weight", "encoder.layer.{n}.output.dense.weight"),
    "bert.",
)
FAMILIES: Final[Mapping[str, Family]] = {
    **dict.fromkeys(
        (
            "llama", "mistral", "mixtral", "qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "gemma", "gemma2", "gemma3_text",
            "phi3", "deepseek_v2", "deepseek_v3", "kimi_k2", "exaone4",
        ),
        _DECODER,
    ),
    "gpt2": _GPT2,
    "bert": _BERT,
}  # fmt: skip
"""By the `model_type` of the configuration."""

_KEYS: Final = {
    "E": ("hidden_size", "n_embd"),
    "V": ("vocab_size",),
    "I": ("intermediate_size", "n_inner"),
    "H": ("num_attention_heads", "n_head"),
    "K": ("num_key_value_heads",),
    "D": ("head_dim",),
    "L": ("num_hidden_layers", "n_layer"),
    "P": ("max_position_embeddings", "n_positions"),
    "T": ("type_vocab_size",),
    "X": ("num_local_experts", "num_experts", "n_routed_experts"),
    "J": ("moe_intermediate_size",),
    "M": ("num_nextn_predict_layers",),
    "shared": ("n_shared_experts",),
    "S": ("shared_expert_intermediate_size",),
    "nope": ("qk_nope_head_dim",),
    "rope": ("qk_rope_head_dim",),
    "value": ("v_head_dim",),
    "q_lora_rank": ("q_lora_rank",),
    "kv_lora_rank": ("kv_lora_rank",),
}


def sizes(config: Mapping[str, Any]) -> Sizes:
    """Return the sizes that a configuration names, and those that follow from them."""
    found: Sizes = {}
    for letter, keys in _KEYS.items():
        value = next((config[key] for key in keys if config.get(key) is not None), None)
        usable = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**40
        found[letter] = value if usable else None
    e, h = found["E"], found["H"]
    if found["D"] is None and e is not None and h:
        found["D"] = e // h
    if found["K"] is None:
        found["K"] = h
    if found["I"] is None and "n_embd" in config and e is not None:
        found["I"] = 4 * e
    if found["S"] is None:
        found["S"] = _product(found["shared"], found["J"])
    nope, rope, value_dim = found["nope"], found["rope"], found["value"]
    head = found["D"] if nope is None or rope is None else nope + rope
    found["Q"] = _product(h, head)
    found["O"] = _product(h, found["D"] if value_dim is None else value_dim)
    found["kv_a"] = None if found["kv_lora_rank"] is None or rope is None else found["kv_lora_rank"] + rope
    found["kv_b"] = None if nope is None or value_dim is None else _product(h, nope + value_dim)
    k, d = found["K"], found["D"]
    found["qkv"] = None if h is None or k is None or d is None else (h + 2 * k) * d
    return found


def dimension(term: str, found: Sizes) -> int | None:
    """Return the size that a term such as "3*E" stands for; `None` where the configuration does not tell."""
    return _product(*(int(factor) if factor.isdigit() else found[factor] for factor in term.split("*")))


def _product(*factors: int | None) -> int | None:
    product = 1
    for factor in factors:
        if factor is None:
            return None
        product *= factor
    return product
