"""Examining checkpoints: by itself after each commit, and again when staff ask; and the catalogue."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from common.errors import AwaitedError, NotFoundError

from registry.domain.checkpoint import Digest, own_parents
from registry.domain.examination import (
    Against,
    AgainstKind,
    Examination,
    ExaminationState,
    Fingerprint,
    FingerprintMissingError,
    Reference,
    ReferenceWithdrawnError,
    Report,
    check_reference,
)
from registry.domain.keys import check_reason
from registry.domain.parts import Stored
from registry.handlers.ports import URL_LIFETIME, Located

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from registry.domain.checkpoint import Checkpoint, TeamId
    from registry.domain.upload import PutTarget
    from registry.handlers.ports import Checkpoints, Objects

EXAMINING: Final = "examine-checkpoint"
"""Kind of the task that examines a committed checkpoint."""


class ParentNotExaminedError(AwaitedError):
    """A parent's fingerprint is still to be made."""

    def __init__(self, digest: Digest) -> None:
        """Keep the parent's `digest`."""
        super().__init__(f"the fingerprint of parent {digest} is not made yet")
        self.digest = digest


class ParentNeverExaminedError(Exception):
    """A parent was never examined: it is from before there were examinations, or was restored."""

    def __init__(self, digest: Digest) -> None:
        """Keep the parent's `digest`."""
        super().__init__(f"parent {digest} was never examined")
        self.digest = digest


class CannotBeExaminedError(Exception):
    """A checkpoint cannot be examined, and no further attempt would change it."""

    def __init__(self, reason: str) -> None:
        """Keep the `reason` in words."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be examined, and against what."""

    checkpoint: Checkpoint
    files: tuple[Located, ...]
    against: tuple[Against, ...]
    examination: Examination


class Examiner(Protocol):
    """Reads a checkpoint's weights and compares them, apart from the service."""

    async def examine(self, due: Due) -> tuple[Fingerprint, tuple[Report, ...]]:
        """Return the checkpoint's own fingerprint, kept in the store, and a report for each of `due.against`.

        Raises `CannotBeExaminedError` and `TransientError`.
        """
        ...

    async def read(self, reference_id: str, fingerprint: Fingerprint) -> None:
        """Read what lies in the store as the fingerprint of a known model, to its last unit.

        Raises `FingerprintRefusedError` where it is none, and `TransientError`.
        """
        ...


class Examinations(Protocol):
    """What the registry remembers of examinations, inside one transaction."""

    now: datetime

    async def start(self, digest: Digest, seed: int) -> Examination:
        """Have a checkpoint examined; return the examination with the next number."""
        ...

    async def examination(self, digest: Digest, number: int) -> Examination | None:
        """Return an examination; the last for 0."""
        ...

    async def report(self, digest: Digest, number: int, against: str) -> bytes | None:
        """Return the document of a report."""
        ...

    async def files(self, digest: Digest) -> list[Located]:
        """Return a checkpoint's files with their parts, by path."""
        ...

    async def fingerprint(self, digest: Digest) -> Fingerprint | None:
        """Return the fingerprint of a checkpoint."""
        ...

    async def catalogue(self) -> list[Reference]:
        """Return the models that checkpoints are examined against, in order of addition."""
        ...

    async def reference(self, reference_id: str) -> Reference | None:
        """Return a model of the catalogue."""
        ...

    async def references(self, size: int, after: int) -> tuple[list[Reference], int | None]:
        """Return a page of the catalogue, and where the next one starts."""
        ...

    async def add_reference(self, reference: Reference, actor: str) -> None:
        """Keep a model of the catalogue, in the place of one of this id that was never confirmed.

        Raises `ReferenceExistsError`.
        """
        ...

    async def confirm(self, reference: Reference) -> bool:
        """Note that a model's fingerprint is there, and publish it; `False` where another took its place meanwhile."""
        ...

    async def withdraw(self, reference_id: str, reason: str) -> bool:
        """Keep that nothing is examined against a model any more, and publish it; `False` where that was so before."""
        ...

    async def finish(
        self, checkpoint: Checkpoint, number: int, fingerprint: Fingerprint, reports: Sequence[Report]
    ) -> None:
        """Keep what an examination came to, and publish that it was made."""
        ...

    async def give_up(self, checkpoint: Checkpoint, number: int, reason: str) -> None:
        """Note why an examination was not made, and publish it."""
        ...


async def start_examination(examinations: Examinations, checkpoints: Checkpoints, digest: Digest) -> Examination:
    """Have a checkpoint examined, with a seed that is drawn now. Raises `NotFoundError`."""
    if await checkpoints.checkpoint(digest, None) is None:
        raise NotFoundError("checkpoint_digest", digest)
    return await examinations.start(digest, new_seed())


async def examine_first(examinations: Examinations, digest: Digest) -> None:
    """Have a parent examined that never was, as who comes from it waits for that."""
    if await examinations.examination(digest, 0) is None:
        await examinations.start(digest, new_seed())


def new_seed() -> int:
    """Draw the seed of an examination: who made the weights could not know it."""
    return secrets.randbits(63)


