"""Examinations of committed checkpoints against their own parents and the catalogue of known models."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

from registry.domain.checkpoint import Digest, RegistryFieldError, check_sha256

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from registry.domain.release import Withdrawal

_REFERENCE: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}")
_MOST_TEXT: Final = 500
LARGEST_FINGERPRINT_BYTES: Final = 2**29
"""A hundred times that of a model of 32 layers; what is larger could not be read in bounded memory."""


class ExaminationState(Enum):
    """How far an examination is; `NOT_MADE` says nothing of the weights."""

    QUEUED = "queued"
    DONE = "done"
    NOT_MADE = "not-made"


class AgainstKind(Enum):
    """Against what a checkpoint is examined."""

    OWN_PARENT = "own-parent"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Where a fingerprint lies, its SHA-256 in lower-case hex and its size in bytes."""

    object_key: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Against:
    """A model that a checkpoint is compared with: a parent by its digest, or one of the catalogue by its id."""

    kind: AgainstKind
    name: str
    title: str
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class Report:
    """What one comparison came to: counts of components by finding, and the document (JSON) with its SHA-256."""

    kind: AgainstKind
    against: str
    findings: Mapping[str, int]
    sha256: str
    document: bytes = field(repr=False, default=b"")


@dataclass(frozen=True, slots=True)
class Examination:
    """An examination; the documents of its reports are read by themselves."""

    checkpoint_digest: Digest
    number: int
    state: ExaminationState
    reason: str
    seed: int
    asked_at: datetime
    done_at: datetime | None = None
    reports: tuple[Report, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """A model of the catalogue."""

    reference_id: str
    title: str
    source: str
    licence: str
    fingerprint: Fingerprint
    checkpoint_digest: Digest | None
    confirmed: bool
    added_at: datetime
    withdrawal: Withdrawal | None = None


class ReferenceExistsError(Exception):
    """The catalogue has another model of this id."""

    def __init__(self, reference_id: str) -> None:
        """Keep the id as `value`."""
        super().__init__(f"the catalogue has {reference_id} already")
        self.field = "reference_id"
        self.value = reference_id
        self.rule = "must be new: what others were examined against is not changed"


class ReferenceWithdrawnError(Exception):
    """A model of the catalogue was withdrawn."""

    def __init__(self, reference_id: str, reason: str) -> None:
        """Keep the id as `value` and the `reason`."""
        super().__init__(f"{reference_id} was withdrawn: {reason}")
        self.field = "reference_id"
        self.value = reference_id
        self.reason = reason
        self.rule = "must be a model that is not withdrawn; add the right one under another id"


class FingerprintMissingError(Exception):
    """The fingerprint of a model is not there."""

    def __init__(self, name: str) -> None:
        """Keep what it is of as `value`."""
        super().__init__(f"the fingerprint of {name} is not there")
        self.field = "fingerprint_sha256"
        self.value = name
        self.rule = "must have been put at its URL, or made by the examination of the checkpoint"


class FingerprintRefusedError(Exception):
    """What was given as the fingerprint of a model is none."""

    def __init__(self, reference_id: str, value: str, rule: str) -> None:
        """Keep what the file of `reference_id` has (`value`) and which `rule` that breaks."""
        super().__init__(f"the fingerprint of {reference_id} is none: {value}: {rule}")
        self.field = "fingerprint_sha256"
        self.value = value
        self.rule = rule


def check_reference(reference: Reference) -> None:
    """Raise `RegistryFieldError` for the first field that breaks its rule."""
    if not _REFERENCE.fullmatch(reference.reference_id):
        raise RegistryFieldError(
            "reference_id", reference.reference_id, "must be 1 to 63 of a-z, 0-9, '-' and '.', first a letter or digit"
        )
    for name in ("title", "source", "licence"):
        text = getattr(reference, name)
        if not 1 <= len(text) <= _MOST_TEXT:
            raise RegistryFieldError(name, text[:100], f"must be 1 to {_MOST_TEXT} characters")
    check_sha256("fingerprint_sha256", reference.fingerprint.sha256)
    if not 1 <= reference.fingerprint.size_bytes <= LARGEST_FINGERPRINT_BYTES:
        raise RegistryFieldError(
            "size_bytes", reference.fingerprint.size_bytes, f"must be 1 to {LARGEST_FINGERPRINT_BYTES}"
        )
