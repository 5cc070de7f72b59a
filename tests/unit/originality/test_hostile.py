"""Models that were broken in random ways: examined or refused by name, and never another error."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from originality import WeightsRefusedError
from originality.folders import examine_folders
from originality.folders.fingerprint import taken
from originality.folders.page import page
from originality.folders.subject import subject
from weights.folder import FolderRefusedError
from weights.safetensors import CheckpointFileTruncatedError, SafetensorsRefusedError

from tests.builders.model_folder import write_model
from tests.builders.tiny_models import BERT, GPT2, LLAMA, MIXTRAL, SIGLIP, bert, gpt2, llama, mixtral, siglip

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FAMILIES: list[tuple[Any, Any]] = [(llama, LLAMA), (gpt2, GPT2), (bert, BERT), (siglip, SIGLIP), (mixtral, MIXTRAL)]
SETTINGS = ("num_attention_heads", "num_key_value_heads", "head_dim", "hidden_size", "model_type", "n_head", "n_embd")
VALUES: list[Any] = [0, -1, 1, 3, 7, 10**12, 1.5, None, "x", [], {}]
REFUSALS = (WeightsRefusedError, FolderRefusedError, SafetensorsRefusedError, CheckpointFileTruncatedError)


def _cut(draw: random.Random, values: Any) -> Any:
    return values[: draw.randint(0, max(0, len(values) - 1))]


def _spoiled(draw: random.Random, values: Any) -> Any:
    made = values.copy()
    made.flat[draw.randrange(made.size)] = draw.choice([np.nan, np.inf, 1e38])
    return made


CHANGES: list[Callable[[random.Random, Any], Any]] = [
    _cut,
    _spoiled,
    lambda _, values: values.reshape(-1),
    lambda _, values: np.ascontiguousarray(values.T),
    lambda _, values: np.zeros_like(values),
    lambda _, values: np.ones_like(values),
    lambda _, values: values.astype(np.int32),
    lambda _, values: values.astype(np.int8),
    lambda _, values: np.repeat(values, 2, axis=0),
    lambda _, values: values[None],
]


def _broken(draw: random.Random, tensors: Any, settings: Any) -> tuple[Any, Any]:
    tensors, settings = dict(tensors), dict(settings)
    for _ in range(draw.randint(1, 4)):
        name = draw.choice(list(tensors))
        kind = draw.random()
        if kind < 0.6:
            tensors[name] = draw.choice(CHANGES)(draw, tensors[name]) if tensors[name].size else tensors[name]
        elif kind < 0.7 and len(tensors) > 1:
            del tensors[name]
        elif kind < 0.8:
            tensors[name.replace("0", "1") if draw.random() < 0.5 else f"x.{name}"] = tensors[name]
        elif kind < 0.85:
            tensors[f"{name}_scale"] = np.ones(draw.choice([(1,), (3, 3), (len(tensors[name]), 1)]), np.float32)
        else:
            settings[draw.choice(SETTINGS)] = draw.choice(VALUES)
    return tensors, settings


def _examined(folder: Path, seed: int) -> str:
    draw = random.Random(seed)
    (first, one), (second, other) = draw.choice(FAMILIES), draw.choice(FAMILIES)
    if draw.random() < 0.7:
        second, other = first, one
    sides = [
        write_model(folder / name, *_broken(draw, family(draw.choice([1, 2]), 2), settings))
        for name, family, settings in (("first", first, one), ("second", second, other))
    ]
    try:
        report = examine_folders(sides[0], sides[1], seed=seed)
        taken(subject(sides[0]), kept=True)
    except REFUSALS as refusal:
        return "refused" if refusal.field and refusal.rule else "refused without a reason"
    assert json.loads(json.dumps(report.to_json(), allow_nan=False))["schema"] == "dokpamo.originality/2"
    assert page(report, "ko")
    return "examined"


def test_a_few_broken_models(tmp_path: Path) -> None:
    assert {_examined(tmp_path, seed) for seed in range(8)} <= {"examined", "refused"}


@pytest.mark.on_demand
@pytest.mark.timeout(3600)
def test_many_broken_models(tmp_path: Path) -> None:
    seen = [_examined(tmp_path, seed) for seed in range(1000, 3000)]
    print(f"{len(seen)} pairs of broken models, {seen.count('refused')} refused, the others examined")
    assert 0 < seen.count("refused") < len(seen)
