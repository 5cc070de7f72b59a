"""What a job prints of itself: lines `PROGRESS {json}`. Nothing in them decides anything; people see it."""

from __future__ import annotations

import json
import re
from typing import Final

_PROGRESS: Final = re.compile(r"^PROGRESS (\{.*\})$", re.MULTILINE)
_LOSS: Final = re.compile(r"\d{1,6}(\.\d{1,12})?")


def last_words(message: str, most: int) -> str:
    """Return `message`; of one longer than `most` characters the first line and the end, where an error is told."""
    if len(message) <= most:
        return message
    first = message.partition("\n")[0][: most // 4]
    mark = " […] "
    return f"{first}{mark}{message[len(message) - (most - len(first) - len(mark)) :]}"


def last_loss(output: str) -> str:
    """Return the last loss that `output` tells as decimal text; empty where it tells none that is a plain number."""
    for line in reversed(_PROGRESS.findall(output)):
        try:
            loss = json.loads(line).get("loss")
        except json.JSONDecodeError:
            continue
        if isinstance(loss, str) and _LOSS.fullmatch(loss):
            return loss
    return ""
