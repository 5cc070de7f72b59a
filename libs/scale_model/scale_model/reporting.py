"""What a job prints for those who watch it: lines `PROGRESS {json}` and one last line `RESULT {json}`."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from scale_model.training import Step

PROGRESS: Final = "PROGRESS"
RESULT: Final = "RESULT"
_LINES: Final = 20


class StepReport:
    """Prints about twenty progress lines over a run and keeps the steps for the training log."""

    def __init__(self, steps: int, *, clock: Callable[[], float] = time.perf_counter) -> None:
        """Report a run of `steps`; `clock` counts seconds."""
        self.log: list[Step] = []
        self._steps = steps
        self._every = max(1, steps // _LINES)
        self._clock = clock
        self._start = clock()

    def __call__(self, step: Step) -> None:
        """Keep `step`, and print it if its turn has come. A token is a byte."""
        self.log.append(step)
        if step.step % self._every == 0 or step.step == self._steps:
            seconds = max(self._clock() - self._start, 1e-9)
            say(
                PROGRESS,
                {
                    "step": step.step,
                    "steps": self._steps,
                    "loss": f"{step.loss:.4f}",
                    "tokens_per_second": round(step.bytes_seen / seconds),
                },
            )


def say(word: str, facts: dict[str, Any]) -> None:
    """Print one line, at once."""
    print(word, json.dumps(facts, ensure_ascii=False), flush=True)
