"""Heads, widths and positions of one tower of a model, from its configuration."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VISION, AUDIO, ENCODER, DECODER, MAIN = "vision", "audio", "encoder", "decoder", "main"
_KINDS: Final = ((VISION, r"vision|visual|image|\bvit\b|\bdeit\b|dino"), (AUDIO, r"audio|speech|whisper"))
_SUB_CONFIGURATIONS: Final = {
    VISION: ("vision_config", "vision_tower_config", "vision"),
    AUDIO: ("audio_config", "speech_config"),
    MAIN: ("text_config", "llm_config", "language_config", "thinker_config"),
}
# Types that add learned positions, or positions per head, to what attention sees: no rotation ties channels to places.
_NO_ROTATION: Final = re.compile(
    r"^(?:gpt2|gpt_bigcode|bert|roberta|xlm-roberta|camembert|distilbert|electra|albert|opt|bart|t5|mt5|umt5|bloom|mpt"
    r"|vit|vit_msn|deit|beit|dinov2|clip\w*|siglip\w*|whisper|blip\w*)$"
)
_LEARNED_POSITIONS: Final = re.compile(
    r"^(?:gpt2|gpt_bigcode|bert|roberta|xlm-roberta|camembert|distilbert|electra|opt|vit|deit|dinov2|clip\w*|siglip\w*)$"
)
_INTERLEAVED: Final = re.compile(r"^(?:gpt_neox|bloom)$")


@dataclass(frozen=True, slots=True)
class Geometry:
    """What the configuration says of one tower; None where it says nothing.

    `rotary`: a rotation of pairs of channels ties channels of queries and keys to their places in the head (also where
    it is not known that there is none). `learned_positions`: positions added to the residual axis are drawn as weights
    are. `interleaved`: fused rows go head by head, and query, key and value within one.
    """

    model_type: str
    hidden: int | None
    heads: int | None
    kv_heads: int | None
    head_dim: int | None
    v_head_dim: int | None
    nope_dim: int | None
    latent: int | None
    rotary: bool
    learned_positions: bool
    interleaved: bool


def kind_of(tower: str, model_type: str, towers: Iterable[str]) -> str:
    """Return which of the known kinds of tower one is, by its name; by the type of the model where it has no word."""
    for kind, words in _KINDS:
        if re.search(words, tower):
            return kind
    if any("decoder" in one for one in towers) and any("encoder" in one for one in towers):
        return DECODER if "decoder" in tower else ENCODER
    for kind, words in _KINDS:
        if re.search(words, model_type):
            return kind if not re.search(r"text|language", tower) else MAIN
    return MAIN


def geometry(kind: str, configuration: Mapping[str, Any]) -> Geometry:
    """Return the geometry of a tower of this kind from the model's configuration."""
    own = next(
        (
            configuration[name]
            for name in _SUB_CONFIGURATIONS.get(kind, ())
            if isinstance(configuration.get(name), dict)
        ),
        configuration,
    )
    model_type = str(own.get("model_type", configuration.get("model_type", "")))

    def number(*names: str) -> int | None:
        found = (own.get(name) for name in names)
        return next((one for one in found if isinstance(one, int) and not isinstance(one, bool) and one > 0), None)

    heads = number("num_attention_heads", "n_head", "n_heads", "num_heads", f"{kind}_attention_heads")
    hidden = number("hidden_size", "n_embd", "d_model", "embed_dim", "dim")
    return Geometry(
        model_type=model_type,
        hidden=hidden,
        heads=heads,
        kv_heads=number("num_key_value_heads", "num_kv_heads", "n_head_kv", "n_kv_heads") or heads,
        head_dim=number("head_dim", "d_kv") or (hidden // heads if hidden and heads else None),
        v_head_dim=number("v_head_dim"),
        nope_dim=number("qk_nope_head_dim"),
        latent=number("kv_lora_rank"),
        rotary=not _NO_ROTATION.match(model_type),
        learned_positions=bool(_LEARNED_POSITIONS.match(model_type)),
        interleaved=bool(_INTERLEAVED.match(model_type)),
    )
