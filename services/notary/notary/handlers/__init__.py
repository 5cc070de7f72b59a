"""The notary's use cases: record an event, give recorded events their places, sign the head, prove."""

from notary.handlers.growing import BATCH, sequence
from notary.handlers.heads import KeyChangedError, require_same_key, sign_head
from notary.handlers.log import Log, Placed
from notary.handlers.openings import Openings, confirm_erasure, read, release, request_erasure
from notary.handlers.proofs import Proof, find, prove_consistency, prove_inclusion
from notary.handlers.recording import record
from notary.handlers.withholdings import Withholdings, confirm_withholding, request_withholding
from notary.handlers.witnesses import (
    Witnesses,
    add_cosignature,
    checkpoint,
    confirm_retirement,
    cosigned_checkpoints,
    register_witness,
    request_retirement,
)

__all__ = [
    "BATCH",
    "KeyChangedError",
    "Log",
    "Openings",
    "Placed",
    "Proof",
    "Withholdings",
    "Witnesses",
    "add_cosignature",
    "checkpoint",
    "confirm_erasure",
    "confirm_retirement",
    "confirm_withholding",
    "cosigned_checkpoints",
    "find",
    "prove_consistency",
    "prove_inclusion",
    "read",
    "record",
    "register_witness",
    "release",
    "request_erasure",
    "request_retirement",
    "request_withholding",
    "require_same_key",
    "sequence",
    "sign_head",
]
