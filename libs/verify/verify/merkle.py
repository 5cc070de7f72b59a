"""Merkle proofs of RFC 6962 (and RFC 9162, section 2.1): hashing, and checking proofs that somebody else made.

A checker raises `ProofRefusedError` and never returns a verdict that a caller could forget to look at. Proofs of
subtrees follow draft-ietf-plants-merkle-tree-certs, section 4: a subtree `[start, end)` stands for the first tree.

Source: RFC 6962, 2.1, and RFC 9162, 2.1
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAF_PREFIX = b"\x00"
NODE_PREFIX = b"\x01"
HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


class ProofRefusedError(Exception):
    """A proof does not prove what it claims. `rule` says which requirement it fails."""

    def __init__(self, rule: str) -> None:
        """Say which requirement the proof fails."""
        super().__init__(f"proof refused: {rule}")
        self.rule = rule


def hash_leaf(data: bytes) -> bytes:
    """The hash of a leaf: SHA-256 of 0x00 and the leaf's bytes (RFC 6962, 2.1)."""
    return hashlib.sha256(LEAF_PREFIX + data).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """The hash of a node: SHA-256 of 0x01, the left and the right hash (RFC 6962, 2.1)."""
    return hashlib.sha256(NODE_PREFIX + left + right).digest()


def check_inclusion(*, leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raise `ProofRefusedError` unless the leaf stands at `index` (from 0) of the tree with this size and root."""
    if not 0 <= index < size:
        raise ProofRefusedError(f"leaf index {index} is outside a tree of {size} leaves")
    _require_hashes((leaf_hash, root, *proof))
    if _climb(leaf_hash, index, size - 1, proof) != root:
        raise ProofRefusedError("the path from the leaf does not lead to the root")


def _climb(hashed: bytes, index: int, last: int, proof: Sequence[bytes]) -> bytes:
    """RFC 9162, 2.1.3.2: fold the path into the leaf, refusing a path that is too long or too short."""
    for sibling in proof:
        if last == 0:
            raise ProofRefusedError("the path is longer than the tree is high")
        if index & 1 or index == last:
            hashed = hash_node(sibling, hashed)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            hashed = hash_node(hashed, sibling)
        index, last = index >> 1, last >> 1
    if last:
        raise ProofRefusedError("the path is shorter than the tree is high")
    return hashed


def check_consistency(
    *, first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes
) -> None:
    """Raise `ProofRefusedError` unless the tree of `second` leaves extends the tree of `first` leaves.

    A first tree without leaves is refused: every tree extends it, so that such a proof says nothing.
    """
    if first == 0:
        raise ProofRefusedError("the first tree is empty: a proof from it says nothing")
    check_subtree_consistency(start=0, end=first, size=second, proof=proof, node=first_root, root=second_root)


def check_subtree_inclusion(
    *, leaf_hash: bytes, index: int, start: int, end: int, proof: Sequence[bytes], node: bytes
) -> None:
    """Raise `ProofRefusedError` unless the leaf at `index` of the whole tree lies in its subtree `[start, end)`."""
    _require_subtree(start, end)
    if not start <= index < end:
        raise ProofRefusedError(f"leaf index {index} is outside the subtree [{start}, {end})")
    check_inclusion(leaf_hash=leaf_hash, index=index - start, size=end - start, proof=proof, root=node)


def check_subtree_consistency(
    *, start: int, end: int, size: int, proof: Sequence[bytes], node: bytes, root: bytes
) -> None:
    """Raise `ProofRefusedError` unless `[start, end)`, hash `node`, is part of the tree of `size` leaves, hash `root`.

    The empty part has the hash of nothing and is part of every tree: it needs no proof and says nothing about `root`.
    """
    if end > size:
        raise ProofRefusedError(f"the first part ends at {end}, behind a tree of {size} leaves")
    if 0 <= start == end:
        _require_same_tree(proof, node, EMPTY_ROOT)
        return
    _require_subtree(start, end)
    if start == 0 and end == size:
        _require_same_tree(proof, node, root)
        return
    _require_hashes((node, root, *proof))
    if _climb_both(start, end, size, proof, node) != (node, root):
        raise ProofRefusedError("the path does not lead to both roots")


def _climb_both(start: int, end: int, size: int, proof: Sequence[bytes], node: bytes) -> tuple[bytes, bytes]:
    """The hashes of the part and of the whole, as the path has them (draft, section 4.4.3)."""
    first, second, last = start, end - 1, size - 1
    at_right_edge = second == last
    while first != second and (at_right_edge or second & 1):
        first, second, last = first >> 1, second >> 1, last >> 1
    path = list(proof)
    if first != second and not path:
        raise ProofRefusedError("the path is empty")
    part = whole = node if first == second else path.pop(0)
    for sibling in path:
        if last == 0:
            raise ProofRefusedError("the path is longer than the tree is high")
        if second & 1 or second == last:
            if first < second:
                part = hash_node(sibling, part)
            whole = hash_node(sibling, whole)
            while not second & 1:
                first, second, last = first >> 1, second >> 1, last >> 1
        else:
            whole = hash_node(whole, sibling)
        first, second, last = first >> 1, second >> 1, last >> 1
    if last:
        raise ProofRefusedError("the path is shorter than the tree is high")
    return part, whole


def _require_subtree(start: int, end: int) -> None:
    """A subtree starts at a multiple of the smallest power of two that holds it (draft, section 4.1)."""
    if not 0 <= start < end:
        raise ProofRefusedError(f"[{start}, {end}) is no subtree: it is empty")
    if start % (1 << (end - start - 1).bit_length()):
        raise ProofRefusedError(f"[{start}, {end}) is no subtree: its start is not aligned")


def _require_hashes(hashes: Sequence[bytes]) -> None:
    for hashed in hashes:
        if len(hashed) != HASH_BYTES:
            raise ProofRefusedError(f"a hash has {len(hashed)} bytes, not {HASH_BYTES}")


def _require_same_tree(proof: Sequence[bytes], node: bytes, root: bytes) -> None:
    if proof:
        raise ProofRefusedError("what needs no proof has one")
    if node != root:
        raise ProofRefusedError("two hashes for one tree")
