"""What the names in MLflow must be by the registry's own tables, and what of it is otherwise there.

Source: design, registry and originality, "Push": MLflow is for names; requirement, the same: who writes behind our back
is noticed and shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

OURS: Final = "dokpamo."
"""How tags begin that are the registry's own; other tags are anybody's."""

IDENTITY_TAG: Final = f"{OURS}checkpoint_digest"
CANDIDATE: Final = "candidate"
"""Alias of the version of a model that was committed last."""
CHAMPION: Final = "champion"
"""Alias of the version with which its team advanced last.

An alias stands in one registered model, so in that of one team: it says which of the team's versions has proved itself,
not which team leads. That is told by the decision alone; a name in MLflow would be a ranking that nobody can object to.
"""


class Kind(Enum):
    """How something is otherwise than the tables have it."""

    VERSION_MISSING = "version-missing"
    SOURCE_CHANGED = "source-changed"
    RUN_CHANGED = "run-changed"
    STAGE_SET = "stage-set"
    TAG_CHANGED = "tag-changed"
    TAG_FOREIGN = "tag-foreign"
    ALIAS_MOVED = "alias-moved"
    ALIAS_FOREIGN = "alias-foreign"
    VERSION_FOREIGN = "version-foreign"
    MODEL_FOREIGN = "model-foreign"
    OBJECT_FOREIGN = "object-foreign"
    MANIFEST_DIFFERS = "manifest-differs"


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a registered model: where it lies, its tags and its run; `stage` is MLflow's own, "" for none.

    In what is expected a source or run of "" is one that was not kept.
    """

    version: str
    source: str
    tags: Mapping[str, str]
    run_id: str = ""
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Registered:
    """A registered model: its versions, and aliases with the version that each names."""

    name: str
    versions: tuple[Version, ...] = ()
    aliases: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """A registered model as it must be; an alias that must name nothing has "" as its version."""

    team_id: str
    name: str
    versions: tuple[Version, ...]
    aliases: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is otherwise than the tables have it; "" is nothing. `subject` is a model, or model/version."""

    kind: Kind
    team_id: str
    subject: str
    field: str
    expected: str
    found: str
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class Noted:
    """A difference that is kept; `gone_at` is unset until a check did not find it any more (machine's clock, UTC)."""

    difference_id: str
    difference: Difference
    found_at: datetime
    gone_at: datetime | None


def differences(expected: Expected, found: Registered) -> Iterator[Difference]:
    """Yield what of a registered model is otherwise than it must be."""
    there = {version.version: version for version in found.versions}
    for version in expected.versions:
        subject = f"{expected.name}/{version.version}"
        seen = there.pop(version.version, None)
        if seen is None or seen.tags.get(IDENTITY_TAG, version.tags[IDENTITY_TAG]) != version.tags[IDENTITY_TAG]:
            digest = "" if seen is None else seen.tags[IDENTITY_TAG]
            yield Difference(
                Kind.VERSION_MISSING, expected.team_id, subject, IDENTITY_TAG, version.tags[IDENTITY_TAG], digest
            )
            continue
        yield from _of_version(expected.team_id, subject, version, seen)
    for seen in there.values():
        yield Difference(
            Kind.VERSION_FOREIGN,
            expected.team_id,
            f"{expected.name}/{seen.version}",
            IDENTITY_TAG,
            "",
            seen.tags.get(IDENTITY_TAG, ""),
        )
    aliases = found.aliases or {}
    for alias, version_ in expected.aliases.items():
        if aliases.get(alias, "") != version_:
            yield Difference(Kind.ALIAS_MOVED, expected.team_id, expected.name, alias, version_, aliases.get(alias, ""))
    for alias in sorted(aliases.keys() - expected.aliases.keys()):
        yield Difference(Kind.ALIAS_FOREIGN, expected.team_id, expected.name, alias, "", aliases[alias])


def _of_version(team_id: str, subject: str, version: Version, seen: Version) -> Iterator[Difference]:
    for kind, field, must, has in (
        (Kind.SOURCE_CHANGED, "source", version.source or seen.source, seen.source),
        (Kind.RUN_CHANGED, "run_id", version.run_id or seen.run_id, seen.run_id),
        (Kind.STAGE_SET, "stage", "", seen.stage),
    ):
        if must != has:
            yield Difference(kind, team_id, subject, field, must, has)
    for tag, value in version.tags.items():
        if seen.tags.get(tag) != value:
            yield Difference(Kind.TAG_CHANGED, team_id, subject, tag, value, seen.tags.get(tag, ""))
    for tag in sorted(seen.tags.keys() - version.tags.keys()):
        if tag.startswith(OURS):
            yield Difference(Kind.TAG_FOREIGN, team_id, subject, tag, "", seen.tags[tag])
