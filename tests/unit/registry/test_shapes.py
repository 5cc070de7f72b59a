"""Configuration against tensors: for kinds of models that are known, every size that can be told."""

from __future__ import annotations

from typing import Any

import pytest
from registry.domain.shapes import DtypeDiffersError, ShapeDiffersError, check_dtype, check_shapes, embedding_rows

from tests.builders.model_tensors import LLAMA, llama, tensors

Shapes = dict[str, tuple[int, ...]]


def check(shapes: Shapes, config: dict[str, Any], dtype: str = "BF16") -> list[str]:
    return [finding.code for finding in check_shapes({"model.safetensors": tensors(shapes, dtype)}, config)]


def refused(shapes: Shapes, config: dict[str, Any] = LLAMA) -> ShapeDiffersError:
    with pytest.raises(ShapeDiffersError) as refusal:
        check(shapes, config)
    return refusal.value


@pytest.mark.parametrize("kind", ["llama", "mistral", "qwen2", "gemma", "exaone4"])
def test_a_model_as_its_configuration_says_is_taken(kind: str) -> None:
    config = LLAMA | {"model_type": kind, "head_dim": 16}
    assert check(llama(config), config) == []


@pytest.mark.parametrize("name", [name for name in llama() if len(llama()[name]) == 2])
@pytest.mark.parametrize("axis", [0, 1])
def test_every_matrix_of_another_size_is_named(name: str, axis: int) -> None:
    shapes = llama()
    right = list(shapes[name])
    wrong = list(right)
    wrong[axis] += 1
    shapes[name] = tuple(wrong)
    told = refused(shapes)
    assert (told.field, told.value) == (f"model.safetensors: {name}", wrong)
    assert str(right) in told.rule


@pytest.mark.parametrize(
    "changed",
    [{"num_attention_heads": 8}, {"num_key_value_heads": 4}, {"head_dim": 16}, {"hidden_size": 64}, {"vocab_size": 99}],
)
def test_every_size_of_a_configuration_that_the_tensors_do_not_have_is_noticed(changed: dict[str, int]) -> None:
    refused(llama(), LLAMA | changed)


@pytest.mark.parametrize(("layers", "value"), [(1, "layer 1"), (3, "missing")])
def test_another_number_of_layers_is_refused(layers: int, value: str) -> None:
    told = refused(llama(), LLAMA | {"num_hidden_layers": layers})
    assert told.value == value


@pytest.mark.parametrize("name", ["model.embed_tokens.weight", "model.norm.weight"])
def test_a_tensor_that_every_model_has_is_missed(name: str) -> None:
    shapes = llama()
    del shapes[name]
    assert refused(shapes).field.endswith(name)


def test_a_configuration_of_endless_layers_costs_nothing() -> None:
    assert refused(llama(), LLAMA | {"num_hidden_layers": 2**39}).field == "config.json: num_hidden_layers"


@pytest.mark.parametrize("odd", [None, "32", -1, True, 3.5, [], 2**60])
def test_a_size_that_is_none_is_not_compared(odd: object) -> None:
    assert check(llama(), LLAMA | {"intermediate_size": odd}) == []


@pytest.mark.parametrize("kind", ["brand-new", None, 7, ["llama"]])
def test_an_unknown_kind_is_a_finding(kind: object) -> None:
    assert check({"anything": (1, 2)}, {"model_type": kind}) == ["ARCHITECTURE_UNKNOWN"]


def test_unknown_tensors_and_tied_weights_that_are_stored_are_findings() -> None:
    shapes = llama() | {"model.layers.0.extra.weight": (3,)}
    assert check(shapes, LLAMA | {"tie_word_embeddings": True}) == ["TENSOR_UNKNOWN", "TIED_WEIGHTS_STORED_TWICE"]


def test_packed_integers_have_shapes_of_their_own() -> None:
    shapes = llama()
    packed = {name: shape for name, shape in shapes.items() if "o_proj" in name}
    for name in packed:
        del shapes[name]
    names = {name.removesuffix("weight") + "qweight": (4, 32) for name in packed}
    found = check_shapes({"a.safetensors": tensors(shapes), "b.safetensors": tensors(names, "I32")}, LLAMA)
    assert [finding.code for finding in found] == ["TENSOR_UNKNOWN"]
    assert check(dict.fromkeys(llama(), (1, 1)), LLAMA, "U8") == []


def test_files_in_folders_are_other_models() -> None:
    found = check_shapes(
        {"model.safetensors": tensors(llama()), "vision/model.safetensors": tensors({"model.norm.weight": (7,)})}, LLAMA
    )
    assert found == []


EXPERTS = LLAMA | {"num_local_experts": 3}


def mixtral() -> Shapes:
    shapes = {name: shape for name, shape in llama().items() if ".mlp." not in name}
    for layer in ("model.layers.0.block_sparse_moe", "model.layers.1.block_sparse_moe"):
        shapes[f"{layer}.gate.weight"] = (3, 32)
        for expert in range(3):
            shapes |= {
                f"{layer}.experts.{expert}.w1.weight": (48, 32),
                f"{layer}.experts.{expert}.w2.weight": (32, 48),
                f"{layer}.experts.{expert}.w3.weight": (48, 32),
            }
    return shapes


