"""Register and retire witnesses, keep what they signed, and give it with the checkpoint."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from verify.checkpoint import Checkpoint, sign_checkpoint
from verify.cosignature import check_cosignature
from verify.note import Note, NoteRefusedError, signature_of

from notary.domain.extent import NotLoggedError
from notary.domain.two_person import require_reason
from notary.domain.witness import (
    CosignatureRefusedError,
    Retirement,
    RetirementUnknownError,
    Witness,
    WitnessUnknownError,
    require_active,
    require_new,
    require_retirable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from verify.head import SignedTreeHead
    from verify.note import NoteSignature

    from notary.domain.two_person import Act


class Witnesses(Protocol):
    """What the use cases need kept, in one transaction."""

    async def head(self, size: int) -> SignedTreeHead | None:
        """The signed head of this size, for 0 the newest."""

    async def lock(self) -> None:
        """Let nobody else register or retire a witness before this transaction ends."""

    async def register(self, witness: Witness) -> None:
        """Keep a new witness."""

    async def all(self) -> list[Witness]:
        """All witnesses in order of their registration."""

    async def retirement_waits(self, name: str, now: datetime) -> bool:
        """Whether a request to retire this witness waits for its confirmation."""

    async def ask_retirement(self, asked: Retirement) -> None:
        """Keep a request to retire a witness."""

    async def retirement(self, act_id: str) -> Retirement | None:
        """A request to retire a witness; `None` where none has this id."""

    async def retire(self, done: Retirement) -> None:
        """Keep that a request was confirmed, and say so in an event."""

    async def retirements(self, after: int, limit: int) -> tuple[list[Retirement], int | None]:
        """Up to `limit` requests after a position, oldest first, and the position of the next page."""

    async def keep(self, size: int, signature: NoteSignature, signed_at: datetime) -> None:
        """Keep a cosignature of a head; one that is there already stays."""

    async def cosignatures(self, sizes: Sequence[int]) -> Mapping[int, Sequence[NoteSignature]]:
        """Every witness's newest cosignature of each of these heads, by name of the witness."""

    async def cosigned(self, after: int, limit: int) -> list[SignedTreeHead]:
        """Heads larger than `after` that have a cosignature, smallest first."""


async def register_witness(witness: Witness, log_public_key: bytes, witnesses: Witnesses) -> None:
    """Let a witness hand in cosignatures.

    Raises:
        WitnessRuleBrokenError: its name or its key belongs to somebody else.
    """
    await witnesses.lock()
    require_new(witness, await witnesses.all(), log_public_key)
    await witnesses.register(witness)


async def request_retirement(name: str, act: Act, witnesses: Witnesses) -> Retirement:
    """Ask that a witness be retired; it is when another person confirms it.

    Raises:
        ReasonMissingError: there is no reason.
        WitnessRuleBrokenError: it is none, is retired, or another request waits.
    """
    said = require_reason(act.reason)
    await witnesses.lock()
    waiting = await witnesses.retirement_waits(name, act.requested_at)
    witness = require_retirable(name, await witnesses.all(), waiting=waiting)
    asked = Retirement(replace(act, reason=said), witness.key)
    await witnesses.ask_retirement(asked)
    return asked


async def confirm_retirement(act_id: str, person: str, now: datetime, witnesses: Witnesses) -> Retirement:
    """Retire a witness as another person asked, and say so in an event.

    Raises:
        RetirementUnknownError: there is no such request.
        TwoPersonRuleBrokenError: it is done or lapsed, or it was this person's own.
        WitnessRetiredError: another request was confirmed meanwhile.
    """
    await witnesses.lock()
    asked = await witnesses.retirement(act_id)
    if asked is None:
        raise RetirementUnknownError("act_id", act_id, "must be that of a request")
    done = replace(asked, act=asked.act.confirmed(person, now))
    require_retirable(asked.key.name, await witnesses.all(), waiting=False)
    await witnesses.retire(done)
    return done


async def add_cosignature(size: int, line: str, witnesses: Witnesses) -> datetime:
    """Keep what a witness signed; when it says that it signed.

    Raises:
        NotLoggedError: no head of this size was signed.
        WitnessUnknownError: nobody registered the witness that the line names.
        WitnessRetiredError: it was retired.
        CosignatureRefusedError: the line is none, or the witness's key did not sign this checkpoint.
    """
    signed = await _head(size, witnesses)
    try:
        signature = signature_of(line)
    except NoteRefusedError as error:
        raise CosignatureRefusedError("signature_line", line, error.rule) from error
    found = [each for each in await witnesses.all() if signature.is_of(each.key)]
    if not found:
        raise WitnessUnknownError("signature_line", signature.name, "must be of a witness that staff registered")
    witness = require_active(found[0], "signature_line")
    try:
        signed_at = check_cosignature(Checkpoint.of(signed.head), signature, witness.key)
    except NoteRefusedError as error:
        raise CosignatureRefusedError("signature_line", line, error.rule) from error
    await witnesses.keep(signed.head.tree_size, signature, signed_at)
    return signed_at


async def checkpoint(size: int, key: Ed25519PrivateKey, witnesses: Witnesses) -> Note:
    """The signed head of a size (0: the newest) as a checkpoint with its cosignatures.

    Raises:
        NotLoggedError: no head of this size was signed.
    """
    (signed,) = await _with_cosignatures([await _head(size, witnesses)], key, witnesses)
    return signed


async def cosigned_checkpoints(
    after: int, limit: int, key: Ed25519PrivateKey, witnesses: Witnesses
) -> tuple[list[Note], int | None]:
    """Up to `limit` cosigned checkpoints larger than `after`, and after which size the next page begins."""
    heads = await witnesses.cosigned(after, limit)
    more = heads[-1].head.tree_size if len(heads) == limit else None
    return await _with_cosignatures(heads, key, witnesses), more


async def _head(size: int, witnesses: Witnesses) -> SignedTreeHead:
    signed = await witnesses.head(size)
    if signed is None:
        raise NotLoggedError("tree_size", size, "no head of this size is signed")
    return signed


async def _with_cosignatures(
    heads: Sequence[SignedTreeHead], key: Ed25519PrivateKey, witnesses: Witnesses
) -> list[Note]:
    cosignatures = await witnesses.cosignatures([signed.head.tree_size for signed in heads])
    notes = []
    for signed in heads:
        bare = sign_checkpoint(signed.head, key)
        notes.append(Note(bare.text, (*bare.signatures, *cosignatures.get(signed.head.tree_size, ()))))
    return notes
