"""Parts that were moved to hide where they come from: heads, experts, units, axes; and independent models beside."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from originality import Finding, WeightsRefusedError
from originality.finding import EXACT, MOVED
from originality.folders import examine_folders
from originality.moved import alignable
from scipy.stats import ortho_group

from tests.builders.model_folder import write_model
from tests.builders.tiny_models import (
    BERT,
    GPT2,
    HEADS,
    HIDDEN,
    INNER,
    KEYS,
    LLAMA,
    MIXTRAL,
    SIGLIP,
    WIDTH,
    bert,
    changed,
    gpt2,
    llama,
    mixtral,
    moved,
    siglip,
    trained_on,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from originality.folders import FolderReport
    from originality.folders.report import Told

    from tests.builders.tiny_models import Tensors

FOUND = {Finding.IDENTICAL, Finding.DERIVED, Finding.PARTLY_DERIVED}
SHARED = HEADS // KEYS
LAYERS = 4


def examined(folder: Path, first: Any, second: Any, settings: Mapping[str, Any] = LLAMA, **more: Any) -> FolderReport:
    sides = [
        write_model(folder / name, tensors, more.pop(f"settings_{name}", settings))
        for name, tensors in (("first", first), ("second", second))
    ]
    return examine_folders(sides[0], sides[1], seed=7, **more)


def of_kind(report: FolderReport, *kinds: str) -> list[Told]:
    return [one for one in report.components if one.kind in kinds]


def said(some: list[Told]) -> set[tuple[Finding, bool]]:
    """What was found, and whether by an exact test."""
    return {(one.found.finding, one.found.test.exact) for one in some}


def heads_moved(tensors: Tensors, seed: int, *, whole: bool) -> tuple[Tensors, dict[int, list[int]]]:
    """The same function, with groups of heads and heads within them in another order; and in which, by layer."""
    rng, made, orders = np.random.default_rng(seed), dict(tensors), {}
    for layer in range(sum(name.endswith("q_proj.weight") for name in tensors)):
        start = f"model.layers.{layer}.self_attn."
        groups = rng.permutation(KEYS)
        heads = np.concatenate([group * SHARED + rng.permutation(SHARED) for group in groups])
        channels = [np.arange(WIDTH) if whole else rng.permutation(WIDTH) for _ in range(KEYS)]
        rows = {
            "q": (heads[:, None] * WIDTH + np.arange(WIDTH)).ravel(),
            "k": (groups[:, None] * WIDTH + np.arange(WIDTH)).ravel(),
            "v": np.concatenate([group * WIDTH + channels[group] for group in groups]),
        }
        made |= {f"{start}{name}_proj.weight": tensors[f"{start}{name}_proj.weight"][of] for name, of in rows.items()}
        columns = np.concatenate([head * WIDTH + channels[head // SHARED] for head in heads])
        made[f"{start}o_proj.weight"] = tensors[f"{start}o_proj.weight"][:, columns]
        orders[layer] = heads.tolist()
    return made, orders


# Heads.


def test_heads_moved_as_wholes_are_recognised_by_keys_and_found_by_the_exact_test(tmp_path: Path) -> None:
    parent = llama(1, LAYERS)
    child, orders = heads_moved(parent, 2, whole=True)
    report = examined(tmp_path, parent, trained_on(child, 0.1, 3))
    values = of_kind(report, "attention.v", "attention.o")
    assert said(values) == {(Finding.DERIVED, True)}
    # The report says which head of the first model stands beside each of the second.
    assert {one.second.layer: list(one.first.heads) for one in values} == orders
    assert said(of_kind(report, "attention.k heads")) == {(Finding.DERIVED, False)}
    same = examined(tmp_path / "same", parent, child)
    assert said(of_kind(same, "attention.v", "attention.o")) == {(Finding.IDENTICAL, True)}


def test_heads_that_lie_as_they_stand_are_compared_as_they_stand(tmp_path: Path) -> None:
    for number, child in enumerate((llama(5), trained_on(llama(1), 0.1, 3))):
        report = examined(tmp_path / str(number), llama(1), child)
        assert {one.first.heads for one in report.components} == {()}


def test_heads_whose_channels_were_moved_too_are_found_by_the_test_that_is_not_exact(tmp_path: Path) -> None:
    parent = llama(1, LAYERS)
    report = examined(tmp_path, parent, trained_on(heads_moved(parent, 2, whole=False)[0], 0.1, 3))
    values = of_kind(report, "attention.v")
    assert said(values) == {(Finding.DERIVED, False)}
    assert all("not exact" in one.found.reason for one in values)
    assert said(of_kind(report, "attention.o")) == {(Finding.NO_EVIDENCE, True)}


@pytest.mark.parametrize(("family", "settings"), [(bert, BERT), (gpt2, GPT2), (siglip, SIGLIP)])
def test_without_rotary_positions_channels_of_queries_and_keys_are_found_wherever_they_were_moved(
    tmp_path: Path, family: Any, settings: Mapping[str, Any]
) -> None:
    parent, rng, width = family(1), np.random.default_rng(2), HIDDEN // 4
    orders: dict[tuple[str, str], Any] = {}

    def order(name: str, way: str) -> Any:
        """The channels of all heads of a layer: heads in one order, channels within by another for each way."""
        layer = next(part for part in name.split(".") if part.isdigit())
        heads = orders.setdefault((layer, "heads"), rng.permutation(4))
        within = orders.setdefault((layer, way), [rng.permutation(width) for _ in range(4)])
        return np.concatenate([head * width + within[head] for head in heads])

    def change(name: str, values: Any) -> Any:
        if name.endswith("c_attn.weight"):
            parts = np.split(values, 3, axis=1)
            return np.hstack([part[:, order(name, way)] for part, way in zip(parts, ("qk", "qk", "vo"), strict=True)])
        if name.endswith(("query.weight", "key.weight", "q_proj.weight", "k_proj.weight")):
            return values[order(name, "qk")]
        if name.endswith(("value.weight", "v_proj.weight")):
            return values[order(name, "vo")]
        if name.endswith("attn.c_proj.weight"):
            return values[order(name, "vo")]
        if name.endswith(("attention.output.dense.weight", "self_attn.out_proj.weight")):
            return values[:, order(name, "vo")]
        return values

    report = examined(tmp_path, parent, trained_on(changed(parent, change), 0.1, 3), settings)
    assert said(of_kind(report, "attention.v", "attention.k")) == {(Finding.DERIVED, False)}
    assert said(of_kind(report, "attention.q", "attention.o")) == {(Finding.NO_EVIDENCE, True)}


def test_what_was_chosen_by_keys_says_nothing_of_values(tmp_path: Path) -> None:
    """The trap: queries and keys are another's, in another order; values and outputs are the model's own."""
    counts = []
    for seed in range(8):
        other, own = heads_moved(llama(seed), seed + 100, whole=True)[0], llama(seed + 200)
        mixed = {name: other[name] if "q_proj" in name or "k_proj" in name else values for name, values in own.items()}
        report = examined(tmp_path / str(seed), llama(seed), mixed)
        values = of_kind(report, "attention.v", "attention.o")
        assert any(one.first.heads for one in values)
        assert said(values) == {(Finding.NO_EVIDENCE, True)}
        counts += [(one.found.count or 0) / (one.found.blocks or 1) for one in values]
    # A random permutation has one unit at its own place on average.
    assert np.mean(counts) == pytest.approx(1, abs=4 / np.sqrt(KEYS * len(counts)))


# Experts.


def experts_moved(tensors: Tensors, seed: int, layers: int = 2, experts: int = 4) -> Tensors:
    """The same function, with experts and the hidden units of each in another order."""
    rng, made = np.random.default_rng(seed), dict(tensors)
    for layer in range(layers):
        start, order = f"model.layers.{layer}.block_sparse_moe", rng.permutation(experts)
        made[f"{start}.gate.weight"] = tensors[f"{start}.gate.weight"][order]
        for place, expert in enumerate(order):
            units = rng.permutation(INNER)
            for name in ("w1", "w3"):
                made[f"{start}.experts.{place}.{name}.weight"] = tensors[f"{start}.experts.{expert}.{name}.weight"][
                    units
                ]
            made[f"{start}.experts.{place}.w2.weight"] = tensors[f"{start}.experts.{expert}.w2.weight"][:, units]
    return made


def test_moved_units_of_moved_experts_are_found_by_way_of_the_router(tmp_path: Path) -> None:
    parent = mixtral(1)
    report = examined(tmp_path, parent, trained_on(experts_moved(parent, 2), 0.1, 3), MIXTRAL)
    up = of_kind(report, "mlp.up")
    assert len(up) == 2 * 4
    assert said(up) == {(Finding.DERIVED, False)}
    assert said(of_kind(report, "mlp.gate", "mlp.down")) == {(Finding.NO_EVIDENCE, True)}


def test_moved_units_of_experts_made_from_one_dense_mlp_are_found(tmp_path: Path) -> None:
    parent, child = llama(1, 2), mixtral(9)
    for name in child:
        if "experts" in name:
            role = {"w1": "gate", "w3": "up", "w2": "down"}[name.split(".")[-2]]
            child[name] = parent[f"model.layers.{name.split('.')[2]}.mlp.{role}_proj.weight"]
    report = examined(tmp_path, parent, trained_on(experts_moved(child, 3), 0.1, 2), settings_second=MIXTRAL)
    up = of_kind(report, "mlp.up")
    assert {(one.second.expert, one.first.expert) for one in up} == {(number, None) for number in range(4)}
    assert said(up) == {(Finding.DERIVED, False)}


def test_a_router_that_was_taken_over_says_nothing_of_experts(tmp_path: Path) -> None:
    for seed in range(4):
        other, own = experts_moved(mixtral(seed), seed + 50), mixtral(seed + 200)
        mixed = {name: other[name] if "moe.gate" in name else values for name, values in own.items()}
        report = examined(tmp_path / str(seed), mixtral(seed), mixed, MIXTRAL)
        up = of_kind(report, "mlp.up")
        assert {one.first.expert for one in up} == set(range(4))
        assert any(one.first.expert != one.second.expert for one in up)
        assert said(of_kind(report, "mlp.up", "mlp.gate", "mlp.down")) == {(Finding.NO_EVIDENCE, True)}


# Axes.


def turned(tensors: Tensors, seed: int) -> Tensors:
    """The residual axis turned by any rotation; gains stay, as if they were folded into what reads them."""
    turn = ortho_group.rvs(HIDDEN, random_state=seed).astype(np.float32)
    writes = ("o_proj.weight", "down_proj.weight", "w2.weight")

    def change(name: str, values: Any) -> Any:
        if values.ndim == 1:
            return values
        return turn.T @ values if name.endswith(writes) else values @ turn

    return changed(tensors, change)


def axis_moved(tensors: Tensors, seed: int) -> Tensors:
    """The residual axis in another order, with other signs."""
    rng = np.random.default_rng(seed)
    order, signs = rng.permutation(HIDDEN), rng.choice([-1, 1], HIDDEN).astype(np.float32)

    def change(name: str, values: Any) -> Any:
        if values.ndim == 1:
            return values[order]
        if name.endswith(("o_proj.weight", "down_proj.weight")):
            return values[order] * signs[:, None]
        return values[:, order] * signs

    return changed(tensors, change)


@pytest.mark.parametrize("change", [turned, axis_moved])
def test_an_axis_is_put_back_and_all_that_was_not_moved_is_found_by_the_exact_test(tmp_path: Path, change: Any) -> None:
    parent = llama(1, LAYERS)
    report = examined(tmp_path, parent, trained_on(change(parent, 2), 0.1, 3))
    assert report.axes_put_back == ("main",)
    some = of_kind(report, "mlp.up", "mlp.gate", "mlp.down", "attention.v", "attention.o", "attention.q heads")
    assert said(some) == {(Finding.DERIVED, True)}
    # What lies on the axis itself is compared as it stands: the axis was found by it.
    assert said(of_kind(report, "embedding", "head")) == {(Finding.NO_EVIDENCE, True)}


@pytest.mark.parametrize("change", [turned, axis_moved])
def test_units_and_heads_that_were_moved_are_found_along_an_axis_that_was_put_back(tmp_path: Path, change: Any) -> None:
    parent = llama(1, LAYERS)
    child = heads_moved(moved(parent, 3, LAYERS), 4, whole=False)[0]
    report = examined(tmp_path, parent, trained_on(change(child, 2), 0.1, 3))
    assert said(of_kind(report, "mlp.up", "attention.v")) == {(Finding.DERIVED, False)}
    assert said(of_kind(report, "mlp.gate", "mlp.down", "attention.o")) == {(Finding.NO_EVIDENCE, True)}


@pytest.mark.parametrize("change", [turned, axis_moved])
def test_an_embedding_that_was_taken_over_and_moved_says_nothing_of_the_rest(tmp_path: Path, change: Any) -> None:
    for seed in range(4):
        own = llama(seed + 200) | {"model.embed_tokens.weight": llama(seed)["model.embed_tokens.weight"]}
        report = examined(tmp_path / str(seed), llama(seed), change(own, seed))
        assert report.axes_put_back == ("main",)
        assert not any(one.found.finding in FOUND for one in report.components)


def test_embeddings_that_say_something_alike_of_tokens_are_no_turned_axis(tmp_path: Path) -> None:
    """Independent models that learnt the same know which tokens are alike; here by half of what they know."""
    common = np.random.default_rng(5).standard_normal((300, 12)).astype(np.float32)
    sides = []
    for seed in (1, 2):
        own = ortho_group.rvs(HIDDEN, random_state=seed)[:12].astype(np.float32)
        model = llama(seed)
        learnt = common @ own
        embedding = model["model.embed_tokens.weight"]
        sides.append(model | {"model.embed_tokens.weight": embedding + learnt * (embedding.std() / learnt.std() / 2)})
    report = examined(tmp_path, *sides)
    assert report.axes_put_back == ()
    assert not any(one.found.finding in FOUND for one in report.components)


def test_a_new_embedding_whose_channels_are_somewhat_alike_hides_no_layer(tmp_path: Path) -> None:
    """Frequent tokens are long in every model: channels of independent embeddings are alike in any order by that."""
    often = np.linspace(0, 1, 300, dtype=np.float32)[:, None]
    sides = []
    for model, seed in ((llama(1, LAYERS), 1), (trained_on(llama(1, LAYERS), 0.1, 3), 2)):
        lean = np.random.default_rng(seed).choice([-1, 1], HIDDEN).astype(np.float32)
        own = llama(seed + 50)["model.embed_tokens.weight"]
        sides.append(model | {"model.embed_tokens.weight": own + 4 * own.std() * often * lean})
    first, second = (one["model.embed_tokens.weight"] for one in sides)
    assert alignable(first, second, np.random.default_rng(1))
    report = examined(tmp_path, *sides)
    assert report.axes_put_back == ()
    assert said(of_kind(report, "mlp.up", "attention.v", "attention.o")) == {(Finding.DERIVED, True)}
    assert said(of_kind(report, "embedding")) == {(Finding.NO_EVIDENCE, True)}


def test_an_embedding_that_is_not_finite_is_refused_by_its_name(tmp_path: Path) -> None:
    broken = llama(2)
    broken["model.embed_tokens.weight"][:, 5] = np.nan
    with pytest.raises(WeightsRefusedError) as refused:
        examined(tmp_path, llama(1), broken)
    assert (refused.value.code, refused.value.value) == ("NOT_FINITE", "unit 5")
    assert refused.value.field.startswith("main embedding")


# Independent models of each family.


@pytest.mark.parametrize(("family", "settings"), [(llama, LLAMA), (bert, BERT), (gpt2, GPT2), (mixtral, MIXTRAL)])
def test_independent_models_are_searched_in_all_these_parts_and_nothing_is_found(
    tmp_path: Path, family: Any, settings: Mapping[str, Any]
) -> None:
    for seed in range(4):
        report = examined(tmp_path / str(seed), family(2 * seed), family(2 * seed + 1), settings)
        assert report.axes_put_back == ()
        assert not any(one.found.finding in FOUND for one in report.components)


def test_every_search_is_counted_in_the_correction(tmp_path: Path) -> None:
    parent = llama(1, LAYERS)
    report = examined(tmp_path, parent, trained_on(heads_moved(moved(parent, 3, LAYERS), 4, whole=False)[0], 0.1, 5))
    by_test = {test: [one for one in report.components if one.found.test == test] for test in (EXACT, MOVED)}
    # An MLP and the values of each layer, and the keys of all layers.
    assert {one.found.family for one in by_test[MOVED]} == {2 * LAYERS + 1}
    assert Counter(one.kind for one in by_test[MOVED]).keys() == {"mlp.up", "attention.v", "attention.k heads"}
    assert report.moved_layers == LAYERS
