"""Await from code that is not async itself, even when a loop runs in its thread: the loop gets a thread of its own."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

Result = TypeVar("Result")


def run_apart(work: Coroutine[object, object, Result]) -> Result:
    """Return what the coroutine returns, or raise what it raises."""
    with ThreadPoolExecutor(1, "apart") as pool:
        return pool.submit(asyncio.run, work).result()
