"""A team's key on disk: made once, kept by the team alone, and used to sign what it commits."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from common.auth import read_key
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from dokpamo.registry.v1 import service_pb2 as pb
from weights import signing
from weights.manifest import Declaration, FileEntry, LineageEdge, statement_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path


class NotAPublicKeyError(ValueError):
    """A file that should hold an Ed25519 public key in PEM holds something else."""


def new_key(path: Path) -> bytes:
    """Make a key and keep it at `path`, which nobody else may read; return its raw public key.

    It never takes the place of a file: a key that is lost cannot be had again. Raises `FileExistsError`.
    """
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    return key.public_key().public_bytes_raw()


def public_pem(public_key: bytes) -> str:
    """Return a raw public key in the form that every tool reads (PEM of a SubjectPublicKeyInfo)."""
    return (
        Ed25519PublicKey.from_public_bytes(public_key)
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def read_public_key(pem: bytes) -> bytes:
    """Return the raw public key in a PEM text. Raises `NotAPublicKeyError`."""
    try:
        key = serialization.load_pem_public_key(pem)
    except ValueError as error:
        raise NotAPublicKeyError("holds no public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise NotAPublicKeyError("holds another kind of key than Ed25519")
    return key.public_bytes_raw()


def sign(statement: bytes, key_file: Path) -> pb.Signature:
    """Return the signature of a statement by the key (Ed25519, PEM) in `key_file`. Raises `NotAKeyError`, `OSError`."""
    made = signing.sign(statement, read_key(key_file))
    return pb.Signature(key_id=made.key_id, signature=made.signature)


def signer(key_file: Path) -> Callable[[str, str, Iterable[Any], pb.Declaration], pb.Signature]:
    """Return what signs a push with the key in `key_file`: of a team, a model, its files and what is declared."""

    def signed(team_id: str, model: str, files: Iterable[Any], declaration: pb.Declaration) -> pb.Signature:
        return sign(statement(team_id, model, files, declaration), key_file)

    return signed


def statement(team_id: str, model: str, files: Iterable[Any], declaration: pb.Declaration) -> bytes:
    """Return what is signed of a push; each file has `path`, `size_bytes` and `sha256` (lower-case hex)."""
    said = Declaration(
        licence=declaration.licence,
        seed=declaration.seed,
        period=declaration.period,
        job_id=declaration.job_id,
        parameters=declaration.parameters,
        lineage=tuple(
            LineageEdge(
                edge.component, edge.owner, edge.kind, edge.parent, edge.frozen, edge.share, tuple(edge.evidence)
            )
            for edge in declaration.lineage
        ),
        training_log_sha256=declaration.training_log_sha256,
        initialisation_sha256=declaration.initialisation_sha256,
        dtype=declaration.dtype,
    )
    entries = [FileEntry(file.path, file.size_bytes, file.sha256) for file in files]
    return statement_json(team_id, model, entries, said)


def prove(team_id: str, key_file: Path) -> tuple[bytes, bytes]:
    """Return the raw public key of the key in `key_file` and the proof that its owner has it registered for a team."""
    key = read_key(key_file)
    public_key = key.public_key().public_bytes_raw()
    return public_key, key.sign(signing.possession_statement(team_id, public_key))
