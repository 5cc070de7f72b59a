"""A committed checkpoint gets its name in MLflow: a version, a run that says how it was made, and aliases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from common.errors import TransientError

from registry.domain.catalogue import IDENTITY_TAG, OURS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from registry.domain.catalogue import Registered
    from registry.domain.checkpoint import Checkpoint, TeamId
    from registry.handlers.ports import Objects

NAMING: Final = "name-checkpoint"
"""Kind of the task and of the process that give a committed checkpoint its name in MLflow."""

ALIASING: Final = "move-aliases"
"""Kind of the task that lets the aliases of a model follow the tables."""


class NamesMovedOnError(TransientError):
    """What must be shown changed while it was shown: it has to be shown again."""

    def __init__(self, name: str) -> None:
        """Keep the registered model's `name`."""
        super().__init__(f"the names of {name} changed while they were shown")
        self.name = name


@dataclass(frozen=True, slots=True)
class Named:
    """A name in MLflow: registered model, version, where the version says that it lies, and its run."""

    model: str
    version: str
    source: str
    run_id: str


@dataclass(frozen=True, slots=True)
class Run:
    """How a version was made, as MLflow keeps runs: parameters and tags by name; `at` (UTC) is its start and end."""

    name: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    at: datetime


class ModelNames(Protocol):
    """The catalogue of names that people know models by."""

    async def ensure_run(self, model: str, run: Run) -> str:
        """Return the id of the run of `model` that carries the identity in the tags of `run`, made if it is missing."""
        ...

    async def ensure_version(self, model: str, source: str, tags: Mapping[str, str], run_id: str = "") -> str:
        """Return the version of `model` with the identity in `tags`, made if it is missing.

        `source` says where it lies, `run_id` how it was made.
        """
        ...

    async def mark_version(self, model: str, version: str, alias: str, tags: Mapping[str, str]) -> None:
        """Let `version` of `model`, and no other of it, be found by `alias`; set `tags` on it beside those it has."""
        ...

    async def set_tags(self, model: str, version: str, tags: Mapping[str, str]) -> None:
        """Set `tags` on a version beside those that it has."""
        ...

    async def move_alias(self, model: str, alias: str, version: str) -> None:
        """Let `alias` of `model` name `version`, or nothing for ""."""
        ...

    async def models(self) -> list[str]:
        """Return the names of all registered models, whoever made them."""
        ...

    async def registered(self, model: str) -> Registered | None:
        """Return a registered model as it is; `None` where there is none of that name."""
        ...


class Aliases(Protocol):
    """What the tables say of aliases, inside one transaction."""

    async def aliases(self, team_id: TeamId, model: str) -> dict[str, str]:
        """Return which version each alias of a model that moves with commits and decisions must name, "" for none."""
        ...


def checkpoint_prefix(checkpoint: Checkpoint) -> str:
    """Return the key prefix under which a checkpoint's manifest and layout lie."""
    return f"manifests/{checkpoint.team_id}/{checkpoint.model}/{checkpoint.checkpoint_digest}"


def documents_of(checkpoint: Checkpoint, manifest: bytes, layout: bytes) -> dict[str, bytes]:
    """Return what lies beside a checkpoint's bytes, by key: from it and the bytes the tables can be made again."""
    prefix = checkpoint_prefix(checkpoint)
    return {f"{prefix}/layout.json": layout, f"{prefix}/manifest.json": manifest}


def version_tags(checkpoint: Checkpoint) -> dict[str, str]:
    """Return what a checkpoint's version in MLflow says of it, apart from how stages ended for it."""
    return {
        IDENTITY_TAG: checkpoint.checkpoint_digest,
        f"{OURS}job_id": checkpoint.declaration.job_id,
        f"{OURS}period": checkpoint.declaration.period,
        f"{OURS}version": str(checkpoint.version),
    }


def run_of(checkpoint: Checkpoint) -> Run:
    """Return how a checkpoint was made, as its team declares it.

    Training jobs write nothing to MLflow themselves, so there is a run a version and it links the job by its id.
    """
    said = checkpoint.declaration
    told = {
        "seed": str(said.seed),
        "period": said.period,
        "parameters": str(said.parameters),
        "dtype": said.dtype,
        "licence": said.licence,
        "job_id": said.job_id,
        "training_log_sha256": said.training_log_sha256,
        "initialisation_sha256": said.initialisation_sha256,
    }
    parameters = {name: value for name, value in told.items() if value}
    return Run(f"v{checkpoint.version}", parameters, version_tags(checkpoint), checkpoint.committed_at)


async def name_checkpoint(
    checkpoint: Checkpoint, manifest: bytes, layout: bytes, objects: Objects, names: ModelNames, bucket: str
) -> Named:
    """Write manifest and layout beside the bytes and give the checkpoint its name; return this.

    It is safe to repeat: the same documents are written, and run and version are found by the digest.
    """
    for key, document in documents_of(checkpoint, manifest, layout).items():
        await objects.write(key, document)
    model = f"{checkpoint.team_id}.{checkpoint.model}"
    source = f"s3://{bucket}/{checkpoint_prefix(checkpoint)}"
    run_id = await names.ensure_run(model, run_of(checkpoint))
    version = await names.ensure_version(model, source, version_tags(checkpoint), run_id)
    return Named(model, version, source, run_id)


async def move_aliases(team_id: TeamId, model: str, wanted: dict[str, str], names: ModelNames) -> None:
    """Let the aliases of a model name the versions `wanted`, "" for none. Safe to repeat."""
    for alias, version in wanted.items():
        await names.move_alias(f"{team_id}.{model}", alias, version)


async def require_shown(team_id: TeamId, model: str, shown: dict[str, str], aliases: Aliases) -> None:
    """Raise `NamesMovedOnError` unless what was shown is what the tables have now."""
    if await aliases.aliases(team_id, model) != shown:
        raise NamesMovedOnError(f"{team_id}.{model}")
