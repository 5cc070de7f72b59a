"""A model in several files: the index names each tensor's file, every shard is there, and nothing is there twice.

Source: design, registry and originality, "Validation at commit", "shard index"
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from weights.index import read_index

from registry.domain.checkpoint import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weights.safetensors import Tensor

    Tensors = Mapping[str, tuple[Tensor, ...]]

INDEX_SUFFIX: Final = ".safetensors.index.json"
MOST_INDEXES: Final = 4
MOST_TENSORS_IN_ALL: Final = 300_000
"""Of all files of a checkpoint: what is held in memory when they are checked against one another."""

_SHARD: Final = re.compile(r"(.*)-([0-9]{5,6})-of-([0-9]{5,6})\.safetensors")


class ShardsRefusedError(Exception):
    """The files of a model in shards do not make up one model."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        """Keep the `field` (file, and tensor where it is about one), its `value` and the `rule`."""
        super().__init__(f"{field} is {value!r}: {rule}")
        self.field = field
        self.value = value
        self.rule = rule


def check_tensor_count(tensors: Tensors) -> None:
    """Raise `ShardsRefusedError` where more tensors than can be held are in the files so far."""
    count = sum(map(len, tensors.values()))
    if count > MOST_TENSORS_IN_ALL:
        raise ShardsRefusedError("*.safetensors: tensors", count, f"must be at most {MOST_TENSORS_IN_ALL} in all files")


def check_shards(tensors: Tensors, indexes: Mapping[str, bytes]) -> list[Finding]:
    """Return what is unusual in the files of weights by path and the `indexes` at the root.

    Raises `ShardsRefusedError` and `weights.index.IndexRefusedError`.
    """
    _check_series(tensors)
    indexed: set[str] = set()
    for path, data in sorted(indexes.items()):
        indexed |= _check_index(path, data, tensors)
    return [*_without_index(tensors, indexed), *_twice(tensors, indexed)]


def _check_series(tensors: Tensors) -> None:
    """Every series of shards is complete: from the first to the last that its names say."""
    series: dict[str, dict[int, str]] = {}
    counts: dict[str, set[int]] = {}
    for path in tensors:
        if shard := _SHARD.fullmatch(path):
            series.setdefault(shard[1], {})[int(shard[2])] = path
            counts.setdefault(shard[1], set()).add(int(shard[3]))
    for stem, numbered in sorted(series.items()):
        if len(counts[stem]) > 1:
            raise ShardsRefusedError(
                f"{stem}-*.safetensors", sorted(counts[stem])[:5], "must all say the same number of shards"
            )
        count = next(iter(counts[stem]))
        for number in range(1, min(count, len(numbered) + 1) + 1):
            if number not in numbered:
                raise ShardsRefusedError(
                    f"{stem}-{number:05}-of-{count:05}.safetensors",
                    "missing",
                    f"must be there: shard {number} of {count}",
                )
        if len(numbered) > count:
            odd = next(path for number, path in sorted(numbered.items()) if not 1 <= number <= count)
            raise ShardsRefusedError(odd, len(numbered), f"must be one of shards 1 to {count}")


def _check_index(path: str, data: bytes, tensors: Tensors) -> set[str]:
    """Return the shards that an index names, each with exactly the tensors that it says."""
    index = read_index(path, data)
    shards = set(index.files.values())
    for shard in sorted(shards):
        if shard not in tensors:
            raise ShardsRefusedError(f"{path}: {shard}", "missing", "must be there: the index names it")
    total = sum(_check_shard(path, shard, tensors[shard], index.files) for shard in sorted(shards))
    for name, said in index.files.items():
        raise ShardsRefusedError(
            f"{path}: weight_map.{name}", said, "must be the file that holds the tensor: it does not"
        )
    if index.total_bytes not in {None, total}:
        raise ShardsRefusedError(f"{path}: metadata.total_size", index.total_bytes, f"must be {total}")
    stem = path.removesuffix(INDEX_SUFFIX)
    for other in sorted(tensors.keys() - shards):
        shard_name = _SHARD.fullmatch(other)
        if shard_name and shard_name[1] == stem:
            raise ShardsRefusedError(other, "not in the index", f"must be named in {path}")
    return shards


def _check_shard(path: str, shard: str, held: tuple[Tensor, ...], left: dict[str, str]) -> int:
    """Take the tensors of a shard off what is `left` of the index; return how many bytes they have."""
    for tensor in held:
        said = left.pop(tensor.name, None)
        if said is None:
            told = "not in the index, or in another shard, too"
            raise ShardsRefusedError(f"{shard}: {tensor.name}", told, f"must be in {path} and in one shard")
        if said != shard:
            raise ShardsRefusedError(f"{path}: weight_map.{tensor.name}", said, f"must be {shard}, which holds it")
    return sum(tensor.end - tensor.begin for tensor in held)


def _without_index(tensors: Tensors, indexed: set[str]) -> list[Finding]:
    stems = {
        shard[1] for path in tensors if path not in indexed and (shard := _SHARD.fullmatch(path)) and int(shard[3]) > 1
    }
    return [
        Finding(
            "SHARD_INDEX_MISSING", f"{stem}{INDEX_SUFFIX}", "missing", "shards have an index, by which tools find them"
        )
        for stem in sorted(stems)
    ]


def _twice(tensors: Tensors, indexed: set[str]) -> list[Finding]:
    """Tensors of one name in several files that no index tells apart: which one counts is left to chance."""
    first: dict[str, str] = {}
    found = 0
    example = ("", "", "")
    for path in sorted(tensors.keys() - indexed):
        if "/" in path:
            continue
        for tensor in tensors[path]:
            other = first.setdefault(tensor.name, path)
            if other != path:
                example = example if found else (path, tensor.name, other)
                found += 1
    if not found:
        return []
    path, name, other = example
    return [
        Finding(
            "TENSOR_TWICE", f"{path}: {name}", f"also in {other}; {found} in all", "a tensor is in one file at the root"
        )
    ]
