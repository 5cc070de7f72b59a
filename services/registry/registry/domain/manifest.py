"""The manifest: everything that a checkpoint is, as one canonical document whose SHA-256 is its identity."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

from registry.domain.checkpoint import Digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from registry.domain.checkpoint import Declaration, FileEntry, TeamId

FORMAT: Final = "dokpamo.checkpoint/1"


def manifest_json(
    team_id: TeamId, model: str, version: int, files: Sequence[FileEntry], declaration: Declaration
) -> bytes:
    """Return the manifest in canonical form (RFC 8785).

    Its names are ASCII and its numbers are texts, so sorted names without spaces are that form already: the rules on
    number spelling and on the order of names outside ASCII never come into play. A test holds it against a library.
    """
    document = {
        "declaration": {
            "job_id": declaration.job_id,
            "licence": declaration.licence,
            "lineage": [
                {
                    "component": edge.component,
                    "frozen": edge.frozen,
                    "kind": edge.kind,
                    "owner": edge.owner,
                    "parent": edge.parent,
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
        "version": str(version),
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def identity(manifest: bytes) -> Digest:
    """Return the identity of the checkpoint whose `manifest` this is."""
    return Digest(hashlib.sha256(manifest).hexdigest())
