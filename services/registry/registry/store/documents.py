"""Between the registry's shapes and the JSON that PostgreSQL keeps of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from weights.manifest import Declaration, LineageEdge, Signature

from registry.domain.checkpoint import Digest, Finding, TeamId, UploadId
from registry.domain.upload import Asked, Refusal, Upload, UploadState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asyncpg import Record


def declaration_json(declaration: Declaration) -> dict[str, Any]:
    """Return `declaration` as a document; the seed is a text, for JSON readers lose digits of 64 bits."""
    return {**asdict(declaration), "seed": str(declaration.seed)}


def declaration(document: dict[str, Any]) -> Declaration:
    """Return the declaration that `document` is of; what an older one lacks was not said."""
    lineage = tuple(
        LineageEdge(**{**edge, "evidence": tuple(edge.get("evidence", ()))}) for edge in document["lineage"]
    )
    return Declaration(**{**document, "seed": int(document["seed"]), "lineage": lineage})


def signature_json(given: Signature | None) -> dict[str, str] | None:
    """Return a signature as a document."""
    return None if given is None else {"key_id": given.key_id, "ed25519": given.signature.hex()}


def signature(document: dict[str, str] | None) -> Signature | None:
    """Return the signature that `document` is of."""
    return None if document is None else Signature(document["key_id"], bytes.fromhex(document["ed25519"]))


def findings_json(findings: Iterable[Finding]) -> list[dict[str, str]]:
    """Return findings as documents."""
    return [asdict(finding) for finding in findings]


def findings(documents: Iterable[dict[str, str]]) -> tuple[Finding, ...]:
    """Return the findings that `documents` are of."""
    return tuple(Finding(**document) for document in documents)


def asked_json(asked: Asked) -> dict[str, Any]:
    """Return what a commit asks for as a document."""
    return {
        "declaration": declaration_json(asked.declaration),
        "signature": signature_json(asked.signature),
        "latest_version": asked.latest_version,
        "unless_same": asked.unless_same,
    }


def asked(document: dict[str, Any] | None) -> Asked | None:
    """Return what a commit asked for."""
    if document is None:
        return None
    return Asked(
        declaration(document["declaration"]),
        signature(document["signature"]),
        document["latest_version"],
        document.get("unless_same", False),
    )


def upload(row: Record) -> Upload:
    """Return the upload that a row of its table is of."""
    digest, refusal = row["checkpoint_digest"], row["refusal"]
    return Upload(
        UploadId(str(row["upload_id"])),
        TeamId(row["team_id"]),
        row["model"],
        UploadState(row["state"]),
        asked(row["asked"]),
        None if refusal is None else Refusal(refusal["code"], refusal["message"], refusal["facts"]),
        None if digest is None else Digest(digest),
    )