def test_experts_are_checked() -> None:
    config = EXPERTS | {"model_type": "mixtral"}
    assert check(mixtral(), config) == []
    for name in ("gate.weight", "experts.2.w2.weight"):
        whole = f"model.layers.1.block_sparse_moe.{name}"
        assert refused(mixtral() | {whole: (5, 5)}, config).field.endswith(whole)


DEEPSEEK = {
    "model_type": "deepseek_v3",
    "hidden_size": 32,
    "vocab_size": 50,
    "intermediate_size": 40,
    "moe_intermediate_size": 8,
    "n_routed_experts": 2,
    "n_shared_experts": 1,
    "num_attention_heads": 4,
    "num_hidden_layers": 1,
    "num_nextn_predict_layers": 1,
    "q_lora_rank": 12,
    "kv_lora_rank": 10,
    "qk_nope_head_dim": 6,
    "qk_rope_head_dim": 2,
    "v_head_dim": 5,
}


def deepseek() -> Shapes:
    made: Shapes = {"model.embed_tokens.weight": (50, 32), "model.norm.weight": (32,)}
    for layer in ("model.layers.0", "model.layers.1"):
        made |= {
            f"{layer}.self_attn.q_a_proj.weight": (12, 32),
            f"{layer}.self_attn.q_b_proj.weight": (4 * 8, 12),
            f"{layer}.self_attn.kv_a_proj_with_mqa.weight": (12, 32),
            f"{layer}.self_attn.kv_b_proj.weight": (4 * 11, 10),
            f"{layer}.self_attn.o_proj.weight": (32, 20),
            f"{layer}.mlp.gate.weight": (2, 32),
            f"{layer}.mlp.experts.1.up_proj.weight": (8, 32),
            f"{layer}.mlp.shared_experts.down_proj.weight": (32, 8),
        }
    return made


@pytest.mark.parametrize("name", [name for name in deepseek() if "layers.1" in name])
def test_latent_attention_and_its_extra_layer_are_checked(name: str) -> None:
    assert check(deepseek(), DEEPSEEK) == []
    assert refused(deepseek() | {name: (7, 7)}, DEEPSEEK).field.endswith(name)


GPT2 = {"model_type": "gpt2", "n_embd": 8, "n_layer": 1, "n_head": 2, "vocab_size": 20, "n_positions": 16}
BERT = {
    "model_type": "bert",
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 12,
    "vocab_size": 20,
    "max_position_embeddings": 16,
    "type_vocab_size": 2,
}
GPT2_SHAPES: Shapes = {
    "wte.weight": (20, 8),
    "wpe.weight": (16, 8),
    "h.0.attn.c_attn.weight": (8, 24),
    "h.0.attn.c_attn.bias": (24,),
    "h.0.attn.c_proj.weight": (8, 8),
    "h.0.mlp.c_fc.weight": (8, 32),
    "h.0.mlp.c_proj.weight": (32, 8),
    "h.0.ln_1.weight": (8,),
    "ln_f.bias": (8,),
}
BERT_SHAPES: Shapes = {
    "bert.embeddings.word_embeddings.weight": (20, 8),
    "bert.embeddings.position_embeddings.weight": (16, 8),
    "bert.embeddings.token_type_embeddings.weight": (2, 8),
    "bert.embeddings.LayerNorm.weight": (8,),
    "bert.encoder.layer.0.attention.self.query.weight": (8, 8),
    "bert.encoder.layer.0.attention.output.dense.weight": (8, 8),
    "bert.encoder.layer.0.intermediate.dense.weight": (12, 8),
    "bert.encoder.layer.0.output.dense.weight": (8, 12),
    "bert.encoder.layer.0.output.LayerNorm.bias": (8,),
}


@pytest.mark.parametrize(("config", "shapes"), [(GPT2, GPT2_SHAPES), (BERT, BERT_SHAPES)])
def test_older_kinds_are_checked(config: dict[str, Any], shapes: Shapes) -> None:
    assert check(shapes, config) == []
    for name, shape in shapes.items():
        refused(shapes | {name: (*shape[:-1], shape[-1] + 1)}, config)


def test_the_declared_type_is_that_of_most_bytes() -> None:
    both = {
        "a.safetensors": tensors({"big": (100,)}, "BF16"),
        "b.safetensors": tensors({"small": (10,)}, "F32") + tensors({"ids": (500,)}, "I64"),
    }
    assert check_dtype(both, "BF16", {}) == []
    assert check_dtype(both, "", {"torch_dtype": "bfloat16"}) == []
    assert [f.code for f in check_dtype(both, "", {"torch_dtype": "float32"})] == ["CONFIGURED_DTYPE_DIFFERS"]
    assert [f.code for f in check_dtype(both, "", {"dtype": "float16"})] == ["CONFIGURED_DTYPE_DIFFERS"]
    with pytest.raises(DtypeDiffersError) as refusal:
        check_dtype(both, "F32", {})
    assert (refusal.value.field, refusal.value.value) == ("declaration.dtype", "F32")
    assert "BF16" in refusal.value.rule
    assert check_dtype({"c.safetensors": tensors({"ids": (5,)}, "I8")}, "BF16", {}) == []


def test_the_rows_of_the_embedding_are_found() -> None:
    assert embedding_rows({"model.safetensors": tensors(llama())}) == 100
    assert embedding_rows({"model.safetensors": tensors({"other": (3, 3)})}) is None
