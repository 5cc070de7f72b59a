"""Examinations of checkpoints, their reports, and the catalogue of models that they are examined against."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from client.sdk.calls import called, whole

if TYPE_CHECKING:
    from dokpamo.registry.v1 import examinations_pb2 as pb

    from client.access import Access

CONTRACT: Final = "dokpamo.registry.v1.ExaminationService"
_READING_SECONDS: Final = 300.0
"""A fingerprint is read to its end before it counts: seconds, on a machine with other work longer."""


class ReportDiffersError(Exception):
    """A report is not the one whose SHA-256 the examination, and the public log, have."""

    def __init__(self, against: str, declared: str, actual: str) -> None:
        """Keep what it is `against`, the `declared` SHA-256 and the `actual` one."""
        super().__init__(f"the report against {against} has SHA-256 {actual}, and {declared} is declared")
        self.against = against
        self.declared = declared
        self.actual = actual


async def found(access: Access, checkpoint_digest: str, *, team_id: str = "", number: int = 0) -> pb.Examination:
    """Return an examination of a checkpoint, the last for 0. Raises `Refused`."""
    fields = {"team_id": team_id, "checkpoint_digest": checkpoint_digest, "number": number}
    answer: pb.GetExaminationResponse = await called(CONTRACT, access, "GetExamination", fields)
    return answer.examination


async def report(access: Access, examination: pb.Examination, against: str, *, team_id: str = "") -> dict[str, Any]:
    """Return one report of an examination, verified. Raises `Refused` and `ReportDiffersError`."""
    named = {
        "team_id": team_id,
        "checkpoint_digest": examination.checkpoint_digest,
        "number": examination.number,
        "against": against,
    }
    data = await whole(lambda offset: called(CONTRACT, access, "GetReport", {**named, "offset_bytes": offset}))
    actual = hashlib.sha256(data).hexdigest()
    declared = next(each.report_sha256 for each in examination.reports if each.against == against)
    if actual != declared:
        raise ReportDiffersError(against, declared, actual)
    document: dict[str, Any] = json.loads(data)
    return document


async def add_reference(access: Access, fingerprint: bytes | None, request_id: str = "", **fields: str) -> pb.Reference:
    """Add a model to the catalogue: by its `fingerprint`, or by `checkpoint_digest` among the fields.

    Raises `Refused`, and `httpx.HTTPStatusError` where the store does not take the fingerprint.
    """
    given: dict[str, Any] = dict(fields)
    if fingerprint is not None:
        given |= {"fingerprint_sha256": hashlib.sha256(fingerprint).hexdigest(), "size_bytes": len(fingerprint)}
    added: pb.AddReferenceResponse = await called(CONTRACT, access, "AddReference", given, request_id)
    if fingerprint is None or not added.url:
        return added.reference
    import httpx

    async with httpx.AsyncClient(trust_env=False, timeout=600) as http:
        # What lies there already has these bytes: the URL takes no others.
        answer = await http.put(added.url, content=fingerprint, headers=dict(added.headers))
        if answer.status_code != httpx.codes.PRECONDITION_FAILED:
            answer.raise_for_status()
    confirmed: pb.ConfirmReferenceResponse = await called(
        CONTRACT, access, "ConfirmReference", {"reference_id": fields["reference_id"]}, seconds=_READING_SECONDS
    )
    return confirmed.reference
