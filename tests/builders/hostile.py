"""Hostile input for the parsers of what strangers hand in: good input with a few changes, and what may come of it."""

from __future__ import annotations

import os
import time
from random import Random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

FEW = 150
"""Inputs of a hunt that is run each time."""
SPLICES = (
    b"\x00", b"\xff", b"\n", b"\n\n", b" ", b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"-", b"0", b"9" * 30,
    b"!!", b"null", b"1e999", b"NaN", b"\xe2\x80\x94 ", b"=", b"\xed\xa0\x80", b"\xf0\x9f\x92\xa9", b"&a", b"*a",
)  # fmt: skip
"""Bytes that mean something to a parser of JSON, YAML, protobuf, base64 or a signed note."""


def changed(good: Sequence[bytes]) -> Callable[[Random], bytes]:
    """What makes one of these byte strings with one to three changes; it may come out as it was."""
    return lambda chance: change(chance.choice(good), chance)


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


def hunt(name: str, make: Callable[[Random], T], take: Callable[[T], bool], count: int) -> None:
    """Hand `count` inputs to `take`, which fails where one is taken that must not be, or an error has no name.

    It says whether an input was taken. Prints how many were, the seed and the rate. DOKPAMO_FUZZ_SEED=17 gives other
    inputs; a failure names seed and number, by which the same input is made again.
    """
    seed, taken, began = os.environ.get("DOKPAMO_FUZZ_SEED", "0"), 0, time.monotonic()
    for number in range(count):
        given = make(Random(f"{seed}/{number}"))
        try:
            taken += take(given)
        except Exception as error:
            raise AssertionError(f"{name}: seed {seed}, input {number}: {error!r} of {given!r:.2000}") from error
    seconds = time.monotonic() - began
    print(f"{name}: {count:,} inputs, seed {seed}, {count / seconds:,.0f} a second, {taken:,} taken")
