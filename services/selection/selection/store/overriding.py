"""An override as canonical JSON, as it stands beside the computed decision."""

from __future__ import annotations

import json

from rules import canonical_json

from selection.domain.override import Override


def override_bytes(override: Override) -> bytes:
    """The canonical JSON (RFC 8785) of an override."""
    return canonical_json(
        {
            "format": "dokpamo/override/1",
            "id": override.id,
            "on_version": override.on_version,
            "decision_sha256": override.decision_sha256,
            "advanced": list(override.advanced),
            "reason": override.reason,
            "evidence": list(override.evidence),
            "proposed_by": override.proposed_by,
            "confirmed_by": override.confirmed_by,
        }
    )


def override_of(data: bytes) -> Override:
    """The override of what `override_bytes` wrote."""
    found = json.loads(data)
    return Override(
        id=found["id"],
        on_version=found["on_version"],
        decision_sha256=found["decision_sha256"],
        advanced=tuple(found["advanced"]),
        reason=found["reason"],
        evidence=tuple(found["evidence"]),
        proposed_by=found["proposed_by"],
        confirmed_by=found["confirmed_by"],
    )
