"""What a job is told: one JSON document in the environment variable DOKPAMO_JOB."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE: Final = "DOKPAMO_JOB"
DEFAULT_HIDDEN_UNITS: Final = 128
DEFAULT_LICENCE: Final = "Apache-2.0"
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_MOST_STEPS: Final = 100_000
_MOST_HIDDEN_UNITS: Final = 4096


class JobInvalidError(Exception):
    """The job's parameters are missing or break a rule."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        """Keep the `field`, its `value` and the `rule` it breaks."""
        super().__init__(f"{VARIABLE}.{field} is {value!r}: {rule}")
        self.field = field
        self.value = value
        self.rule = rule


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """What to train, where to push it, and the short-lived token to do so.

    `hidden_units` is ignored where a parent is named: the parent's shape holds. What is pushed is signed with the key
    in `signing_key_file` (Ed25519, PEM), if there is such a file: a team without a key has none.
    """

    job_id: str
    team_id: str
    period: str
    model: str
    seed: int
    steps: int
    hidden_units: int
    parent_checkpoint: str
    registry_address: str
    token: str
    licence: str = DEFAULT_LICENCE
    signing_key_file: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a file: offset and size in bytes, SHA-256 in lower-case hex, and where to read it."""

    offset_bytes: int
    size_bytes: int
    sha256: str
    url: str


@dataclass(frozen=True, slots=True)
class Source:
    """A file of a checkpoint and its parts in order."""

    path: str
    size_bytes: int
    sha256: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class EvaluationJob:
    """Which checkpoint to measure, and where its files can be read."""

    run_id: str
    checkpoint_digest: str
    sources: tuple[Source, ...]


def training_job(environment: Mapping[str, str]) -> TrainingJob:
    """Return the training job of `environment`; raise `JobInvalidError` for one that breaks a rule."""
    document = _document(environment)
    return TrainingJob(
        job_id=_text(document, "job_id"),
        team_id=_text(document, "team_id"),
        period=_text(document, "period"),
        model=_text(document, "model"),
        seed=_whole(document, "seed", 0, 2**64 - 1),
        steps=_whole(document, "steps", 1, _MOST_STEPS),
        hidden_units=_whole(document, "hidden_units", 0, _MOST_HIDDEN_UNITS) or DEFAULT_HIDDEN_UNITS,
        parent_checkpoint=_text(document, "parent_checkpoint", empty=True),
        registry_address=_text(document, "registry_address"),
        token=_text(document, "token"),
        licence=_text({"licence": DEFAULT_LICENCE, **document}, "licence"),
        signing_key_file=_text(document, "signing_key_file", empty=True),
    )


def evaluation_job(environment: Mapping[str, str]) -> EvaluationJob:
    """Return the evaluation job of `environment`; raise `JobInvalidError` for one that breaks a rule."""
    document = _document(environment)
    sources = document.get("sources")
    if not isinstance(sources, list) or not sources:
        raise JobInvalidError("sources", sources, "must be a list of the checkpoint's files")
    return EvaluationJob(
        run_id=_text(document, "run_id"),
        checkpoint_digest=_text(document, "checkpoint_digest"),
        sources=tuple(_source(source) for source in sources),
    )


def _source(document: object) -> Source:
    parts = document.get("parts") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(parts, list):
        raise JobInvalidError("sources", document, "must be an object with path, size_bytes, sha256 and parts")
    return Source(
        path=_text(document, "path"),
        size_bytes=_whole(document, "size_bytes", 0, 2**63 - 1),
        sha256=_text(document, "sha256"),
        parts=tuple(_part(part) for part in parts),
    )


def _part(document: object) -> Part:
    if not isinstance(document, dict):
        raise JobInvalidError("parts", document, "must be an object with offset_bytes, size_bytes, sha256 and url")
    sha256 = _text(document, "sha256")
    if not _SHA256.fullmatch(sha256):
        raise JobInvalidError("sha256", sha256, "must be a SHA-256, 64 lower-case hex digits")
    return Part(
        offset_bytes=_whole(document, "offset_bytes", 0, 2**63 - 1),
        size_bytes=_whole(document, "size_bytes", 1, 2**63 - 1),
        sha256=sha256,
        url=_text(document, "url"),
    )


def _document(environment: Mapping[str, str]) -> dict[str, Any]:
    text = environment.get(VARIABLE, "")
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise JobInvalidError("", text[:80], f"must be JSON: {error.msg}") from error
    if not isinstance(document, dict):
        raise JobInvalidError("", text[:80], "must be a JSON object")
    return document


def _text(document: Mapping[str, Any], field: str, *, empty: bool = False) -> str:
    value = document.get(field, "" if empty else None)
    if not isinstance(value, str) or not (value or empty):
        raise JobInvalidError(field, value, "must be text" if empty else "must be text and not empty")
    return value


def _whole(document: Mapping[str, Any], field: str, least: int, most: int) -> int:
    value = document.get(field, 0 if least == 0 else None)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise JobInvalidError(field, value, f"must be a whole number from {least} to {most}")
    return value
