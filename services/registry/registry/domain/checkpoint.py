"""What a checkpoint is: files, what its team says of it, and the identity that follows from both."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NewType

if TYPE_CHECKING:
    from datetime import datetime

    from registry.domain.outcome import StageOutcome

TeamId = NewType("TeamId", str)
UploadId = NewType("UploadId", str)
Digest = NewType("Digest", str)
"""SHA-256 in lower-case hex."""

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_MODEL: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_PERIOD: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
# An SPDX identifier or expression (SPDX 3, annex on licence expressions): its characters, not its vocabulary.
_LICENCE: Final = re.compile(r"[A-Za-z0-9.+() -]{1,128}")
_JOB: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,94}")
_LARGEST_COUNT: Final = 2**63 - 1
_MOST_EDGES: Final = 64
_MOST_NAME_BYTES: Final = 256

OWNERS: Final = frozenset({"own", "third-party", "none"})
KINDS: Final = frozenset({"weights", "architecture", "code", "tokenizer", "data"})


class RegistryFieldError(Exception):
    """A field of an upload or a declaration breaks its rule."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        """Keep the `field`, its `value` and the `rule` it breaks."""
        super().__init__(f"{field} is {value!r}: {rule}")
        self.field = field
        self.value = value
        self.rule = rule


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of a checkpoint: relative path, size in bytes, SHA-256 in lower-case hex."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class LineageEdge:
    """Where a component comes from: owner ("own", "third-party", "none"), kind, parent, kept frozen or not."""

    component: str
    owner: str
    kind: str
    parent: str
    frozen: bool


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a team says of a checkpoint."""

    licence: str
    seed: int
    period: str
    job_id: str
    parameters: int
    lineage: tuple[LineageEdge, ...]
    training_log_sha256: str


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload that was begun; `checkpoint_digest` is set once it is committed."""

    upload_id: UploadId
    team_id: TeamId
    model: str
    files: tuple[FileEntry, ...]
    checkpoint_digest: Digest | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A committed checkpoint. `manifest` is canonical JSON (RFC 8785) and its SHA-256 is the identity.

    `outcomes` are those of the stages that were about it, in the order in which they became final.
    """

    checkpoint_digest: Digest
    team_id: TeamId
    model: str
    version: int
    files: tuple[FileEntry, ...]
    declaration: Declaration
    committed_at: datetime
    manifest: bytes
    mlflow_version: str = ""
    outcomes: tuple[StageOutcome, ...] = ()


def check_model(model: str) -> None:
    """Raise `RegistryFieldError` unless `model` is a name."""
    if not _MODEL.fullmatch(model):
        raise RegistryFieldError("model", model, "must be 1 to 63 of a-z, 0-9 and '-', not starting with '-'")


def check_sha256(field: str, value: str) -> None:
    """Raise `RegistryFieldError` unless `value` of `field` is a SHA-256 in lower-case hex."""
    if not _SHA256.fullmatch(value):
        raise RegistryFieldError(field, value, "must be a SHA-256, 64 lower-case hex digits")


def check_declaration(declaration: Declaration) -> None:
    """Raise `RegistryFieldError` for the first field of `declaration` that breaks its rule."""
    if not _LICENCE.fullmatch(declaration.licence):
        raise RegistryFieldError("declaration.licence", declaration.licence, "must be an SPDX licence identifier")
    if not _PERIOD.fullmatch(declaration.period):
        raise RegistryFieldError("declaration.period", declaration.period, "must be a period such as 2025-h2")
    if declaration.job_id and not _JOB.fullmatch(declaration.job_id):
        raise RegistryFieldError("declaration.job_id", declaration.job_id, "must be the id of a training job or empty")
    if not 1 <= declaration.parameters <= _LARGEST_COUNT:
        raise RegistryFieldError("declaration.parameters", declaration.parameters, "must be declared, at least 1")
    if declaration.training_log_sha256:
        check_sha256("declaration.training_log_sha256", declaration.training_log_sha256)
    if len(declaration.lineage) > _MOST_EDGES:
        raise RegistryFieldError(
            "declaration.lineage", len(declaration.lineage), f"must be at most {_MOST_EDGES} edges"
        )
    for number, edge in enumerate(declaration.lineage):
        _check_edge(f"declaration.lineage[{number}]", edge)


def _check_edge(field: str, edge: LineageEdge) -> None:
    for name in ("component", "parent"):
        _check_plain(f"{field}.{name}", getattr(edge, name))
    if not edge.component:
        raise RegistryFieldError(f"{field}.component", edge.component, "must name a component")
    if edge.owner not in OWNERS:
        raise RegistryFieldError(f"{field}.owner", edge.owner, f"must be one of {', '.join(sorted(OWNERS))}")
    if edge.kind not in KINDS:
        raise RegistryFieldError(f"{field}.kind", edge.kind, f"must be one of {', '.join(sorted(KINDS))}")
    if (edge.owner == "none") != (edge.parent == ""):
        raise RegistryFieldError(f"{field}.parent", edge.parent, "must be named, except where the owner is none")


def _check_plain(field: str, value: str) -> None:
    odd = any(unicodedata.category(character).startswith("C") for character in value)
    if odd or len(value.encode("utf-8", "surrogatepass")) > _MOST_NAME_BYTES:
        raise RegistryFieldError(
            field, value, f"must be at most {_MOST_NAME_BYTES} bytes, without control, format or unassigned characters"
        )


def own_parents(declaration: Declaration) -> tuple[Digest, ...]:
    """Return the digests of the team's own checkpoints that `declaration` names as parents of weights."""
    return tuple(
        Digest(edge.parent)
        for edge in declaration.lineage
        if edge.owner == "own" and edge.kind == "weights" and _SHA256.fullmatch(edge.parent)
    )
