"""What is given to everybody: a checkpoint that was released, under a licence, until it is withdrawn.

Source: requirement, registry and originality: gated by an accepted licence, fetched by plain HTTP
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from registry.domain.checkpoint import Digest, RegistryFieldError, TeamId
from registry.domain.outcome import stage_of_alias

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

LATEST: Final = "main"
"""Name of the last version that is not withdrawn, as repositories of models have it."""

CHAMPION: Final = "champion"
"""Alias of the version with which its team advanced last, as in MLflow."""

LICENCE_FILES: Final = ("LICENSE", "LICENCE")
"""Where the text of a licence is by custom."""

_TEXTS: Final = frozenset({"", ".txt", ".md"})
_MOST_REASON_CHARACTERS: Final = 1_000
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_VERSION: Final = re.compile(r"v([1-9][0-9]{0,8})")


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Why and since when the bytes of a release are given out no more."""

    reason: str
    withdrawn_at: datetime


@dataclass(frozen=True, slots=True)
class Release:
    """A released checkpoint. `licence_path` and `licence_sha256` are of the licence's text, empty where it has none."""

    checkpoint_digest: Digest
    team_id: TeamId
    model: str
    version: int
    gated: bool
    licence: str
    licence_path: str
    licence_sha256: str
    file_count: int
    size_bytes: int
    released_at: datetime
    withdrawal: Withdrawal | None = None

    @property
    def repository(self) -> str:
        """Its name as a repository."""
        return f"{self.team_id}/{self.model}"


@dataclass(frozen=True, slots=True)
class Revision:
    """Which release of a model is meant, by one of these; by none of them the last that is not withdrawn."""

    version: int = 0
    digest: str = ""
    stage_id: str = ""
    champion: bool = False


class ReleasedOtherwiseError(Exception):
    """A checkpoint is released already, on other terms."""

    def __init__(self, digest: Digest) -> None:
        """Keep the checkpoint as `value`."""
        super().__init__(f"checkpoint {digest} is released already, on other terms")
        self.field = "checkpoint_digest"
        self.value = digest
        self.rule = "the terms of a release do not change: release a new version on the new ones"


class ReleaseWithdrawnError(Exception):
    """A release is withdrawn already."""

    def __init__(self, digest: Digest, reason: str) -> None:
        """Keep the checkpoint as `value` and the `reason` of the withdrawal."""
        super().__init__(f"the release of checkpoint {digest} is withdrawn: {reason}")
        self.field = "checkpoint_digest"
        self.value = digest
        self.reason = reason
        self.rule = "what is withdrawn stays so: push it as a new version, which sends no bytes, and release that"


class LicenceTextMissingError(Exception):
    """A gated release has no text that could be accepted."""

    def __init__(self) -> None:
        """Keep field, value and rule."""
        super().__init__("the checkpoint has no licence text: nobody could accept it")
        self.field = "licence_path"
        self.value = ""
        self.rule = f"a gated release needs a file with its licence: {' or '.join(LICENCE_FILES)}, or one that is named"


def parse_revision(text: str) -> Revision:
    """Return which release `text` means: "main" or nothing, "v3", a digest, "champion", or the alias of a stage."""
    if text in {"", LATEST}:
        return Revision()
    if version := _VERSION.fullmatch(text):
        return Revision(version=int(version[1]))
    if _DIGEST.fullmatch(text):
        return Revision(digest=text)
    return Revision(champion=True) if text == CHAMPION else Revision(stage_id=stage_of_alias(text))


def licence_file(named: str, paths: Collection[str]) -> str:
    """Return which of a checkpoint's `paths` has the licence's text: the one that is `named`, else by custom, or none.

    Raises `RegistryFieldError` where what is named is not there, or is no text.
    """
    if named and named not in paths:
        raise RegistryFieldError("licence_path", named, "must be a file of the checkpoint")
    # Everybody reads it before anything is accepted.
    if named and PurePosixPath(named).suffix not in _TEXTS:
        raise RegistryFieldError("licence_path", named, "must be a text: .txt, .md, or without a suffix")
    return named or next((path for path in LICENCE_FILES if path in paths), "")


def check_terms(*, gated: bool, licence_path: str) -> None:
    """Raise `LicenceTextMissingError` where a licence is to be accepted that nobody can read."""
    if gated and not licence_path:
        raise LicenceTextMissingError


def check_reason(reason: str) -> None:
    """Raise `RegistryFieldError` unless `reason` says something."""
    if not (reason.strip() and len(reason) <= _MOST_REASON_CHARACTERS):
        raise RegistryFieldError("reason", reason, f"must be 1 to {_MOST_REASON_CHARACTERS} characters")


def may_read(release: Release, team_id: str | None, *, accepted: bool) -> bool:
    """Return whether the bytes of `release` are for who speaks for `team_id` and has `accepted` its licence or not."""
    return release.withdrawal is None and (not release.gated or team_id == release.team_id or accepted)
