"""No untrue claim about a tree is taken: proofs of inclusion and of consistency, changed by who knows the log.

A few of each always, 400,000 with `make attacks ARGS="-k hostile"`; see `test_hostile_input.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import pytest
from verify.merkle import HASH_BYTES, ProofRefusedError, check_consistency, check_inclusion, hash_leaf
from verify.tree import Tree

from tests.builders.hostile import FEW, hunt

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

LEAVES = [b"leaf %d" % number for number in range(40)]
MANY = 200_000


@cache
def log() -> Tree:
    """A log of forty leaves."""
    tree = Tree()
    for leaf in LEAVES:
        tree.append(leaf)
    return tree


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody claims of a tree whose size and root are known, as they are from a signed head."""

    size: int
    number: int
    hashed: bytes
    proof: tuple[bytes, ...]


def claims(honest: Callable[[int, int], Claim]) -> Callable[[Random], Claim]:
    """What makes claims that are honest or, mostly, a little changed."""
    return lambda chance: _claim(honest, chance)


def _claim(honest: Callable[[int, int], Claim], chance: Random) -> Claim:
    size = chance.randint(1, len(LEAVES))
    true = honest(size, chance.randrange(size))
    number, hashed, proof = true.number, true.hashed, list(true.proof)
    for _ in range(chance.randint(0, 3)):
        what, at = chance.randint(0, 6), chance.randrange(len(proof)) if proof else 0
        if what == 0:
            number = chance.randint(-1, size + 1)
        elif what == 1:
            hashed = _hash(chance)
        elif what == 2 and proof:
            proof[at] = _hash(chance)
        elif what == 3 and proof:
            del proof[at]
        elif what == 4:
            proof.insert(at, _hash(chance))
        elif what == 5:
            proof.reverse()
        elif proof:
            hashed, proof[at] = proof[at], hashed
    return Claim(size, number, hashed, tuple(proof))


def _hash(chance: Random) -> bytes:
    """A hash that is none, one of no tree, or one of the very log, which a forger knows as well."""
    kinds: list[Callable[[], bytes]] = [
        lambda: chance.randbytes(chance.choice((0, 1, 31, 33, 64))),
        lambda: chance.randbytes(HASH_BYTES),
        lambda: hash_leaf(chance.choice(LEAVES)),
        lambda: log().root(chance.randint(1, len(LEAVES))),
    ]
    return chance.choice(kinds)()


def included(size: int, index: int) -> Claim:
    """The leaf `index` is in the tree of `size`."""
    return Claim(size, index, hash_leaf(LEAVES[index]), tuple(log().inclusion(index, size)))


def extended(size: int, index: int) -> Claim:
    """The tree of `size` extends that of `index + 1`."""
    return Claim(size, index + 1, log().root(index + 1), tuple(log().consistency(index + 1, size)))


def take_inclusion(claim: Claim) -> bool:
    """A proof of inclusion is taken only where it is the proof of that very leaf."""
    true = claim.number in range(claim.size) and claim == included(claim.size, claim.number)
    try:
        check_inclusion(
            leaf_hash=claim.hashed, index=claim.number, size=claim.size, proof=claim.proof, root=log().root(claim.size)
        )
    except ProofRefusedError:
        assert not true
        return False
    assert true
    return True


def take_consistency(claim: Claim) -> bool:
    """A proof of consistency is taken only where it is the proof between these very trees."""
    true = claim.number in range(1, claim.size + 1) and claim == extended(claim.size, claim.number - 1)
    try:
        check_consistency(
            first=claim.number,
            second=claim.size,
            proof=claim.proof,
            first_root=claim.hashed,
            second_root=log().root(claim.size),
        )
    except ProofRefusedError:
        assert not true
        return False
    assert true
    return True


HUNTS = {"inclusion": (claims(included), take_inclusion), "consistency": (claims(extended), take_consistency)}


@pytest.mark.parametrize("name", HUNTS)
def test_no_changed_proof_is_taken(name: str) -> None:
    hunt(name, *HUNTS[name], FEW)


@pytest.mark.on_demand
@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", HUNTS)
def test_no_changed_proof_of_two_hundred_thousand_is_taken(name: str) -> None:
    hunt(name, *HUNTS[name], MANY)
