"""Models of the family as folders that consortia would push: their names of tensors, configuration, safetensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tests.builders.model_folder import write_model
from tests.originality.making import EMBEDDING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.originality.making import Model
    from tests.originality.network import Shape, Weights


def written(folder: Path, decoder: Model, encoder: Model | None = None) -> Path:
    """Write a language model, with the encoder of images in a tower of its own where there is one."""
    shape, weights = decoder
    tensors, configuration = dict(weights), _configuration(shape)
    if encoder is not None:
        tensors |= _tower(encoder[1])
        configuration = {
            "model_type": "llava",
            "text_config": configuration,
            "vision_config": _configuration(encoder[0]) | {"model_type": "pixtral"},
        }
    return write_model(folder, tensors, configuration)


def _configuration(shape: Shape) -> dict[str, Any]:
    return {
        "model_type": "mixtral" if shape.experts else "llama",
        "hidden_size": shape.width,
        "intermediate_size": shape.hidden,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.heads // shape.shared,
        "vocab_size": shape.vocabulary,
        "tie_word_embeddings": False,
    }


def _tower(weights: Weights) -> Weights:
    """Name the tensors as those of a tower; patches lead to channels, so their matrix is channels × values."""
    made = {
        f"vision_tower.{name.removeprefix('model.')}": tensor
        for name, tensor in weights.items()
        if name.startswith("model.layers") or name == "model.norm.weight"
    }
    made["vision_tower.patch_embed.proj.weight"] = np.ascontiguousarray(weights[EMBEDDING].T)
    return made
