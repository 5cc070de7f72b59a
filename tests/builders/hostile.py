"""Hostile input for the parsers of what strangers hand in: good input with a few changes, and what may come of it."""

from __future__ import annotations

import os
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


@st.composite
def _changed(draw: st.DrawFn, good: bytes) -> bytes:
    data = bytearray(good)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(data)))
        match draw(st.integers(0, 5)):
            case 0 if at < len(data):
                data[at] ^= draw(st.integers(1, 255))
            case 1:
                data[at:at] = draw(st.sampled_from(SPLICES))
            case 2:
                del data[at : at + draw(st.integers(1, 40))]
            case 3:
                data[at:at] = data[at : at + draw(st.integers(1, 200))]
            case 4 if at < len(data):
                data[at : at + 1] = draw(st.sampled_from(SPLICES))
            case _:
                del data[at:]
    return bytes(data)


def changed(good: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """One of these byte strings with one to three changes; it may come out as it was."""
    return st.sampled_from(list(good)).flatmap(_changed)


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
