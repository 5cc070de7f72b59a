"""When a delivery that failed is tried again."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Final

PAUSES: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Source: Standard Webhooks, "Deliverability and reliability": its example, three days in all."""

LONGEST_WISH: Final = timedelta(days=1)
"""So long a receiver may put us off at once."""

_SPREAD: Final = 0.2


def pause_after(tries: int, retry_after: timedelta | None, *, seed: str) -> timedelta | None:
    """Return how long to wait after the `tries`-th failure (1 is the first); `None` when there is no further try.

    It is the schedule's pause, made longer by up to a fifth so that what failed together is not tried together, and
    never shorter than the receiver asked for (up to a day). The same `seed` gives the same pause.
    Source: Standard Webhooks, "Deliverability and reliability": growing pauses with jitter over days.
    """
    if tries > len(PAUSES):
        return None
    spread = 1 + _SPREAD * random.Random(seed).random()  # noqa: S311 - spreads retries, guards nothing
    wish = min(retry_after or timedelta(0), LONGEST_WISH)
    longest: timedelta = max(PAUSES[tries - 1] * spread, wish)
    return longest
