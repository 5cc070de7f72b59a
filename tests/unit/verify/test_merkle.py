"""The rules of the Merkle tree, on the public vectors and against a direct reading of RFC 6962."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from verify.merkle import (
    EMPTY_ROOT,
    ProofRefusedError,
    check_consistency,
    check_inclusion,
    check_subtree_consistency,
    check_subtree_inclusion,
    hash_leaf,
    hash_node,
)
from verify.tree import Frontier, LeafOutsideError, Tree, append

VECTORS = Path(__file__).resolve().parents[4] / "shared" / "data" / "audit" / "merkle_testdata"
CHECKS = ("inclusion", "consistency", "subtreeinclusion", "subtreeconsistency")


def vectors(kind: str) -> list[Any]:
    """The vectors of one kind as parameters; one skipped parameter where the folder is absent."""
    files = sorted((VECTORS / kind).rglob("*.json"))
    if not files:
        reason = f"the public vectors are not here: {kind}"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason))]
    return [pytest.param(json.loads(file.read_bytes()), id=str(file.relative_to(VECTORS))) for file in files]


def bytes_of(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def proof_of(vector: dict[str, Any]) -> list[bytes]:
    return [bytes_of(one) for one in vector["proof"] or []]


def check(kind: str, vector: dict[str, Any]) -> None:
    if kind == "inclusion":
        check_inclusion(
            leaf_hash=bytes_of(vector["leafHash"]),
            index=vector["leafIdx"],
            size=vector["treeSize"],
            proof=proof_of(vector),
            root=bytes_of(vector["root"]),
        )
    elif kind == "consistency":
        check_consistency(
            first=vector["size1"],
            second=vector["size2"],
            proof=proof_of(vector),
            first_root=bytes_of(vector["root1"]),
            second_root=bytes_of(vector["root2"]),
        )
    elif kind == "subtreeinclusion":
        check_subtree_inclusion(
            leaf_hash=bytes_of(vector["leafHash"]),
            index=vector["leafIdx"],
            start=vector["start"],
            end=vector["end"],
            proof=proof_of(vector),
            node=bytes_of(vector["root"]),
        )
    else:
        check_subtree_consistency(
            start=vector["start"],
            end=vector["end"],
            size=vector["size"],
            proof=proof_of(vector),
            node=bytes_of(vector["root1"]),
            root=bytes_of(vector["root2"]),
        )


def expect_verdict(kind: str, vector: dict[str, Any]) -> None:
    if vector["wantErr"]:
        with pytest.raises(ProofRefusedError):
            check(kind, vector)
    else:
        check(kind, vector)


@pytest.mark.parametrize("vector", vectors("inclusion"))
def test_every_public_inclusion_vector_gets_its_verdict(vector: dict[str, Any]) -> None:
    expect_verdict("inclusion", vector)


@pytest.mark.parametrize("vector", vectors("consistency"))
def test_every_public_consistency_vector_gets_its_verdict(vector: dict[str, Any]) -> None:
    expect_verdict("consistency", vector)


@pytest.mark.parametrize("vector", vectors("subtreeinclusion"))
def test_every_public_subtree_inclusion_vector_gets_its_verdict(vector: dict[str, Any]) -> None:
    expect_verdict("subtreeinclusion", vector)


@pytest.mark.parametrize("vector", vectors("subtreeconsistency"))
def test_every_public_subtree_consistency_vector_gets_its_verdict(vector: dict[str, Any]) -> None:
    expect_verdict("subtreeconsistency", vector)


def test_no_public_vector_is_left_out() -> None:
    every = set(VECTORS.rglob("*.json"))
    if not every:
        pytest.skip("the public vectors are not here")
    given_to = {kind: [each for each in vectors(kind) if each.values[0] is not None] for kind in CHECKS}
    assert sum(map(len, given_to.values())) == len(every)
    for kind, found in given_to.items():
        hostile = sum(each.values[0]["wantErr"] for each in found)
        assert 0 < hostile < len(found), kind


def leaves(size: int) -> list[bytes]:
    return [f"leaf {number}".encode() for number in range(size)]


def grown(size: int) -> Tree:
    tree = Tree()
    for leaf in leaves(size):
        tree.append(leaf)
    return tree


def root_by_the_definition(data: list[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, as it is written there."""
    if not data:
        return hashlib.sha256(b"").digest()
    if len(data) == 1:
        return hash_leaf(data[0])
    middle = 1
    while middle * 2 < len(data):
        middle *= 2
    return hash_node(root_by_the_definition(data[:middle]), root_by_the_definition(data[middle:]))


def test_a_tree_without_leaves_has_the_hash_of_nothing_as_root() -> None:
    assert Tree().root() == EMPTY_ROOT == hashlib.sha256(b"").digest()


@pytest.mark.parametrize("size", range(1, 40))
def test_the_grown_root_equals_the_definition_at_every_size(size: int) -> None:
    tree = grown(40)
    assert tree.root(size) == root_by_the_definition(leaves(size))
    assert grown(size).root() == tree.root(size)


@given(st.data())
def test_every_generated_inclusion_proof_is_accepted(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 70))
    index = data.draw(st.integers(0, size - 1))
    tree = grown(size + data.draw(st.integers(0, 5)))
    check_inclusion(
        leaf_hash=hash_leaf(leaves(size)[index]),
        index=index,
        size=size,
        proof=tree.inclusion(index, size),
        root=tree.root(size),
    )


@given(st.data())
def test_every_generated_consistency_proof_is_accepted(data: st.DataObject) -> None:
    second = data.draw(st.integers(1, 70))
    first = data.draw(st.integers(1, second))
    tree = grown(second)
    check_consistency(
        first=first,
        second=second,
        proof=tree.consistency(first, second),
        first_root=tree.root(first),
        second_root=tree.root(),
    )


@given(st.data())
def test_a_rewritten_leaf_is_never_consistent_with_the_earlier_tree(data: st.DataObject) -> None:
    second = data.draw(st.integers(2, 40))
    first = data.draw(st.integers(1, second - 1))
    changed = data.draw(st.integers(0, first - 1))
    rewritten = Tree()
    for number, leaf in enumerate(leaves(second)):
        rewritten.append(b"rewritten" if number == changed else leaf)
    with pytest.raises(ProofRefusedError):
        check_consistency(
            first=first,
            second=second,
            proof=rewritten.consistency(first, second),
            first_root=grown(first).root(),
            second_root=rewritten.root(),
        )


def test_a_batch_appends_the_same_nodes_as_single_leaves() -> None:
    hashes = [hash_leaf(leaf) for leaf in leaves(29)]
    start, _ = append(Frontier(), hashes[:5])
    batch, nodes = append(start, hashes[5:])
    assert batch == grown(29).frontier
    assert dict(nodes).items() <= grown(29).nodes.items()


def test_a_proof_beyond_the_tree_is_refused() -> None:
    with pytest.raises(LeafOutsideError):
        grown(3).inclusion(3, 3)
    with pytest.raises(LeafOutsideError):
        grown(3).inclusion(0, 4)
    with pytest.raises(LeafOutsideError):
        grown(3).consistency(0, 3)
