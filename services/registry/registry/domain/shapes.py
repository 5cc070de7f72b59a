"""What the configuration says against the tensors that are there.

Source: design, registry and originality, "Validation at commit", "shapes against configuration"
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from registry.domain.architectures import FAMILIES, dimension, sizes
from registry.domain.checkpoint import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from weights.safetensors import Tensor

    from registry.domain.architectures import Family, Sizes

    Tensors = Mapping[str, tuple[Tensor, ...]]

FLOATING: Final = frozenset({"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"})
_CONFIGURED: Final = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2",
}
_MOST_LAYERS: Final = 10_000


class ShapeDiffersError(Exception):
    """A tensor has another shape than the configuration says, or is missing."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        """Keep file and tensor as `field`, the shape as `value`, and the `rule`."""
        super().__init__(f"{field} is {value}: {rule}")
        self.field = field
        self.value = value
        self.rule = rule


class DtypeDiffersError(Exception):
    """Most of the weights have another element type than is declared."""

    def __init__(self, declared: str, most: str, share: str) -> None:
        """Keep the `declared` type as `value`, the one of `most` bytes in the `rule`."""
        super().__init__(f"{declared} is declared, most of the weights are {most}")
        self.field = "declaration.dtype"
        self.value = declared
        self.rule = f"must be {most}, the type of {share} of the bytes of floating tensors"


def check_shapes(tensors: Tensors, config: Mapping[str, Any]) -> list[Finding]:
    """Return what is unusual in the tensors at the root, which `config` describes. Raises `ShapeDiffersError`.

    Only floating tensors have the shape of the configuration for sure: integers may be packed.
    """
    kind = config.get("model_type")
    family = FAMILIES.get(kind) if isinstance(kind, str) else None
    if family is None:
        told = "nothing" if kind is None else str(kind)[:80]
        known = "the sizes of known kinds are checked against the tensors, of others not"
        return [Finding("ARCHITECTURE_UNKNOWN", "config.json: model_type", told, known)]
    found = sizes(config)
    placed = [(path, tensor) for path, each in sorted(tensors.items()) if "/" not in path for tensor in each]
    unknown = [(path, tensor) for path, tensor in placed if not _checked(path, tensor, family, found)]
    _check_needed(placed, family, found)
    findings = _unknown(unknown, len(placed))
    if config.get("tie_word_embeddings") is True and any(tensor.name == "lm_head.weight" for _, tensor in placed):
        findings.append(
            Finding(
                "TIED_WEIGHTS_STORED_TWICE", "lm_head.weight", "stored", "config.json says it is the embedding itself"
            )
        )
    return findings


def check_dtype(tensors: Tensors, declared: str, config: Mapping[str, Any]) -> list[Finding]:
    """Return what is unusual in the element types. Raises `DtypeDiffersError` where another one is `declared`.

    The type of the weights is the one that most bytes of floating tensors have; where there are none, nothing is said.
    """
    by_type: Counter[str] = Counter()
    for each in tensors.values():
        for tensor in each:
            by_type[tensor.dtype] += tensor.end - tensor.begin
    floating = {dtype: size for dtype, size in by_type.items() if dtype in FLOATING and size}
    if not floating:
        return []
    most = max(floating, key=lambda dtype: (floating[dtype], dtype))
    share = f"{100 * floating[most] // sum(floating.values())} %"
    if declared and declared not in {most, *(by_type.keys() - FLOATING)}:
        raise DtypeDiffersError(declared, most, share)
    said = config.get("torch_dtype", config.get("dtype"))
    configured = _CONFIGURED.get(said) if isinstance(said, str) else None
    if configured is None or configured == most:
        return []
    return [
        Finding("CONFIGURED_DTYPE_DIFFERS", "config.json: torch_dtype", str(said), f"most of the weights are {most}")
    ]


def embedding_rows(tensors: Tensors) -> int | None:
    """Return the number of rows of the embedding of tokens; `None` where no tensor is known to be it."""
    names = {"model.embed_tokens.weight", "embed_tokens.weight", "transformer.wte.weight", "wte.weight",
             "bert.embeddings.word_embeddings.weight", "embeddings.word_embeddings.weight",
             "model.language_model.embed_tokens.weight", "language_model.model.embed_tokens.weight"}  # fmt: skip
    for path, each in sorted(tensors.items()):
        for tensor in each:
            if "/" not in path and tensor.name in names and len(tensor.shape) == len(("rows", "width")):
                return tensor.shape[0]
    return None


def _checked(path: str, tensor: Tensor, family: Family, found: Sizes) -> bool:
    """Return whether the family knows the tensor; raise `ShapeDiffersError` where it should have another shape."""
    for rule in family.rules:
        match = rule.names.fullmatch(tensor.name)
        if match is None:
            continue
        where = f"{path}: {tensor.name}"
        layers = found["L"]
        if "n" in rule.names.groupindex and layers is not None and int(match["n"][:9]) >= layers + (found["M"] or 0):
            raise ShapeDiffersError(where, f"layer {match['n'][:9]}", f"must be one of {layers} layers, counted from 0")
        if tensor.dtype in FLOATING:
            _check_shape(where, tensor, tuple(dimension(term, found) for term in rule.shape))
        return True
    return False


def _check_shape(where: str, tensor: Tensor, wanted: tuple[int | None, ...]) -> None:
    right = len(tensor.shape) == len(wanted) and all(
        size is None or size == actual for size, actual in zip(wanted, tensor.shape, strict=True)
    )
    if not right:
        told = ", ".join("any" if size is None else str(size) for size in wanted)
        raise ShapeDiffersError(where, list(tensor.shape), f"must be [{told}], as config.json says")


def _check_needed(placed: Iterable[tuple[str, Tensor]], family: Family, found: Sizes) -> None:
    names = {tensor.name.removeprefix(family.prefix) for _, tensor in placed}
    layers = found["L"]
    if layers is not None and layers > _MOST_LAYERS:
        raise ShapeDiffersError("config.json: num_hidden_layers", layers, f"must be at most {_MOST_LAYERS}")
    for needed in family.needed:
        for number in range(layers or 0) if "{n}" in needed else (0,):
            name = needed.format(n=number)
            if not names & _forms(name):
                raise ShapeDiffersError(
                    f"*.safetensors: {family.prefix}{name}", "missing", "must be there, as config.json says"
                )


def _forms(name: str) -> set[str]:
    """Return the names under which a tensor is there: its own, and those of its quantised forms."""
    stem = name.removesuffix("weight")
    return {name, *(stem + form for form in ("qweight", "weight_packed", "weight_scale", "weight_scale_inv"))}


def _unknown(unknown: list[tuple[str, Tensor]], count: int) -> list[Finding]:
    if not unknown:
        return []
    path, tensor = unknown[0]
    told = f"and {len(unknown) - 1} more of {count} tensors" if len(unknown) > 1 else f"of {count} tensors"
    return [
        Finding("TENSOR_UNKNOWN", f"{path}: {tensor.name}", told, "a model of this kind has no tensor of this name")
    ]
