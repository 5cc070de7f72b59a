"""Which tensors of which family have which axis: told by names, shapes and configuration, before any weight is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from originality import UnitAxis
from originality.folders.anatomy import Anatomy, anatomy
from originality.folders.attention import attention
from originality.folders.part import CHAIN, HEADS, HIDDEN, PAIRS_WITHIN_HEADS, RESIDUAL, WITHIN_HEADS
from originality.folders.roles import Role, named
from weights.folder import ModelFolder

from tests.builders.model_folder import write_model
from tests.builders.tiny_models import (
    BERT,
    GPT2,
    INNER,
    KEYS,
    LLAMA,
    MIXTRAL,
    SEEING,
    WIDTH,
    bert,
    gpt2,
    llama,
    mixtral,
    seeing,
)
from tests.builders.tiny_models import (
    HEADS as QUERIES,
)
from tests.builders.tiny_models import (
    HIDDEN as RESIDUAL_WIDTH,
)
from tests.builders.weights import drawn

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from originality.folders.part import Part


def apart(folder: Path, tensors: Any, settings: Mapping[str, Any] | None) -> Anatomy:
    return anatomy(ModelFolder(write_model(folder, tensors, settings)))


def part(one: Anatomy, kind: str, layer: int | None = 0, tower: str = "main", expert: int | None = None) -> Part:
    return next(
        made
        for key, made in one.parts.items()
        if (key.kind, key.layer, key.tower, key.expert) == (kind, layer, tower, expert)
    )


@pytest.mark.parametrize(
    ("name", "role", "layer", "expert"),
    [
        ("model.layers.3.self_attn.q_proj.weight", Role.QUERY, 3, None),
        ("bert.encoder.layer.11.attention.output.dense.weight", Role.OUTPUT, 11, None),
        ("bert.encoder.layer.11.output.dense.weight", Role.DOWN, 11, None),
        ("vit.encoder.layer.3.attention.attention.query.weight", Role.QUERY, 3, None),
        ("h.0.attn.c_proj.weight", Role.OUTPUT, 0, None),
        ("h.0.mlp.c_proj.weight", Role.DOWN, 0, None),
        ("visual.transformer.resblocks.1.attn.in_proj_weight", Role.FUSED, 1, None),
        ("gpt_neox.layers.0.attention.query_key_value.weight", Role.FUSED, 0, None),
        ("model.layers.2.block_sparse_moe.experts.5.w1.weight", Role.GATE, 2, 5),
        ("model.layers.2.mlp.experts.15.down_proj.weight", Role.DOWN, 2, 15),
        ("model.layers.2.mlp.gate.weight", Role.ROUTER, 2, None),
        ("model.layers.2.mlp.shared_experts.up_proj.weight", Role.UP, 2, None),
        ("model.layers.2.mlp.experts.down_proj", Role.STACKED_DOWN, 2, None),
        ("decoder.block.0.layer.2.DenseReluDense.wi_0.weight", Role.GATE, 0, None),
        ("model.layers.9.self_attn.kv_a_proj_with_mqa.weight", Role.LATENT_DOWN, 9, None),
        ("model.layers.9.self_attn.rotary_emb.inv_freq", Role.BUFFER, 9, None),
        ("model.layers.9.post_attention_layernorm.weight", Role.NORM, 9, None),
        ("transformer.wpe.weight", Role.POSITIONS, None, None),
        ("model.embed_tokens.weight", Role.EMBEDDING, None, None),
        ("vit.embeddings.patch_embeddings.projection.weight", Role.PATCHES, None, None),
        ("output.weight", Role.HEAD, None, None),
        ("cls.predictions.transform.dense.weight", Role.OTHER, None, None),
        ("model.layers.0.mixer.A_log", Role.OTHER, 0, None),
    ],
)
def test_a_name_tells_what_a_tensor_does(name: str, role: Role, layer: int | None, expert: int | None) -> None:
    one = named(name)
    assert (one.role, one.layer, one.expert) == (role, layer, expert)


def test_rows_of_hidden_units_and_channels_within_heads_are_cut_out_as_the_configuration_says(tmp_path: Path) -> None:
    tensors = llama(1)
    one = apart(tmp_path / "m", tensors, LLAMA)
    here = "model.layers.1.self_attn."
    values = part(one, "attention.v", 1).read(None)
    assert [(block.shape, (block[:] == tensors[f"{here}v_proj.weight"][n * WIDTH : (n + 1) * WIDTH]).all())
            for n, block in enumerate(values)] == [((WIDTH, RESIDUAL_WIDTH), True)] * KEYS  # fmt: skip
    # The output of the first query head of each group that shares a value.
    outputs = part(one, "attention.o", 1).read(None)
    step = QUERIES // KEYS * WIDTH
    for n, block in enumerate(outputs):
        assert (block[:] == tensors[f"{here}o_proj.weight"][:, n * step : n * step + WIDTH].T).all()
    assert (part(one, "mlp.down", 1).read(None)[0][:] == tensors["model.layers.1.mlp.down_proj.weight"].T).all()
    assert part(one, "mlp.up", 1).assumption == HIDDEN
    assert part(one, "attention.v", 1).assumption == WITHIN_HEADS
    assert one.unknown == ()


def test_with_rotation_queries_and_keys_have_heads_and_no_channels(tmp_path: Path) -> None:
    one = apart(tmp_path / "m", llama(1), LLAMA)
    queries, keys = (part(one, f"attention.{name} heads") for name in "qk")
    assert [queries.assumption, keys.assumption] == [HEADS] * 2
    assert queries.pooled
    assert [len(block) for block in queries.read(None)] == [QUERIES // KEYS] * KEYS
    assert [len(block) for block in keys.read(None)] == [KEYS]
    # Queries of one key are one block: the second has heads 2 and 3. Of each the same rows and columns are seen.
    stored = llama(1)["model.layers.0.self_attn.q_proj.weight"].reshape(QUERIES, -1)
    second = queries.read(None)[1]
    assert np.isin(second[0], stored[2]).all()
    assert np.isin(second[1], stored[3]).all()


def test_without_rotation_queries_and_keys_have_channels(tmp_path: Path) -> None:
    tensors = bert(1)
    one = apart(tmp_path / "m", tensors, BERT)
    queries = part(one, "attention.q")
    assert queries.assumption == PAIRS_WITHIN_HEADS
    assert not queries.pooled
    assert len(queries.read(None)) == 4
    assert part(one, "positions", None).axis is UnitAxis.STRUCTURED
    assert part(one, "gains", None).axis is UnitAxis.GAINS


def test_fused_and_turned_matrices_are_taken_apart(tmp_path: Path) -> None:
    tensors = gpt2(1)
    one = apart(tmp_path / "m", tensors, GPT2)
    fused = tensors["h.0.attn.c_attn.weight"]
    values = np.concatenate([block[:] for block in part(one, "attention.v").read(None)])
    assert (values == fused[:, 2 * RESIDUAL_WIDTH :].T).all()
    assert (part(one, "mlp.up").read(None)[0][:] == tensors["h.0.mlp.c_fc.weight"].T).all()
    assert (part(one, "mlp.down").read(None)[0][:] == tensors["h.0.mlp.c_proj.weight"]).all()
    assert part(one, "buffers", None).axis is UnitAxis.COMPUTED


def test_fused_rows_that_go_head_by_head_are_told_apart(tmp_path: Path) -> None:
    settings = {"model_type": "gpt_neox", "hidden_size": 32, "num_attention_heads": 4}
    fused = drawn(1, 96, 32)
    tensors = {
        "gpt_neox.layers.0.attention.query_key_value.weight": fused,
        "gpt_neox.layers.0.attention.dense.weight": drawn(2, 32, 32),
    }
    values = part(apart(tmp_path / "m", tensors, settings), "attention.v").read(None)
    wanted = fused.reshape(4, 3, 8, 32)[:, 2]
    assert all((block[:] == head).all() for block, head in zip(values, wanted, strict=True))


def test_low_rank_attention_has_its_ranks_and_the_channels_that_no_rotation_ties(tmp_path: Path) -> None:
    heads, nope, rope, value, rank = 4, 8, 4, 6, 20
    settings = {"model_type": "deepseek_v3", "hidden_size": 64, "num_attention_heads": heads, "kv_lora_rank": rank}
    settings |= {"qk_nope_head_dim": nope, "v_head_dim": value}
    here = "model.layers.0.self_attn."
    up = drawn(3, heads * (nope + value), rank)
    tensors = {
        f"{here}q_a_proj.weight": drawn(1, 24, 64),
        f"{here}kv_a_proj_with_mqa.weight": drawn(2, rank + rope, 64),
        f"{here}kv_b_proj.weight": up,
        f"{here}o_proj.weight": drawn(4, 64, heads * value),
    }
    one = apart(tmp_path / "m", tensors, settings)
    assert part(one, "attention.kv_a").read(None)[0].shape == (rank, 64)
    values, keys = (part(one, f"attention.kv_b {name}").read(None) for name in ("values", "keys"))
    whole = up.reshape(heads, nope + value, rank)
    assert all((block[:] == head[nope:]).all() for block, head in zip(values, whole, strict=True))
    assert all((block[:] == head[:nope]).all() for block, head in zip(keys, whole, strict=True))
    assert [block.shape for block in part(one, "attention.o").read(None)] == [(value, 64)] * heads


@pytest.mark.parametrize("wrong", [{"num_attention_heads": 10**9}, {"v_head_dim": 7}, {"kv_lora_rank": 10**9}])
def test_low_rank_attention_that_does_not_fit_its_configuration_is_not_testable(tmp_path: Path, wrong: Any) -> None:
    settings = {"model_type": "deepseek_v3", "hidden_size": 64, "num_attention_heads": 4, "kv_lora_rank": 20}
    here = "model.layers.0.self_attn."
    tensors = {f"{here}kv_a_proj_with_mqa.weight": drawn(2, 24, 64), f"{here}kv_b_proj.weight": drawn(3, 56, 20)}
    one = apart(tmp_path / "m", tensors, {**settings, "qk_nope_head_dim": 8, "v_head_dim": 6, **wrong})
    assert {"heads" in (made.why or "") for made in one.parts.values()} == {True}


@pytest.mark.parametrize("settings", [None, {**LLAMA, "head_dim": 12}, {**LLAMA, "num_attention_heads": 7}])
def test_heads_that_are_not_known_or_do_not_fit_are_not_testable(tmp_path: Path, settings: Any) -> None:
    one = apart(tmp_path / "m", llama(1), settings)
    for key, made in one.parts.items():
        if key.kind.startswith("attention"):
            assert "heads" in (made.why or ""), key
        elif key.kind.startswith("mlp"):
            assert made.why is None


def test_towers_have_their_own_configuration(tmp_path: Path) -> None:
    one = apart(tmp_path / "m", seeing(1, 2), SEEING)
    assert {key.tower for key in one.parts} == {"main", "vision"}
    assert not one.towers["vision"].rotary
    assert one.towers["main"].rotary
    assert len(part(one, "attention.q", 0, "vision").read(None)) == 4
    # How a projector is used is not known by its name.
    assert [name.split(".")[1] for name in one.unknown] == ["multi_modal_projector"]


def test_experts_have_numbers_and_their_router_has_them_as_units(tmp_path: Path) -> None:
    one = apart(tmp_path / "m", mixtral(1), MIXTRAL)
    assert [part(one, "mlp.up", 1, expert=n).read(None)[0].shape for n in range(4)] == [(INNER, RESIDUAL_WIDTH)] * 4
    assert part(one, "router").pooled


def test_stacked_experts_are_told_by_what_leads_away(tmp_path: Path) -> None:
    down = drawn(1, 5 * 24, RESIDUAL_WIDTH).reshape(5, 24, RESIDUAL_WIDTH)
    for name, stored in (("a", down), ("b", down.transpose(0, 2, 1))):
        tensors = {"model.layers.0.mlp.experts.down_proj": stored}
        one = apart(tmp_path / name, tensors, LLAMA)
        assert (part(one, "mlp.down", expert=3).read(None)[0][:] == down[3]).all()


def test_tokens_are_never_units_and_the_residual_axis_is_if_nothing_unknown_lies_on_it(tmp_path: Path) -> None:
    tensors = llama(1)
    embedding = part(apart(tmp_path / "a", tensors, LLAMA), "embedding", None)
    assert embedding.assumption == RESIDUAL
    rows = np.array([3, 5, 8])
    assert (embedding.read(rows)[0] == tensors["model.embed_tokens.weight"][rows].T).all()
    for extra in ("model.layers.0.mixer.in_proj.weight", "model.embed_positions.weight"):
        unproven = apart(tmp_path / extra, {**tensors, extra: drawn(2, 9, RESIDUAL_WIDTH)}, LLAMA)
        assert "not proven" in (part(unproven, "embedding", None).why or "")
        assert part(unproven, "mlp.up").why is None


def test_a_chain_of_layers_is_recognised_by_its_shapes_and_its_outputs_are_not_testable(tmp_path: Path) -> None:
    tensors = {"net.0.weight": drawn(1, 40, 20), "net.2.weight": drawn(2, 30, 40), "net.4.weight": drawn(3, 1, 30)}
    tensors["blocks.0.odd.weight"] = drawn(4, 20, 20)
    tensors["blocks.1.odd.weight"] = drawn(5, 20, 20)
    one = apart(tmp_path / "m", tensors, None)
    links = [made for key, made in one.parts.items() if key.kind == "chain"]
    assert [made.why is None for made in links] == [True, True, False]
    assert links[0].assumption == CHAIN
    # What is in one block and what in the next are no chain: nothing says how they are tied.
    assert one.unknown == ("blocks.0.odd.weight", "blocks.1.odd.weight")


def test_packed_weights_and_empty_ones_are_named_as_not_examined(tmp_path: Path) -> None:
    tensors = llama(1)
    tensors["model.layers.0.mlp.up_proj.weight"] = np.ones((INNER, 8), np.int32)
    tensors["model.layers.1.mlp.up_proj.weight"] = np.ones((0, 8), np.float32)
    one = apart(tmp_path / "m", tensors, LLAMA)
    assert one.unknown == tuple(f"model.layers.{layer}.mlp.up_proj.weight" for layer in (0, 1))


def test_attention_without_any_matrix_has_no_parts(tmp_path: Path) -> None:
    one = apart(tmp_path / "m", llama(1), LLAMA)
    where = next(iter(one.parts))
    assert list(attention(one.folder, {}, where, one.towers["main"], None, turned=False)) == []
