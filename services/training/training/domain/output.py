"""What a job prints of itself: lines `PROGRESS {json}`. Nothing in them decides anything; people see it."""

from __future__ import annotations

import json
import re
from typing import Final

_PROGRESS: Final = re.compile(r"^PROGRESS (\{.*\})$", re.MULTILINE)
_LOSS: Final = re.compile(r"\d{1,6}(\.\d{1,12})?")


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
