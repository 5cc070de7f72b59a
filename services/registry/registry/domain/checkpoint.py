"""What a checkpoint is: files, what its team says of it, and the identity that follows from both."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NewType

from weights.safetensors import DTYPE_BITS

if TYPE_CHECKING:
    from datetime import datetime

    from weights.manifest import Declaration, LineageEdge, Signature

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
_MOST_EVIDENCE: Final = 16
_SHARE: Final = re.compile(r"0(\.[0-9]{1,6})?|1(\.0{1,6})?")
MOST_FINDINGS: Final = 100

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
class Finding:
    """Something noticed that is no ground for refusal: a stable code, where, what was found, what is usual."""

    code: str
    field: str
    value: str
    rule: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A committed checkpoint without its files and its manifest, which are read by themselves.

    `outcomes` are those of the stages that were about it, in the order in which they became final.
    """

    checkpoint_digest: Digest
    team_id: TeamId
    model: str
    version: int
    file_count: int
    size_bytes: int
    declaration: Declaration
    committed_at: datetime
    signature: Signature | None = None
    findings: tuple[Finding, ...] = ()
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
    for name in ("training_log_sha256", "initialisation_sha256"):
        if getattr(declaration, name):
            check_sha256(f"declaration.{name}", getattr(declaration, name))
    if declaration.dtype and declaration.dtype not in DTYPE_BITS:
        raise RegistryFieldError("declaration.dtype", declaration.dtype, f"must be one of {', '.join(DTYPE_BITS)}")
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
    _check_share(field, edge)
    _check_evidence(field, edge)


def _check_share(field: str, edge: LineageEdge) -> None:
    if edge.share and not _SHARE.fullmatch(edge.share):
        raise RegistryFieldError(f"{field}.share", edge.share, "must be a decimal from 0 to 1 of at most 6 places")
    if edge.owner == "none" and edge.share and Decimal(edge.share) > 0:
        raise RegistryFieldError(f"{field}.share", edge.share, "must be 0 or empty where the owner is none")


def _check_evidence(field: str, edge: LineageEdge) -> None:
    if len(edge.evidence) > _MOST_EVIDENCE:
        raise RegistryFieldError(f"{field}.evidence", len(edge.evidence), f"must be at most {_MOST_EVIDENCE}")
    for number, shown in enumerate(edge.evidence):
        _check_plain(f"{field}.evidence[{number}]", shown)
        if not shown:
            raise RegistryFieldError(f"{field}.evidence[{number}]", shown, "must be an address or a SHA-256")


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
