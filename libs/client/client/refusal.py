"""A service's refusal in the words of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

if TYPE_CHECKING:
    from common.errors import Refused

_AWAY = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}


def in_words(refused: Refused) -> str:
    """Return code, message and the facts that the message does not tell, and where to look if nobody answered."""
    facts = [f"  {name}: {value}" for name, value in sorted(refused.facts.items()) if value not in refused.message]
    hint = ["Is the stack up? `dokpamo status` shows it."] if refused.status in _AWAY else []
    return "\n".join([str(refused), *facts, *hint])
