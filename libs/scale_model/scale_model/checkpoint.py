"""A checkpoint as a folder: config.json, model.safetensors, README.md (model card), training_log.jsonl.

Nothing in it depends on time or place, so that the same training gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from safetensors.numpy import load_file, save_file

from scale_model.network import VOCABULARY, Shape, Weights

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from scale_model.job import TrainingJob
    from scale_model.training import Step

ARCHITECTURE: Final = "byte-window-mlp"
CONFIG: Final = "config.json"
WEIGHTS: Final = "model.safetensors"
CARD: Final = "README.md"
LOG: Final = "training_log.jsonl"


class CheckpointUnreadableError(Exception):
    """A checkpoint is not one of this model's."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        """Keep the `field` of the checkpoint, its `value` and the `rule` it breaks."""
        super().__init__(f"{field} is {value!r}: {rule}")
        self.field = field
        self.value = value
        self.rule = rule


def save(folder: Path, weights: Weights, shape: Shape, job: TrainingJob, log: Iterable[Step]) -> None:
    """Write the checkpoint of `job` into `folder`, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG).write_text(_json(_config(shape)), "utf-8")
    save_file({name: weights[name] for name in sorted(weights)}, folder / WEIGHTS, {"format": "np"})
    lines = [json.dumps({"step": step.step, "loss": f"{step.loss:.6f}"}) + "\n" for step in log]
    (folder / LOG).write_text("".join(lines), "utf-8")
    (folder / CARD).write_text(_card(shape, job), "utf-8")


def load(folder: Path) -> tuple[Weights, Shape]:
    """Return weights and shape of the checkpoint in `folder`; raise `CheckpointUnreadableError` if it is not ours."""
    config = json.loads((folder / CONFIG).read_text("utf-8"))
    if config.get("architecture") != ARCHITECTURE:
        raise CheckpointUnreadableError("config.architecture", config.get("architecture"), f"must be {ARCHITECTURE!r}")
    shape = Shape(*(_size(config, name) for name in ("context_bytes", "embedding_width", "hidden_units")))
    if not (folder / WEIGHTS).is_file():
        raise CheckpointUnreadableError("files", WEIGHTS, "must hold the weights")
    weights: Weights = load_file(folder / WEIGHTS)
    found = {name: (str(tensor.dtype), tensor.shape) for name, tensor in weights.items()}
    wanted = {name: ("float32", size) for name, size in shape.tensors().items()}
    if found != wanted:
        raise CheckpointUnreadableError("tensors", found, f"must be {wanted}, as the configuration says")
    return weights, shape


def _size(config: dict[str, Any], name: str) -> int:
    value = config.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise CheckpointUnreadableError(f"config.{name}", value, "must be a whole number of at least 1")
    return value


def log_sha256(folder: Path) -> str:
    """Return the SHA-256 of the training log in lower-case hex."""
    return hashlib.sha256((folder / LOG).read_bytes()).hexdigest()


def _config(shape: Shape) -> dict[str, object]:
    return {
        "architecture": ARCHITECTURE,
        "context_bytes": shape.context_bytes,
        "dtype": "float32",
        "embedding_width": shape.embedding_width,
        "hidden_units": shape.hidden_units,
        "parameters": shape.parameters(),
        "vocabulary": VOCABULARY,
    }


def _json(document: dict[str, object]) -> str:
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def _card(shape: Shape, job: TrainingJob) -> str:
    start = f"the team's checkpoint `{job.parent_checkpoint}`" if job.parent_checkpoint else "random weights"
    return f"""---
license: {job.licence.lower()}
language: [ko, en]
---

# {job.model} (scale model)

A small byte-level language model of {job.team_id}, period {job.period}: it sees {shape.context_bytes} bytes and
predicts the next one. {shape.parameters()} parameters in float32. It stands for a large model in a rehearsal.

- Training job: `{job.job_id}`, {job.steps} steps, seed {job.seed}, from {start}.
- Data: Korean and English texts written for the Dokpamo project; every tenth paragraph is held out.
- Losses step by step: `{LOG}`.
"""
