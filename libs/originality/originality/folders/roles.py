"""What a tensor is, told by its name: the names of the open model families, in one table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a tensor does. Fused ones hold several in a row."""

    QUERY = "q"
    KEY = "k"
    VALUE = "v"
    OUTPUT = "o"
    FUSED = "qkv"
    QUERY_DOWN = "q_a"
    QUERY_UP = "q_b"
    LATENT_DOWN = "kv_a"
    LATENT_UP = "kv_b"
    GATE = "gate"
    UP = "up"
    DOWN = "down"
    GATE_UP = "gate_up"
    STACKED_GATE_UP = "stacked gate_up"
    STACKED_DOWN = "stacked down"
    ROUTER = "router"
    NORM = "norm"
    EMBEDDING = "embedding"
    POSITIONS = "positions"
    PATCHES = "patches"
    HEAD = "head"
    BUFFER = "buffer"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Named:
    """A tensor's name, taken apart.

    `tower` is what stands before the layers, `layer` their number (None outside them), `part` what stands between
    layer and role (a second attention, a shared expert), `expert` the number of an expert.
    """

    name: str
    role: Role
    tower: str = ""
    layer: int | None = None
    part: str = ""
    expert: int | None = None


_LAYER: Final = re.compile(
    r"^(?P<tower>.*?)(?:^|\.)(?:layers?|h|blocks?|resblocks|encoder_layers|decoder_layers|transformer_blocks)"
    r"\.(?P<layer>\d+)\.(?P<rest>.+)$"
)
_EXPERT: Final = re.compile(r"^(?P<part>.*?)experts\.(?P<expert>\d+)\.(?P<rest>.+)$")
_ATTENTION: Final = (
    r"(?:self_attn|self_attention|attention|attn|SelfAttention|attn1)\.(?:(?:self|attention|attn|self_attention)\.)?"
)
_OTHER_ATTENTION: Final = r"(?:encoder_attn|cross_attn|crossattention|EncDecAttention|attn2)\.(?:self\.)?"
_MLP: Final = r"(?:(?:mlp|ffn|feed_forward|ff|DenseReluDense|dense|block_sparse_moe|moe)\.)?"
_ENDINGS: Final = (
    (Role.BUFFER, r".*(?:inv_freq|freqs_cis|rotary\w*|position_ids|masked_bias)|.*attn\.bias"),
    (Role.ROUTER, r"(?:mlp|block_sparse_moe|feed_forward|moe|ffn)\.(?:gate|router)(?:\.layer|\.wg)?\.weight"),
    (Role.STACKED_GATE_UP, r"(?:\w+\.)?experts\.gate_up_proj(?:\.weight)?|\w+\.input_linear\.weight"),
    (Role.STACKED_DOWN, r"(?:\w+\.)?experts\.down_proj(?:\.weight)?|\w+\.output_linear\.weight"),
    (Role.QUERY_DOWN, r"{attention}q_a_proj\.weight"),
    (Role.QUERY_UP, r"{attention}q_b_proj\.weight"),
    (Role.LATENT_DOWN, r"{attention}kv_a_proj_with_mqa\.weight"),
    (Role.LATENT_UP, r"{attention}kv_b_proj\.weight"),
    (Role.QUERY, r"{attention}(?:q_proj|query|q_lin|q|wq|to_q)\.weight"),
    (Role.KEY, r"{attention}(?:k_proj|key|k_lin|k|wk|to_k)\.weight"),
    (Role.VALUE, r"{attention}(?:v_proj|value|v_lin|v|wv|to_v)\.weight"),
    (Role.FUSED, r"{attention}(?:(?:qkv_proj|qkv|c_attn|query_key_value|Wqkv|in_proj)\.weight|in_proj_weight)"),
    (Role.OUTPUT, r"{attention}(?:o_proj|out_proj|out_lin|o|wo|Wo|dense|proj|c_proj|to_out\.0|output\.dense)\.weight"),
    (Role.OUTPUT, r"attention\.output\.dense\.weight"),
    (Role.GATE_UP, rf"{_MLP}gate_up_proj\.weight"),
    (Role.GATE, rf"{_MLP}(?:gate_proj|wi_0|w1)\.weight"),
    (
        Role.UP,
        rf"{_MLP}(?:up_proj|fc1|c_fc|intermediate\.dense|lin1|wi|wi_1|dense_h_to_4h|w3|linear1|W_in|fc_in)\.weight",
    ),
    (
        Role.DOWN,
        rf"{_MLP}(?:down_proj|fc2|c_proj|output\.dense|lin2|wo|dense_4h_to_h|w2|linear2|W_out|fc_out)\.weight",
    ),
    (Role.NORM, r"\w*(?:norm|ln|layer_?norm|layernorm|LayerNorm)\w*(?:\.\w+)*\.weight|(?:\w+\.)*LayerNorm\.weight"),
)
_IN_LAYER: Final = tuple(
    (role, re.compile(rf"^(?P<part>(?:.+?\.)??)(?:{ending.replace('{attention}', attention)})$"))
    for role, ending in _ENDINGS
    for attention in ((_ATTENTION, _OTHER_ATTENTION) if "{attention}" in ending else ("",))
)
_OUTSIDE: Final = tuple(
    (role, re.compile(rf"^(?:(?P<tower>.+)\.)?(?:{ending})$"))
    for role, ending in (
        (Role.BUFFER, r"(?:\w*inv_freq|\w*position_ids|freqs_cis)"),
        (Role.POSITIONS, r"(?:wpe\.weight|\w*position\w*embed\w*(?:\.weight)?|pos_embed|embed_positions\.weight)"),
        (
            Role.EMBEDDING,
            r"(?:embed_tokens|wte|word_embeddings|tok_embeddings|token_embedding|shared|embed_in)\.weight",
        ),
        (Role.PATCHES, r"(?:patch_embed\w*|patch_embeddings)(?:\.proj\w*)?\.weight|conv1\.weight"),
        (Role.HEAD, r"(?:lm_head|embed_out|predictions\.decoder)\.weight|output\.weight"),
        (Role.NORM, r"\w*(?:norm|ln|layernorm|LayerNorm)\w*(?:\.\w+)*\.weight"),
    )
)


def named(name: str) -> Named:
    """Take a tensor's name apart; what no family is known to use has the role `OTHER`."""
    in_layer = _LAYER.match(name)
    if in_layer is None:
        for role, pattern in _OUTSIDE:
            if found := pattern.match(name):
                return Named(name, role, found["tower"] or "")
        return Named(name, Role.OTHER)
    tower, layer, rest = in_layer["tower"], int(in_layer["layer"]), in_layer["rest"]
    expert = None
    within = ""
    if (one := _EXPERT.match(rest)) is not None:
        expert, rest, within = int(one["expert"]), one["rest"], "experts"
    for role, pattern in _IN_LAYER:
        if found := pattern.match(rest):
            cross = "cross" if role in _OF_ATTENTION and re.search(_OTHER_ATTENTION, rest) else ""
            part = ".".join(word for word in (within, found["part"].strip("."), cross) if word)
            return Named(name, role, tower, layer, part, expert)
    return Named(name, Role.OTHER, tower, layer)


_OF_ATTENTION: Final = frozenset({Role.QUERY, Role.KEY, Role.VALUE, Role.OUTPUT, Role.FUSED})
