"""The notary's table of refusals."""

from __future__ import annotations

import grpc
from common.errors import Reason, Reasons

from notary.domain import two_person
from notary.domain.admission import EventRewrittenError
from notary.domain.erasing import (
    ErasureUnknownError,
    NotErasableError,
    OpeningErasedError,
    OpeningUnknownError,
)
from notary.domain.extent import NotLoggedError
from notary.domain.withholding import (
    NotWithheldError,
    NotWithholdableError,
    WithheldAlreadyError,
    WithholdingUnknownError,
)
from notary.domain.witness import (
    CosignatureRefusedError,
    RetirementUnknownError,
    RetirementWaitsError,
    WitnessInvalidError,
    WitnessRetiredError,
    WitnessTakenError,
    WitnessUnknownError,
)

REASONS: Reasons = {
    EventRewrittenError: Reason(grpc.StatusCode.DATA_LOSS, "EVENT_REWRITTEN"),
    NotLoggedError: Reason(grpc.StatusCode.NOT_FOUND, "NOT_LOGGED"),
    OpeningUnknownError: Reason(grpc.StatusCode.NOT_FOUND, "OPENING_UNKNOWN"),
    OpeningErasedError: Reason(grpc.StatusCode.FAILED_PRECONDITION, "OPENING_ERASED"),
    NotErasableError: Reason(grpc.StatusCode.FAILED_PRECONDITION, "NOT_ERASABLE"),
    ErasureUnknownError: Reason(grpc.StatusCode.NOT_FOUND, "ERASURE_UNKNOWN"),
    two_person.ReasonMissingError: Reason(grpc.StatusCode.INVALID_ARGUMENT, "REASON_MISSING"),
    two_person.SamePersonError: Reason(grpc.StatusCode.PERMISSION_DENIED, "SAME_PERSON"),
    two_person.ActDoneError: Reason(grpc.StatusCode.FAILED_PRECONDITION, "ACT_DONE"),
    two_person.ActLapsedError: Reason(grpc.StatusCode.FAILED_PRECONDITION, "ACT_LAPSED"),
    WithholdingUnknownError: Reason(grpc.StatusCode.NOT_FOUND, "WITHHOLDING_UNKNOWN"),
    WithheldAlreadyError: Reason(grpc.StatusCode.FAILED_PRECONDITION, "WITHHELD_ALREADY"),
    NotWithheldError: Reason(grpc.StatusCode.FAILED_PRECONDITION, "NOT_WITHHELD"),
    NotWithholdableError: Reason(grpc.StatusCode.FAILED_PRECONDITION, "NOT_WITHHOLDABLE"),
    WitnessInvalidError: Reason(grpc.StatusCode.INVALID_ARGUMENT, "WITNESS_INVALID"),
    WitnessTakenError: Reason(grpc.StatusCode.ALREADY_EXISTS, "WITNESS_TAKEN"),
    WitnessUnknownError: Reason(grpc.StatusCode.PERMISSION_DENIED, "WITNESS_UNKNOWN"),
    WitnessRetiredError: Reason(grpc.StatusCode.FAILED_PRECONDITION, "WITNESS_RETIRED"),
    RetirementWaitsError: Reason(grpc.StatusCode.FAILED_PRECONDITION, "RETIREMENT_WAITS"),
    RetirementUnknownError: Reason(grpc.StatusCode.NOT_FOUND, "RETIREMENT_UNKNOWN"),
    CosignatureRefusedError: Reason(grpc.StatusCode.INVALID_ARGUMENT, "COSIGNATURE_REFUSED"),
}
