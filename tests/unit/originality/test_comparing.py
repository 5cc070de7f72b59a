"""Two model folders: each way of making one from another is found part by part, and independent ones are not."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from originality import Finding, match
from originality.finding import MOVED
from originality.folders import examine_folders

from tests.builders.model_folder import bfloat16, write_model
from tests.builders.tiny_models import (
    BERT,
    GPT2,
    HIDDEN,
    INNER,
    LLAMA,
    MIXTRAL,
    SEEING,
    SIGLIP,
    bert,
    changed,
    gpt2,
    layers_of,
    llama,
    mixtral,
    moved,
    seeing,
    siglip,
    trained_on,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from originality.folders import FolderReport
    from originality.folders.report import Told

FOUND = {Finding.IDENTICAL, Finding.DERIVED, Finding.PARTLY_DERIVED}
PARENT = llama(1)


def examined(folder: Path, first: Any, second: Any, settings: Mapping[str, Any] = LLAMA, **more: Any) -> FolderReport:
    sides = [
        write_model(folder / name, tensors, more.pop(f"settings_{name}", settings))
        for name, tensors in (("first", first), ("second", second))
    ]
    return examine_folders(sides[0], sides[1], seed=7, **more)


def findings(report: FolderReport, *kinds: str) -> Counter[Finding]:
    """How often each finding was made of the components of these kinds (all), of those that have a test."""
    made = Counter(one.found.finding for one in report.components if not kinds or one.kind.startswith(kinds))
    del made[Finding.NOT_TESTABLE]
    return made


def of_kind(report: FolderReport, kind: str, layer: int | None = None) -> Told:
    return next(one for one in report.components if one.kind == kind and one.second.layer == layer)


@pytest.mark.parametrize(
    ("family", "settings"), [(llama, LLAMA), (gpt2, GPT2), (bert, BERT), (siglip, SIGLIP), (mixtral, MIXTRAL)]
)
def test_independent_models_of_each_family_give_no_evidence_and_children_are_derived_in_every_part(
    tmp_path: Path, family: Any, settings: Mapping[str, Any]
) -> None:
    independent = examined(tmp_path / "1", family(1), family(2), settings)
    child = examined(tmp_path / "2", family(1), trained_on(family(1), 0.1, 3), settings)
    assert findings(independent).keys() == {Finding.NO_EVIDENCE}
    assert findings(child).keys() == {Finding.DERIVED}
    assert findings(child).total() >= findings(independent).total() >= 12
    # All but positions, masks and the like is in a part that has an axis to test.
    assert child.first.covered > 0.95
    assert child.first.not_examined == ()


@pytest.mark.parametrize("shards", [1, 4])
def test_a_copy_is_identical_however_it_is_split_into_files(tmp_path: Path, shards: int) -> None:
    first = write_model(tmp_path / "a", PARENT, LLAMA)
    second = write_model(tmp_path / "b", dict(reversed(PARENT.items())), LLAMA, shards)
    report = examine_folders(first, second, seed=7)
    assert findings(report).keys() == {Finding.IDENTICAL}
    assert report.counts == {"identical": findings(report).total(), "not testable": 1}


def _int8(tensors: Any) -> Any:
    made = {}
    for name, values in tensors.items():
        if "mlp" in name:
            scale = np.abs(values).max(axis=1, keepdims=True) / 127
            made[name] = np.rint(values / scale).astype(np.int8)
            made[f"{name}_scale"] = scale
        else:
            made[name] = bfloat16(values)
    return made


@pytest.mark.parametrize(
    "stored",
    [
        changed(PARENT, lambda _, values: values.astype(np.float16)),
        changed(PARENT, lambda _, values: bfloat16(values)),
        _int8(PARENT),
        changed(PARENT, lambda name, values: values if "norm" in name else 3 * values),
    ],
    ids=["float16", "bfloat16", "int8", "scaled"],
)
def test_copies_in_other_precisions_are_derived_in_every_part(tmp_path: Path, stored: Any) -> None:
    assert findings(examined(tmp_path, PARENT, stored), "mlp", "attention", "embedding").keys() == {Finding.DERIVED}


def test_where_adapters_were_merged_only_their_parts_differ(tmp_path: Path) -> None:
    adapters = ("q_proj", "v_proj")
    low_rank = changed(
        PARENT,
        lambda name, values: (
            values + np.float32(0.1) * llama(9)[name][:, :2] @ llama(8)[name][:2]
            if any(one in name for one in adapters)
            else values
        ),
    )
    report = examined(tmp_path, PARENT, low_rank)
    assert findings(report, "attention.v").keys() == {Finding.DERIVED}
    assert findings(report, "attention.o", "mlp", "embedding", "head").keys() == {Finding.IDENTICAL}


@pytest.mark.parametrize("share", [0.5, 0.3])
def test_each_parent_of_a_weighted_average_is_found(tmp_path: Path, share: float) -> None:
    other = llama(5)
    merged = {name: (share * values + (1 - share) * other[name]).astype(np.float32) for name, values in PARENT.items()}
    for name, parent in (("a", PARENT), ("b", other)):
        report = examined(tmp_path / name, parent, merged)
        assert findings(report, "mlp", "attention.v").keys() <= {Finding.DERIVED, Finding.PARTLY_DERIVED}


@pytest.mark.parametrize("order", [[0, 2, 3, 5], [0, 1, 2, 3, 2, 3, 4, 5], [3, 0, 5, 1, 4, 2]])
def test_layers_are_found_again_where_they_were_dropped_doubled_or_put_in_another_order(
    tmp_path: Path, order: list[int]
) -> None:
    parent = llama(1, 6)
    report = examined(tmp_path, parent, trained_on(layers_of(parent, order), 0.1, 2))
    mlp = [one for one in report.components if one.kind.startswith(("mlp", "attention.v", "attention.o"))]
    assert {(one.second.layer, one.first.layer) for one in mlp if one.kind == "mlp.up"} == set(enumerate(order))
    assert {one.found.finding for one in mlp} == {Finding.DERIVED}
    # Partners were chosen by units that the test then left out.
    assert {one.found.compared for one in mlp if one.kind == "mlp.up"} == {INNER - INNER // 4}


def test_models_of_other_depths_that_are_independent_give_no_evidence(tmp_path: Path) -> None:
    for seed in range(3):
        report = examined(tmp_path / str(seed), llama(100 + seed, 6), llama(200 + seed, 4))
        assert findings(report).keys() == {Finding.NO_EVIDENCE}


def test_moved_units_on_a_moved_axis_are_found_by_the_test_that_is_not_exact(tmp_path: Path) -> None:
    parent = llama(1, 6)
    report = examined(tmp_path, parent, trained_on(moved(parent, 3, 6), 0.05, 4))
    found = [one for one in report.components if one.found.test is MOVED]
    # Four layers are searched, and where they show something, all of them.
    assert [(one.kind, one.second.layer) for one in found] == [("mlp.up", layer) for layer in range(6)]
    assert {one.found.finding for one in found} == {Finding.DERIVED}
    assert report.moved_layers == 6
    # Of what was not moved the exact test speaks, once the axis is put back.
    others = {one.kind for one in report.components if one.found.finding in FOUND and one not in found}
    assert others == {"attention.v", "attention.o", "attention.q heads", "attention.k heads"}


def test_a_narrower_child_is_found_by_the_units_that_it_kept(tmp_path: Path) -> None:
    kept = np.sort(np.random.default_rng(1).permutation(INNER)[:60])

    def narrowed(name: str, values: Any) -> Any:
        if name.endswith("down_proj.weight"):
            return values[:, kept]
        return values[kept] if "mlp" in name else values

    report = examined(tmp_path, PARENT, changed(PARENT, narrowed))
    assert {one.found.finding for one in report.components if one.kind == "mlp.up"} == {Finding.DERIVED}
    assert {one.found.test for one in report.components if one.kind == "mlp.up"} == {MOVED}


def test_experts_in_another_order_are_found_with_their_partners(tmp_path: Path) -> None:
    parent = mixtral(1)
    order = [2, 0, 3, 1]
    child = dict(parent)
    for name, values in parent.items():
        if "experts" in name:
            before, _, after = name.partition("experts.")
            child[f"{before}experts.{order.index(int(after[0]))}{after[1:]}"] = values
    report = examined(tmp_path, parent, trained_on(child, 0.1, 2), MIXTRAL)
    experts = [one for one in report.components if one.second.expert is not None]
    assert {(one.second.expert, one.first.expert) for one in experts} == set(enumerate(order))
    assert {one.found.finding for one in experts} == {Finding.DERIVED}


def test_of_many_experts_some_are_drawn_and_the_rest_is_counted(tmp_path: Path) -> None:
    many = mixtral(1, layers=1, experts=40)
    report = examined(tmp_path, many, trained_on(many, 0.1, 2), MIXTRAL)
    numbers = {one.second.expert for one in report.components if one.kind == "mlp.up"}
    assert len(numbers) == 32
    assert report.experts_left_out == 8
    again = examined(tmp_path, many, many, MIXTRAL)
    assert {one.second.expert for one in again.components if one.kind == "mlp.up"} == numbers


def test_experts_made_from_one_dense_mlp_are_each_found(tmp_path: Path) -> None:
    child = mixtral(9)
    for name in child:
        if "experts" in name:
            role = {"w1": "gate", "w3": "up", "w2": "down"}[name.split(".")[-2]]
            child[name] = PARENT[f"model.layers.{name.split('.')[2]}.mlp.{role}_proj.weight"]
    report = examined(tmp_path, PARENT, trained_on(child, 0.2, 2), settings_second=MIXTRAL)
    experts = [one for one in report.components if one.second.expert is not None]
    assert len(experts) == 2 * 4 * 3
    assert {one.first.expert for one in experts} == {None}
    assert {one.found.finding for one in experts} == {Finding.DERIVED}
    assert findings(report, "attention", "embedding").keys() == {Finding.NO_EVIDENCE}


def test_a_frozen_vision_encoder_is_found_and_the_language_beside_it_is_not(tmp_path: Path) -> None:
    report = examined(tmp_path, siglip(9), seeing(2, 9), settings_first=SIGLIP, settings_second=SEEING)
    assert {one.tower for one in report.components} == {"vision"}
    assert findings(report).keys() == {Finding.IDENTICAL}
    both = examined(tmp_path / "both", seeing(1, 9), seeing(2, 9), SEEING)
    assert {one.found.finding for one in both.components if one.tower == "main"} & FOUND == set()
    assert {one.found.finding for one in both.components if one.tower == "vision"} & FOUND == {Finding.IDENTICAL}


def test_a_part_that_was_taken_over_is_found_alone(tmp_path: Path) -> None:
    child = {name: PARENT[name] if "layers.1.self_attn" in name else values for name, values in llama(6).items()}
    report = examined(tmp_path, PARENT, child)
    found = {(one.kind, one.second.layer) for one in report.components if one.found.finding in FOUND}
    assert {("attention.v", 1), ("attention.o", 1)} <= found
    assert found <= {("attention.v", 1), ("attention.o", 1), ("attention.q heads", None), ("attention.k heads", None)}


@pytest.mark.parametrize("side", [0, 1])
def test_a_model_without_a_configuration_is_read_as_the_one_that_it_is_compared_to(tmp_path: Path, side: int) -> None:
    sides = [write_model(tmp_path / name, tensors, LLAMA) for name, tensors in (("a", PARENT), ("b", PARENT))]
    (sides[side] / "config.json").unlink()
    report = examine_folders(sides[0], sides[1], seed=1)
    assert findings(report, "attention.v", "attention.o", "embedding").keys() == {Finding.IDENTICAL}


def test_an_output_head_is_compared_to_the_embedding_that_it_was_tied_to(tmp_path: Path) -> None:
    tied = llama(1, tied=True)
    untied = tied | {"lm_head.weight": tied["model.embed_tokens.weight"]}
    head = of_kind(examined(tmp_path / "1", tied, untied), "head")
    assert head.found.finding is Finding.IDENTICAL
    assert head.first.tensors == ("model.embed_tokens.weight",)
    other = tied | {"lm_head.weight": llama(2)["lm_head.weight"]}
    assert of_kind(examined(tmp_path / "2", tied, other), "head").found.finding is Finding.NO_EVIDENCE


def _tokenizer(folder: Path, tokens: Mapping[str, int]) -> Path:
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": tokens}}))
    return folder


def test_a_changed_vocabulary_hides_no_embedding(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    kept = rng.permutation(300)[:250]
    new = llama(7)["model.embed_tokens.weight"][:150]
    child = changed(PARENT, lambda _, values: np.vstack([values[kept], new]) if len(values) == 300 else values)
    parent = _tokenizer(write_model(tmp_path / "a", PARENT, LLAMA), {f"t{row}": row for row in range(300)})
    tokens = {f"t{row}": place for place, row in enumerate(kept)} | {f"new{row}": 250 + row for row in range(150)}
    second = _tokenizer(write_model(tmp_path / "b", child, LLAMA), tokens)
    report = examine_folders(parent, second, seed=1)
    assert of_kind(report, "embedding").found.finding is Finding.DERIVED
    assert of_kind(report, "head").found.finding is Finding.DERIVED
    assert report.context is not None
    assert report.context.tokens is not None
    assert report.context.tokens.both == 250


# Traps: what looks alike in independent models.


def test_gains_are_alike_in_independent_models_and_no_finding_comes_of_it(tmp_path: Path) -> None:
    report = examined(tmp_path, PARENT, llama(2))
    gains = of_kind(report, "gains").found
    assert gains.finding is Finding.NOT_TESTABLE
    assert gains.context is not None
    assert gains.context.cosine is not None
    assert gains.context.cosine > 0.99
    assert gains.context.pearson == pytest.approx(0, abs=0.2)
    # Side by side and without their means they have an exact test.
    assert of_kind(report, "gains along the residual axis").found.finding is Finding.NO_EVIDENCE


def test_spreads_of_layers_that_are_alike_are_no_evidence(tmp_path: Path) -> None:
    def shaped(tensors: Any) -> Any:
        return {
            name: values * np.float32(1 + 0.3 * int(name.split(".")[2])) if "layers" in name else values
            for name, values in tensors.items()
        }

    first, second = shaped(llama(1, 6)), shaped(llama(2, 6))
    spreads = [[float(values.std()) for name, values in one.items() if "mlp" in name] for one in (first, second)]
    assert np.corrcoef(np.array(spreads))[0, 1] > 0.96
    assert findings(examined(tmp_path, first, second)).keys() == {Finding.NO_EVIDENCE}


def test_flattened_weights_that_correlate_are_no_evidence(tmp_path: Path) -> None:
    # One vector that all units of a matrix lean to, the same in both models.
    lean = llama(50)
    common = {
        name: lean[name][:, :1] if name.endswith(("o_proj.weight", "down_proj.weight")) else lean[name][:1]
        for name, values in PARENT.items()
        if values.ndim > 1
    }

    def leaning(tensors: Any) -> Any:
        return changed(tensors, lambda name, values: values + 2 * common.get(name, np.float32(0)))

    report = examined(tmp_path, leaning(PARENT), leaning(llama(2)))
    up = of_kind(report, "mlp.up", 0).found
    assert up.context is not None
    assert (up.context.pearson or 0) > 0.4
    assert findings(report, "mlp", "attention").keys() == {Finding.NO_EVIDENCE}


def test_a_shared_seed_is_derived_alone_and_a_class_of_its_own_where_the_initialisation_was_made_again(
    tmp_path: Path,
) -> None:
    initial = llama(30)
    first, second = trained_on(initial, 0.4, 1), trained_on(initial, 0.4, 2)
    plain = examined(tmp_path, first, second)
    assert findings(plain, "mlp", "attention", "embedding").keys() == {Finding.DERIVED}
    assert "shared initialisation would look the same" in of_kind(plain, "mlp.up", 0).found.reason
    known = examined(tmp_path, first, second, initial=write_model(tmp_path / "initial", initial, LLAMA))
    assert findings(known, "mlp", "attention.v", "attention.o", "embedding").keys() == {Finding.SHARED_INITIALISATION}
    child = examined(tmp_path, first, trained_on(first, 0.1, 3), initial=tmp_path / "initial")
    assert findings(child, "mlp", "attention.v").keys() == {Finding.DERIVED}


def test_buffers_made_by_a_formula_are_equal_in_independent_models_and_not_testable(tmp_path: Path) -> None:
    table = {"model.layers.0.self_attn.rotary_emb.inv_freq": (1 / 1e4 ** (np.arange(8) / 8)).astype(np.float32)}
    report = examined(tmp_path, PARENT | table, llama(2) | table)
    assert of_kind(report, "buffers").found.finding is Finding.NOT_TESTABLE
    assert findings(report).keys() == {Finding.NO_EVIDENCE}


def test_an_initialisation_that_ties_units_to_places_is_not_testable(tmp_path: Path) -> None:
    ascending = np.zeros((INNER, HIDDEN), np.float32)
    ascending[np.arange(INNER), np.arange(INNER) * HIDDEN // INNER] = 1

    def tied(tensors: Any) -> Any:
        return changed(
            tensors,
            lambda name, values: 0.1 * values + ascending if name.endswith("up_proj.weight") else values,
        )

    report = examined(tmp_path, tied(PARENT), tied(llama(2)))
    assert {one.found.finding for one in report.components if one.kind == "mlp.up"} == {Finding.NOT_TESTABLE}
    assert findings(report, "attention", "embedding").keys() == {Finding.NO_EVIDENCE}


def test_tokens_that_are_alike_in_independent_models_are_no_evidence(tmp_path: Path) -> None:
    often = np.linspace(0, 3, 300, dtype=np.float32)[:, None]
    lean = np.ones((1, HIDDEN), np.float32)

    def leaning(tensors: Any) -> Any:
        embedding = tensors["model.embed_tokens.weight"] + often * lean * np.float32(0.2)
        return {**tensors, "model.embed_tokens.weight": embedding}

    first, second = leaning(PARENT), leaning(llama(2))
    report = examined(tmp_path, first, second)
    assert of_kind(report, "embedding").found.finding is Finding.NO_EVIDENCE
    # A test of tokens as units would pair frequent ones with frequent ones: no random permutation (of mean 100).
    rows = match(first["model.embed_tokens.weight"], second["model.embed_tokens.weight"], np.random.default_rng(1))
    assert np.abs(rows.partner - np.arange(300)).mean() < 60


# The report itself.


def test_the_same_seed_gives_the_same_report_whoever_works(tmp_path: Path) -> None:
    sides = write_model(tmp_path / "a", PARENT, LLAMA), write_model(tmp_path / "b", trained_on(PARENT, 0.3, 2), LLAMA)
    told = [json.dumps(examine_folders(*sides, seed=3, workers=workers).to_json()) for workers in (1, 2, 1)]
    assert told[0] == told[1] == told[2]
    assert json.dumps(examine_folders(*sides, seed=4).to_json()) != told[0]


def test_progress_is_told_from_the_first_to_the_last(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    report = examined(tmp_path, PARENT, llama(2), progress=lambda done, total, _: seen.append((done, total)))
    assert seen == [(number, len(report.components)) for number in range(1, len(report.components) + 1)]


def test_what_has_no_partner_is_named(tmp_path: Path) -> None:
    extra = {
        "model.layers.0.mixer.odd.weight": llama(3)["lm_head.weight"],
        "model.layers.1.mixer.odd.weight": np.ones((2, 3), np.float32),
    }
    report = examined(
        tmp_path, PARENT, {name: values for name, values in PARENT.items() if name != "lm_head.weight"} | extra
    )
    assert report.only_first == ("lm_head.weight",)
    assert [(one.names, one.count) for one in report.second.not_examined] == [("model.layers.N.mixer.odd.weight", 2)]
    assert report.second.covered < 0.95


def test_no_report_says_that_a_model_is_its_makers_own(tmp_path: Path) -> None:
    for report in (examined(tmp_path / "1", PARENT, llama(2)), examined(tmp_path / "2", PARENT, PARENT)):
        told = json.dumps(report.to_json(), allow_nan=False)
        assert not re.search(r"original(?!ity/2)", told, re.IGNORECASE)
        assert "a panel judges" in told
