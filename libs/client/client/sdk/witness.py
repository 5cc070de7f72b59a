"""A witness of the log: it keeps what it saw, and signs only what extends that.

Its folder holds `witness.pem` (its key), `witness.json` (its name and the log's key) and `checkpoint` (the newest one
that it signed). What it refused is kept in `refused/`: two checkpoints of one log that do not fit, both signed by it,
are the proof that it shows two histories.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from common.auth import read_key
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from dokpamo.notary.v1 import service_pb2 as notary
from dokpamo.notary.v1 import witness_pb2 as pb
from verify.checkpoint import log_key, open_checkpoint
from verify.cosignature import check_cosignature, cosign
from verify.note import KeyKind, Note, NoteRefusedError, VerifierKey, parse, verifier_key_of
from verify.witnessing import WitnessRefusedError, require_extension

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from common.grpc import Client
    from verify.checkpoint import Checkpoint


class WitnessFolderError(Exception):
    """The folder is no witness's, belongs to a witness that runs, or what is in it was changed."""


class OtherKeyError(Exception):
    """The notary signs with another key than the log's that this witness is of."""

    def __init__(self, wanted: str, found: str) -> None:
        """Name both."""
        super().__init__(f"this witness is of {wanted}, the notary signs as {found}")
        self.wanted = wanted
        self.found = found


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness and its folder."""

    folder: Path
    name: str
    key: Ed25519PrivateKey
    log: VerifierKey

    @property
    def verifier_key(self) -> VerifierKey:
        """By which others know its cosignatures."""
        return VerifierKey.of(self.name, KeyKind.COSIGNATURE, self.key)

    @classmethod
    def create(cls, folder: Path, name: str, log: VerifierKey) -> Self:
        """Make a new witness of a log in a folder of its own.

        Raises:
            WitnessFolderError: the folder holds something.
            NoteRefusedError: a witness cannot have this name.
        """
        if folder.exists() and any(folder.iterdir()):
            raise WitnessFolderError(f"{folder} is not empty: a new witness has a folder of its own")
        key = Ed25519PrivateKey.generate()
        made = cls(folder, name, key, log)
        document = {"name": name, "log": str(log), "verifier_key": str(made.verifier_key)}
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _write(folder / "witness.pem", pem)
        # Last, because it is what makes the folder a witness's.
        _write(folder / "witness.json", json.dumps(document, indent=1, ensure_ascii=False).encode())
        return made

    @classmethod
    def open(cls, folder: Path) -> Self | None:
        """The witness of a folder; `None` where none was made there.

        Raises:
            WitnessFolderError: what is there was changed.
        """
        if not (folder / "witness.json").exists():
            return None
        try:
            document = json.loads((folder / "witness.json").read_bytes())
            found = cls(folder, document["name"], read_key(folder / "witness.pem"), verifier_key_of(document["log"]))
            same = str(found.verifier_key) == document["verifier_key"]
        except (ValueError, KeyError, TypeError, NoteRefusedError) as error:
            raise WitnessFolderError(f"{folder} cannot be read as a witness's: {error}") from error
        if not same:
            raise WitnessFolderError(f"{folder}: witness.pem is not the key that witness.json names")
        return found

    def seen(self) -> tuple[Note, Checkpoint] | None:
        """The newest checkpoint that it signed; `None` before the first.

        Raises:
            WitnessFolderError: the log's or its own signature under it does not hold.
        """
        path = self.folder / "checkpoint"
        if not path.exists():
            return None
        try:
            note = parse(path.read_bytes())
            checkpoint = open_checkpoint(note, self.log)
            check_cosignature(checkpoint, note.of(self.verifier_key), self.verifier_key)
        except NoteRefusedError as error:
            raise WitnessFolderError(f"{path}: {error}; a witness that forgot what it saw must not go on") from error
        return note, checkpoint

    def sign(self, shown: Note, proof: Sequence[bytes], now: datetime) -> Note:
        """Cosign a checkpoint that extends what it saw, and remember it before anyone gets the signature.

        Raises:
            WitnessRefusedError: it does not extend that; the checkpoint is kept in `refused/`.
            NoteRefusedError: it is no checkpoint that the log's key signed.
            WitnessFolderError: what it saw cannot be read.
        """
        checkpoint = open_checkpoint(shown, self.log)
        seen = self.seen()
        if seen is not None and seen[1] == checkpoint:
            return seen[0]
        try:
            require_extension(seen[1] if seen else None, checkpoint, proof)
        except WitnessRefusedError as refused:
            (self.folder / "refused").mkdir(exist_ok=True)
            kept = f"{refused.code.lower()}-{checkpoint.tree_size}-{checkpoint.root_hash.hex()[:16]}"
            _write(self.folder / "refused" / kept, Note(shown.text, (shown.of(self.log),)).encode())
            raise
        cosigned = Note(shown.text, (shown.of(self.log), cosign(checkpoint, self.name, self.key, now)))
        _write(self.folder / "checkpoint", cosigned.encode())
        return cosigned

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let no other process use the folder meanwhile: two could sign two histories.

        Raises:
            WitnessFolderError: another one does.
        """
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise WitnessFolderError(f"{self.folder}: the witness runs already") from error
            yield


async def log_of(log: Client) -> VerifierKey:
    """The key of the log that a notary keeps, as it says itself.

    Raises:
        Refused: it cannot be reached.
    """
    said = await log.GetPublicKey(notary.GetPublicKeyRequest())
    return log_key(Ed25519PublicKey.from_public_bytes(said.public_key))


async def look(witness: Witness, log: Client, witnesses: Client, now: datetime) -> Checkpoint:
    """See the newest checkpoint, cosign it and hand the cosignature in; what was cosigned.

    Raises:
        WitnessRefusedError: the log shrank, or shows another history.
        OtherKeyError: the notary keeps another log.
        NoteRefusedError: the checkpoint is not signed by the log's key.
        WitnessFolderError: the witness's own folder does not hold.
        Refused: the notary cannot be reached, or does not know the witness.
    """
    found = await log_of(log)
    if found != witness.log:
        raise OtherKeyError(str(witness.log), str(found))
    shown = parse((await witnesses.GetCheckpoint(pb.GetCheckpointRequest())).checkpoint)
    checkpoint = open_checkpoint(shown, witness.log)
    cosigned = witness.sign(shown, await _proof(witness, checkpoint, log), now)
    request: Any = pb.AddCosignatureRequest(
        request_id=str(uuid4()), tree_size=checkpoint.tree_size, signature_line=str(cosigned.of(witness.verifier_key))
    )
    await witnesses.AddCosignature(request)
    return checkpoint


async def _proof(witness: Witness, shown: Checkpoint, log: Client) -> list[bytes]:
    """The notary's proof that it extends what was seen; empty where none is needed or can be."""
    seen = witness.seen()
    if seen is None or not 0 < seen[1].tree_size < shown.tree_size:
        return []
    request = notary.GetConsistencyProofRequest(first=seen[1].tree_size, second=shown.tree_size)
    return list((await log.GetConsistencyProof(request)).hashes)


def _write(path: Path, data: bytes) -> None:
    """Replace a file whole and durably; only its owner may read it."""
    fresh = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
