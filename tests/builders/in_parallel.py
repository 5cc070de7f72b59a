"""Work of many small pieces on every core, in processes of their own, with a line now and then on how far it is."""

from __future__ import annotations

import os
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
LINES = 20


def in_parallel(work: Callable[[T], list[str]], pieces: Sequence[T], what: str, *, size: int = 20) -> list[str]:
    """What `work`, a function of a module, says of the pieces that fail; prints how many there were and how fast."""
    began, found, told = time.monotonic(), list[str](), 0
    # A fork of a process with threads may hang: each worker starts afresh.
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for done, said in enumerate(pool.map(work, pieces, chunksize=size), start=1):
            for each in said[: max(0, LINES - len(found))]:
                print(f"{what}: {each}", flush=True)
            found += said
            if done == len(pieces) or done * LINES // len(pieces) > told:
                told = done * LINES // len(pieces)
                seconds = time.monotonic() - began
                rate = f"{done / seconds:,.1f} a second"
                print(f"{what}: {done:,} of {len(pieces):,}, {rate}, {len(found)} failures", flush=True)
    return found