async def due(examinations: Examinations, checkpoints: Checkpoints, digest: Digest, number: int) -> Due | None:
    """Return what is to be examined; `None` where it is done.

    Raises `NotFoundError`, `ParentNotExaminedError`, `ParentNeverExaminedError` and `CannotBeExaminedError`.
    """
    found = await examinations.examination(digest, number)
    checkpoint = await checkpoints.checkpoint(digest, None)
    if found is None or checkpoint is None:
        raise NotFoundError("checkpoint_digest", digest)
    if found.state is not ExaminationState.QUEUED:
        return None
    against = [
        await _against_parent(examinations, checkpoints, parent)
        for parent in dict.fromkeys(own_parents(checkpoint.declaration))
    ]
    against += [
        Against(AgainstKind.REFERENCE, each.reference_id, each.title, each.fingerprint)
        for each in await examinations.catalogue()
        if each.checkpoint_digest != digest
    ]
    return Due(checkpoint, tuple(await examinations.files(digest)), tuple(against), found)


async def find_examination(
    examinations: Examinations, checkpoints: Checkpoints, team_id: TeamId | None, digest: Digest, number: int
) -> Examination:
    """Return an examination; of another team's checkpoint there is none for a team. Raises `NotFoundError`."""
    if await checkpoints.checkpoint(digest, team_id) is None:
        raise NotFoundError("checkpoint_digest", digest)
    found = await examinations.examination(digest, number)
    if found is None:
        raise NotFoundError("number", str(number))
    return found


async def add_reference(
    examinations: Examinations, objects: Objects, reference: Reference, actor: str
) -> tuple[Reference, PutTarget | None]:
    """Add a model to the catalogue; return it, and where its fingerprint goes unless it is there.

    A checkpoint's own fingerprint takes the place of a given one. Raises `RegistryFieldError`, `ReferenceExistsError`
    and `FingerprintMissingError`.
    """
    if reference.checkpoint_digest is not None:
        kept = await examinations.fingerprint(reference.checkpoint_digest)
        if kept is None:
            raise FingerprintMissingError(reference.checkpoint_digest)
        reference = Reference(
            reference.reference_id,
            reference.title,
            reference.source,
            reference.licence,
            kept,
            reference.checkpoint_digest,
            confirmed=True,
            added_at=reference.added_at,
        )
    check_reference(reference)
    await examinations.add_reference(reference, actor)
    return reference, None if reference.confirmed else _target(objects, reference.fingerprint)


async def confirm_reference(
    examinations: Examinations, objects: Objects, examiner: Examiner, reference_id: str
) -> Reference:
    """Let checkpoints be examined against a model whose fingerprint has arrived and is one.

    Raises `NotFoundError`, `ReferenceWithdrawnError`, `FingerprintMissingError`, `FingerprintRefusedError` and
    `TransientError`.
    """
    found = await find_reference(examinations, reference_id)
    if not found.confirmed:
        if await objects.size(found.fingerprint.object_key) != found.fingerprint.size_bytes:
            raise FingerprintMissingError(reference_id)
        await examiner.read(reference_id, found.fingerprint)
        if not await examinations.confirm(found):
            raise FingerprintMissingError(reference_id)
    return await find_reference(examinations, reference_id)


async def withdraw_reference(examinations: Examinations, reference_id: str, reason: str) -> Reference:
    """Examine checkpoints against a model no more; return it as it is then.

    Raises `RegistryFieldError`, `NotFoundError` and `ReferenceWithdrawnError`.
    """
    check_reason(reason)
    await find_reference(examinations, reference_id)
    withdrawn = await examinations.withdraw(reference_id, reason)
    kept = await examinations.reference(reference_id)
    assert kept is not None  # nothing of the catalogue is removed
    assert kept.withdrawal is not None  # it is now, or was before
    if not withdrawn:
        raise ReferenceWithdrawnError(reference_id, kept.withdrawal.reason)
    return kept


async def find_reference(examinations: Examinations, reference_id: str) -> Reference:
    """Return a model that is not withdrawn. Raises `NotFoundError` and `ReferenceWithdrawnError`."""
    found = await examinations.reference(reference_id)
    if found is None:
        raise NotFoundError("reference_id", reference_id)
    if found.withdrawal is not None:
        raise ReferenceWithdrawnError(reference_id, found.withdrawal.reason)
    return found


def fingerprint_key(sha256: str) -> str:
    """Return the object key of a fingerprint."""
    return f"fingerprints/{sha256}"


def _target(objects: Objects, fingerprint: Fingerprint) -> PutTarget:
    stored = Stored(fingerprint.sha256, fingerprint.size_bytes)
    return objects.presign_put(fingerprint.object_key, stored, URL_LIFETIME)


async def _against_parent(examinations: Examinations, checkpoints: Checkpoints, parent: Digest) -> Against:
    found = await checkpoints.checkpoint(parent, None)
    if found is None:
        raise CannotBeExaminedError(f"parent {parent} is not here")
    fingerprint = await examinations.fingerprint(parent)
    if fingerprint is None:
        last = await examinations.examination(parent, 0)
        if last is None:
            raise ParentNeverExaminedError(parent)
        if last.state is ExaminationState.QUEUED:
            raise ParentNotExaminedError(parent)
        raise CannotBeExaminedError(f"parent {parent} has no fingerprint: {last.reason}")
    return Against(AgainstKind.OWN_PARENT, parent, f"{found.team_id}/{found.model} v{found.version}", fingerprint)
