"""The manifest of a checkpoint: everything that it is, as one canonical document whose SHA-256 is its identity.

The statement is the manifest before it has a version: what the team itself says and signs. Version and signature are
added when it is published.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMAT: Final = "dokpamo.checkpoint/2"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of a checkpoint: relative path, size in bytes, SHA-256 in lower-case hex."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class LineageEdge:
    """Where a component comes from: owner ("own", "third-party", "none"), kind, parent, kept frozen or not.

    `share` is a decimal from 0 to 1 as text, empty where it is not said; `evidence` are addresses and digests.
    """

    component: str
    owner: str
    kind: str
    parent: str
    frozen: bool
    share: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a team says of a checkpoint. Digests are SHA-256 in lower-case hex; empty where there is nothing to name."""

    licence: str
    seed: int
    period: str
    job_id: str
    parameters: int
    lineage: tuple[LineageEdge, ...]
    training_log_sha256: str
    initialisation_sha256: str = ""
    dtype: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """A team's signature of a statement: the id of its key, and 64 bytes of Ed25519."""

    key_id: str
    signature: bytes


def statement_json(team_id: str, model: str, files: Sequence[FileEntry], declaration: Declaration) -> bytes:
    """Return what a team signs, in canonical form (RFC 8785).

    Its names are ASCII and its numbers are texts, so sorted names without spaces are that form already: the rules on
    number spelling and on the order of names outside ASCII never come into play. A test holds it against a library.
    """
    return _canonical(_statement(team_id, model, files, declaration))


def manifest_json(
    team_id: str,
    model: str,
    version: int,
    files: Sequence[FileEntry],
    declaration: Declaration,
    signature: Signature | None = None,
) -> bytes:
    """Return the manifest in canonical form (RFC 8785): the statement, the version and the signature of the former."""
    document = _statement(team_id, model, files, declaration)
    document["version"] = str(version)
    if signature is not None:
        document["signature"] = {"key_id": signature.key_id, "ed25519": signature.signature.hex()}
    return _canonical(document)


def statement_of(manifest: bytes) -> bytes:
    """Return the statement that a manifest's signature is of. Raises `ValueError` for what is no manifest."""
    document = json.loads(manifest)
    if not isinstance(document, dict) or document.get("format") != FORMAT or _canonical(document) != manifest:
        raise ValueError(f"is no manifest of the form {FORMAT}")
    document.pop("version", None)
    document.pop("signature", None)
    return _canonical(document)


def identity(manifest: bytes) -> str:
    """Return the identity of the checkpoint whose `manifest` this is: SHA-256 in lower-case hex."""
    return hashlib.sha256(manifest).hexdigest()


def _statement(team_id: str, model: str, files: Sequence[FileEntry], declaration: Declaration) -> dict[str, Any]:
    return {
        "declaration": {
            "dtype": declaration.dtype,
            "initialisation_sha256": declaration.initialisation_sha256,
            "job_id": declaration.job_id,
            "licence": declaration.licence,
            "lineage": [
                {
                    "component": edge.component,
                    "evidence": list(edge.evidence),
                    "frozen": edge.frozen,
                    "kind": edge.kind,
                    "owner": edge.owner,
                    "parent": edge.parent,
                    "share": edge.share,
                }
                for edge in declaration.lineage
            ],
            "parameters": str(declaration.parameters),
            "period": declaration.period,
            "seed": str(declaration.seed),
            "training_log_sha256": declaration.training_log_sha256,
        },
        "files": [
            {"path": file.path, "sha256": file.sha256, "size_bytes": str(file.size_bytes)}
            for file in sorted(files, key=lambda file: file.path)
        ],
        "format": FORMAT,
        "model": model,
        "team_id": team_id,
    }


def _canonical(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
