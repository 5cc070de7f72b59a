"""Hostile input for the parsers of what strangers hand in: good input with a few changes, and what may come of it."""

from __future__ import annotations

import os
from random import Random
from typing import TYPE_CHECKING, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

ROUND = 20_000
"""Inputs of one run of hypothesis; it remembers each of a run, so that a million are many runs."""
SPLICES = (
    b"\x00", b"\xff", b"\n", b"\n\n", b" ", b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"-", b"0", b"9" * 30,
    b"!!", b"null", b"1e999", b"NaN", b"\xe2\x80\x94 ", b"=", b"\xed\xa0\x80", b"\xf0\x9f\x92\xa9", b"&a", b"*a",
)  # fmt: skip
"""Bytes that mean something to a parser of JSON, YAML, protobuf, base64 or a signed note."""


def made(make: Callable[[Random], T]) -> st.SearchStrategy[T]:
    """What is made by chance. Hypothesis draws one number for each: a million inputs take minutes."""
    return st.integers(0, 2**64 - 1).map(lambda number: make(Random(number)))


def changed(good: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """One of these byte strings with one to three changes; it may come out as it was."""
    return made(lambda chance: change(chance.choice(good), chance))


def change(good: bytes, chance: Random) -> bytes:
    """A byte string with one to three changes."""
    data = bytearray(good)
    for _ in range(chance.randint(1, 3)):
        at = chance.randint(0, len(data))
        match chance.randint(0, 5):
            case 0 if at < len(data):
                data[at] ^= chance.randint(1, 255)
            case 1:
                data[at:at] = chance.choice(SPLICES)
            case 2:
                del data[at : at + chance.randint(1, 40)]
            case 3:
                data[at:at] = data[at : at + chance.randint(1, 200)]
            case 4 if at < len(data):
                data[at : at + 1] = chance.choice(SPLICES)
            case _:
                del data[at:]
    return bytes(data)


def hunt(inputs: st.SearchStrategy[T], accepts: Callable[[T], None], count: int) -> None:
    """Hand `count` inputs to `accepts`, which fails where one is taken that must not be, or an error has no name."""
    for number in range(-(-count // ROUND)):
        examples = min(ROUND, count - number * ROUND)
        phases = (Phase.generate, Phase.shrink)
        run = given(inputs)(accepts)
        run = settings(
            max_examples=examples, deadline=None, database=None, phases=phases, suppress_health_check=list(HealthCheck)
        )(run)
        # A seed of one's own repeats a run: DOKPAMO_FUZZ_SEED=17.
        seed(int(os.environ.get("DOKPAMO_FUZZ_SEED", "0")) + number)(run)()
