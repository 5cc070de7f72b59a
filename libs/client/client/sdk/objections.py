"""Calls about objections and cases: one RPC, a page, and evidence by the hash of local files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_URL, uuid5

from client.sdk import calls
from client.sdk.transfer import file_sha256

if TYPE_CHECKING:
    from pathlib import Path

    from dokpamo.selection.v1 import objections_pb2 as pb

    from client.access import Access

SERVICE: Final = "dokpamo.selection.v1.ObjectionService"
_STAGES: Final = "dokpamo.selection.v1.SelectionService"

called = partial(calls.called, SERVICE)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A local file as evidence: where others find it, its hash and size, and what it shows."""

    reference: str
    sha256: str
    size_bytes: int
    description: str

    @classmethod
    def of(cls, path: Path, description: str, reference: str = "") -> Evidence:
        """Return the evidence that a file is; its name is the reference unless one is given. Raises `OSError`."""
        return cls(reference or path.name, file_sha256(path), path.stat().st_size, description)


async def current_version(access: Access, stage_id: str) -> int:
    """Return the version of a stage's decision that counts, 0 before there is one. Raises `Refused`."""
    return int((await calls.called(_STAGES, access, "GetStage", {"stage_id": stage_id})).stage.decision_version)


async def filed(access: Access, fields: dict[str, Any], evidence: list[Evidence], request_id: str) -> pb.Proceeding:
    """File an objection with its evidence and return it whole; a repetition goes on where it was. Raises `Refused`."""
    made: pb.Proceeding = (await called(access, "FileObjection", fields, request_id)).proceeding
    for each in evidence:
        await added(access, made.proceeding_id, fields["team_id"], each, part_of(request_id, each.sha256))
    answer = await called(access, "GetProceeding", {"proceeding_id": made.proceeding_id})
    whole: pb.Proceeding = answer.proceeding
    return whole


async def added(access: Access, proceeding_id: str, team_id: str, evidence: Evidence, request_id: str) -> int:
    """Add a piece of evidence and return its number. Raises `Refused`."""
    fields = {
        "proceeding_id": proceeding_id,
        "team_id": team_id,
        "reference": evidence.reference,
        "sha256": evidence.sha256,
        "size_bytes": evidence.size_bytes,
        "description": evidence.description,
    }
    return int((await called(access, "AddEvidence", fields, request_id)).number)


def part_of(request_id: str, part: str) -> str:
    """Return the id of a request that is a part of another one: the same for the same part."""
    return str(uuid5(NAMESPACE_URL, f"dokpamo-request/{request_id}/{part}"))
