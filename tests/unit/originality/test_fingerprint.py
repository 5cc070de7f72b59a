"""A fingerprint keeps what the exact test needs, and no weights: children are found by it, independent models not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from originality import Finding, fixed
from originality.finding import MOVED
from originality.folders import examine_against, write_fingerprint
from originality.folders.comparing import compare
from originality.folders.fingerprint import read_fingerprint, taken
from originality.folders.subject import subject
from weights.folder import FolderRefusedError
from weights.safetensors import CheckpointFileTruncatedError

from tests.builders.model_folder import write_model, write_safetensors
from tests.builders.tiny_models import (
    GPT2,
    LLAMA,
    MIXTRAL,
    SEEING,
    SIGLIP,
    gpt2,
    layers_of,
    llama,
    mixtral,
    seeing,
    siglip,
    trained_on,
)
from tests.builders.weights import drawn

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MODELS: Mapping[str, tuple[Any, Any]] = {
    "gpt2": (gpt2(11), GPT2),
    "llama": (llama(12), LLAMA),
    "mixtral": (mixtral(13), MIXTRAL),
    "siglip": (siglip(14), SIGLIP),
}


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("catalogue")
    for name, (tensors, settings) in MODELS.items():
        model = write_model(folder / "models" / name, tensors, settings)
        assert write_fingerprint(model, folder / f"{name}.safetensors") > 8
    return folder


def found(catalogue: Path, folder: Path, tensors: Any, settings: Any) -> dict[str, set[Finding]]:
    reports = examine_against(catalogue, write_model(folder, tensors, settings), seed=5)
    assert [one.by for one in reports] == ["fingerprints"] * len(MODELS)
    made = {one.first.name: {part.found.finding for part in one.components} for one in reports}
    return {name: some - {Finding.NOT_TESTABLE} for name, some in made.items()}


@pytest.mark.parametrize(
    ("parent", "child", "settings"),
    [
        ("llama", trained_on(llama(12), 0.2, 1), LLAMA),
        ("llama", layers_of(llama(12), [0, 2]), LLAMA),
        ("siglip", seeing(3, 14), SEEING),
        ("mixtral", trained_on(mixtral(13), 0.1, 2), MIXTRAL),
        ("gpt2", gpt2(11), GPT2),
    ],
    ids=["fine-tuned", "pruned", "vision-taken-over", "experts", "copy"],
)
def test_only_the_parent_is_found_and_a_copy_is_no_more_than_derived(
    catalogue: Path, tmp_path: Path, parent: str, child: Any, settings: Any
) -> None:
    made = found(catalogue, tmp_path / "m", child, settings)
    assert made.pop(parent) == {Finding.DERIVED}
    assert set().union(*made.values()) <= {Finding.NO_EVIDENCE}


def test_both_parents_of_an_average_are_found(catalogue: Path, tmp_path: Path) -> None:
    other = llama(77)
    merged = {name: (0.5 * values + 0.5 * other[name]).astype(np.float32) for name, values in llama(12).items()}
    assert Finding.DERIVED in found(catalogue, tmp_path / "m", merged, LLAMA)["llama"]


def test_the_family_is_that_of_all_fingerprints(catalogue: Path, tmp_path: Path) -> None:
    reports = examine_against(catalogue, write_model(tmp_path / "m", llama(99), LLAMA), seed=5)
    (one,) = [one for one in reports if one.first.name == "llama"]
    planned = [part for part in one.components if part.found.test.exact]
    assert {part.found.family for part in planned} == {len(one.components) * len(MODELS)}


def test_what_is_written_is_what_is_taken(catalogue: Path) -> None:
    kept = read_fingerprint(catalogue / "llama.safetensors")
    again = taken(subject(catalogue / "models" / "llama"))
    assert kept.described == again.described
    assert kept.parts.keys() == again.parts.keys()
    for key, part in kept.parts.items():
        for one, other in zip(part.read(None), again.parts[key].read(None), strict=True):
            assert np.array_equal(one[:], other[:])


def test_the_same_model_has_the_same_fingerprint_to_the_byte(catalogue: Path, tmp_path: Path) -> None:
    write_fingerprint(catalogue / "models" / "gpt2", tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == (catalogue / "gpt2.safetensors").read_bytes()
    assert (tmp_path / "again.safetensors").stat().st_size < 300_000


def test_projected_units_of_independent_models_match_as_a_random_permutation(tmp_path: Path) -> None:
    first = write_model(tmp_path / "a", llama(1, 8), LLAMA)
    counts: list[int] = []
    for seed in range(2, 6):
        other = write_model(tmp_path / str(seed), llama(seed, 8), LLAMA)
        report = compare(taken(subject(first)), taken(subject(other)), seed=seed, moved_layers=0)
        assert not {part.found.finding for part in report.components} & {Finding.DERIVED, Finding.PARTLY_DERIVED}
        counts += [part.found.count or 0 for part in report.components if part.kind.startswith("mlp")]
    assert len(counts) == 96
    assert np.mean(counts) == pytest.approx(1, abs=4 / np.sqrt(len(counts)))


def test_tokens_have_the_same_signs_at_whichever_row_they_stand(tmp_path: Path) -> None:
    tensors = llama(1, 1)
    order = np.random.default_rng(3).permutation(len(tensors["model.embed_tokens.weight"]))
    other = {name: values[order] if len(values) == len(order) else values for name, values in tensors.items()}
    sides = []
    for name, some, rows in (("a", tensors, range(len(order))), ("b", other, np.argsort(order).tolist())):
        folder = write_model(tmp_path / name, some, LLAMA)
        vocab = {f"token {place}": row for place, row in enumerate(rows)}
        (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocab}}))
        sides.append(taken(subject(folder)))
    report = compare(sides[0], sides[1], seed=1)
    assert {part.found.finding for part in report.components if part.kind in {"embedding", "head"}} == {Finding.DERIVED}


def test_fixed_draws_are_what_they_were() -> None:
    # Fingerprints are kept for years: these must never change.
    assert fixed.places("units", 100, 5).tolist() == PLACES
    assert fixed.signs("inputs", 2, 8).tolist() == SIGNS
    assert fixed.least([f"t{n}" for n in range(50)], 3) == LEAST


PLACES = [1, 8, 19, 92, 98]
SIGNS = [[1.0, 1.0, 1.0, -1.0, 1.0, 1.0, -1.0, -1.0], [-1.0, -1.0, -1.0, -1.0, -1.0, -1.0, -1.0, 1.0]]
LEAST = ["t16", "t37", "t47"]


@pytest.mark.parametrize(
    ("tensors", "dtypes", "rule"),
    [
        ({"w": drawn(1)}, {}, "without a description"),
        ({"about": np.frombuffer(b"{", np.uint8)}, {"about": "U8"}, "NOT_A_FINGERPRINT"),
        ({"about": np.frombuffer(b'{"schema": "x"}', np.uint8)}, {"about": "U8"}, "another schema"),
        ({"about": np.frombuffer(b'{"schema": "dokpamo.fingerprint/1"}', np.uint8)}, {}, "NOT_A_FINGERPRINT"),
    ],
)
def test_a_file_that_is_no_fingerprint_is_refused(tmp_path: Path, tensors: Any, dtypes: Any, rule: str) -> None:
    write_safetensors(tmp_path / "x.safetensors", tensors, dtypes)
    with pytest.raises(FolderRefusedError, match=rule):
        read_fingerprint(tmp_path / "x.safetensors")


def test_a_fingerprint_that_says_more_than_it_holds_is_refused(catalogue: Path, tmp_path: Path) -> None:
    data = (catalogue / "gpt2.safetensors").read_bytes()
    changed = data.replace(b'"units": [64]', b'"units": [65]', 1)
    assert changed != data
    (tmp_path / "x.safetensors").write_bytes(changed)
    with pytest.raises(FolderRefusedError, match="are described"):
        read_fingerprint(tmp_path / "x.safetensors")
    (tmp_path / "x.safetensors").write_bytes(data[:-1])
    with pytest.raises(CheckpointFileTruncatedError):
        read_fingerprint(tmp_path / "x.safetensors")


def test_weights_that_are_not_finite_have_no_fingerprint(tmp_path: Path) -> None:
    tensors = llama(1, 1)
    tensors["model.layers.0.mlp.up_proj.weight"][:] = np.nan
    with pytest.raises(FolderRefusedError, match="finite"):
        write_fingerprint(write_model(tmp_path / "m", tensors, LLAMA), tmp_path / "x.safetensors")


def test_a_catalogue_that_is_not_there_or_empty_is_refused(tmp_path: Path) -> None:
    model = write_model(tmp_path / "m", llama(1, 1), LLAMA)
    with pytest.raises(FolderRefusedError, match="NO_FOLDER"):
        examine_against(tmp_path / "none", model, seed=1)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".half.safetensors.part").write_bytes(b"x")
    with pytest.raises(FolderRefusedError, match="NO_FINGERPRINTS"):
        examine_against(tmp_path / "empty", model, seed=1)


def wide(seed: int, layers: int = 2, hidden: int = 256, inner: int = 700) -> dict[str, Any]:
    """A decoder wide enough that 64 numbers tell its units apart."""
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> Any:
        return rng.standard_normal(shape, dtype=np.float32)

    made = {"model.embed_tokens.weight": draw(100, hidden)}
    for layer in range(layers):
        made |= {
            f"model.layers.{layer}.mlp.gate_proj.weight": draw(inner, hidden),
            f"model.layers.{layer}.mlp.up_proj.weight": draw(inner, hidden),
            f"model.layers.{layer}.mlp.down_proj.weight": draw(hidden, inner),
        }
    return made


def with_units_moved(tensors: dict[str, Any], seed: int, noise: float) -> dict[str, Any]:
    """The same model, trained on a little, with its hidden units in another order."""
    rng = np.random.default_rng(seed)
    made = {name: (each + noise * rng.standard_normal(each.shape)).astype(np.float32) for name, each in tensors.items()}
    for layer in range(2):
        names = [f"model.layers.{layer}.mlp.{kind}_proj.weight" for kind in ("gate", "up", "down")]
        order = rng.permutation(made[names[0]].shape[0])
        made |= {names[0]: made[names[0]][order], names[1]: made[names[1]][order], names[2]: made[names[2]][:, order]}
    return made


def test_units_that_were_moved_are_found_among_all_of_the_other_model_and_it_is_not_exact(tmp_path: Path) -> None:
    settings = {**LLAMA, "hidden_size": 256, "intermediate_size": 700}
    parent = wide(31)
    (tmp_path / "catalogue").mkdir()
    for name, tensors in (("parent", parent), ("other", wide(32))):
        write_fingerprint(
            write_model(tmp_path / name, tensors, settings), tmp_path / "catalogue" / f"{name}.safetensors"
        )
    child = write_model(tmp_path / "child", with_units_moved(parent, 7, 0.1), settings)
    other, found_in_parent = examine_against(tmp_path / "catalogue", child, seed=5)
    assert (other.first.name, found_in_parent.first.name) == ("other", "parent")
    moved = [one for one in found_in_parent.components if one.found.test is MOVED]
    assert [(one.kind, one.found.finding, one.found.compared) for one in moved] == [
        ("mlp.up", Finding.DERIVED, 256),
        ("mlp.up", Finding.DERIVED, 256),
    ]
    assert found_in_parent.moved_layers == other.moved_layers == 2
    assert {one.found.finding for one in other.components} <= {Finding.NO_EVIDENCE, Finding.NOT_TESTABLE}
