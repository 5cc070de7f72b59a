"""Who may hand in cosignatures: witnesses that staff registered, each under one name with one key of its own.

Source: issue 5, "Notary": witness co-signing by a second key
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from verify.note import VerifierKey

LONGEST_OPERATOR = 200


class WitnessRuleBrokenError(Exception):
    """Base of the refusals about witnesses."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        """Keep the request's `field`, its `value` and the `rule` it breaks."""
        super().__init__(f"{field} is {str(value)!r}: {rule}")
        self.field = field
        self.value = str(value)
        self.rule = rule


class WitnessUnknownError(WitnessRuleBrokenError):
    """Nobody registered this witness."""


class WitnessTakenError(WitnessRuleBrokenError):
    """The name or the key belongs to another witness, or to the log itself."""


class WitnessInvalidError(WitnessRuleBrokenError):
    """What is to be registered is no witness."""


class CosignatureRefusedError(WitnessRuleBrokenError):
    """The signature is not the witness's over this checkpoint."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness as it was registered."""

    key: VerifierKey
    operator: str
    registered_by: str
    registered_at: datetime


def require_new(witness: Witness, known: Sequence[Witness], log_public_key: bytes) -> None:
    """Raise unless this witness can be registered beside those that are known.

    Raises:
        WitnessInvalidError: nobody is named who runs it.
        WitnessTakenError: the name has another key, the key another name, or it is the log's own.
    """
    if not 0 < len(witness.operator.strip()) <= LONGEST_OPERATOR:
        raise WitnessInvalidError("operator", witness.operator, f"must be 1 to {LONGEST_OPERATOR} characters")
    if witness.key.public_key == log_public_key:
        raise WitnessTakenError("verifier_key", witness.key, "a witness has a key of its own, not the log's")
    for other in known:
        if other.key.name == witness.key.name:
            raise WitnessTakenError(
                "verifier_key", witness.key, "a witness of this name is registered: it keeps its key"
            )
        if other.key.public_key == witness.key.public_key:
            raise WitnessTakenError("verifier_key", witness.key, f"the key is that of {other.key.name}")
