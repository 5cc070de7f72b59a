"""Who may hand in cosignatures: witnesses that staff registered, each under one name with one key of its own.

A key may be lost or stolen, and a witness may give up: two people retire it, for ever; what it signed before stays.

Source: requirement, selection and notary, "Notary": witness co-signing by a second key; two-person tombstones
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from verify.note import VerifierKey

    from notary.domain.two_person import Act

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


class WitnessRetiredError(WitnessRuleBrokenError):
    """The witness was retired."""


class RetirementWaitsError(WitnessRuleBrokenError):
    """Another request to retire the witness waits for its confirmation."""


class RetirementUnknownError(WitnessRuleBrokenError):
    """Nobody asked for this."""


class CosignatureRefusedError(WitnessRuleBrokenError):
    """The signature is not the witness's over this checkpoint."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness as it was registered."""

    key: VerifierKey
    operator: str
    registered_by: str
    registered_at: datetime
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Retirement:
    """That a witness is retired, asked for and perhaps done."""

    act: Act
    key: VerifierKey


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


def require_active(witness: Witness, field: str) -> Witness:
    """The witness; raise `WitnessRetiredError`, which names the request's `field`, where it was retired."""
    if witness.retired_at is not None:
        at = witness.retired_at.isoformat(timespec="seconds")
        raise WitnessRetiredError(
            field, witness.key.name, f"was retired at {at}: nothing that it signs is taken any more"
        )
    return witness


def require_retirable(name: str, known: Sequence[Witness], *, waiting: bool) -> Witness:
    """The witness of this name, if it can be retired.

    Raises:
        WitnessUnknownError: nobody registered it.
        WitnessRetiredError: it was retired.
        RetirementWaitsError: a request to retire it waits for its confirmation.
    """
    found = next((each for each in known if each.key.name == name), None)
    if found is None:
        raise WitnessUnknownError("name", name, "must be that of a registered witness")
    require_active(found, "name")
    if waiting:
        raise RetirementWaitsError("name", name, "a request to retire it waits for its confirmation")
    return found
