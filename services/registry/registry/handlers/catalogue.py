"""Names in MLflow follow the registry's tables: what is otherwise there is noticed, told, and put right from these."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from registry.domain.catalogue import IDENTITY_TAG, Difference, Kind, Registered, differences
from registry.domain.checkpoint import Digest, TeamId

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager
    from datetime import timedelta

    from registry.domain.catalogue import Expected, Noted, Version
    from registry.handlers.naming import ModelNames

    Open = Callable[[], AbstractAsyncContextManager["Catalogue"]]


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check came to: how much it looked at, what it found, and which models it could not judge now."""

    count: int
    found: tuple[Difference, ...]
    unsettled: frozenset[str] = frozenset()


class Catalogue(Protocol):
    """What the registry's tables say of names, and what checks found, inside one transaction."""

    async def models(self) -> list[tuple[TeamId, str]]:
        """Return every team's models that have a name."""
        ...

    async def expected(self, team_id: TeamId, model: str) -> Expected | None:
        """Return a registered model as it must be; `None` while a task is about to change what is shown of it."""
        ...

    async def renamed(self, digest: Digest, version: str) -> None:
        """Note that a checkpoint has another version in MLflow than before, and publish it."""
        ...

    async def is_ours(self, team_id: TeamId, model: str) -> bool:
        """Return whether the team has committed a version of this model, named or not."""
        ...

    async def begin(self, name: str, every: timedelta) -> bool:
        """Note that a check begins; `False` where the last one began less than `every` ago."""
        ...

    async def note(self, name: str, checked: Checked) -> list[Noted]:
        """Keep what a check found and what it did not find any more; return what is new, which is published."""
        ...

    async def differences(
        self, team_id: TeamId | None, size: int, after: int, *, only_open: bool
    ) -> tuple[list[Noted], int | None]:
        """Return up to `size` differences as they were found after position `after`; and where the next page starts."""
        ...


async def check_names(opened: Open, names: ModelNames) -> Checked:
    """Compare MLflow with the tables and put right what follows from these; what is foreign is told and left alone.

    Only what stands in the tables before and after MLflow was asked is judged. Raises `TransientError`.
    """
    async with opened() as catalogue:
        ours = await catalogue.models()
    found: list[Difference] = []
    unsettled, count = set(), 0
    for team_id, model in ours:
        async with opened() as catalogue:
            before = await catalogue.expected(team_id, model)
        registered = await names.registered(f"{team_id}.{model}")
        async with opened() as catalogue:
            after = await catalogue.expected(team_id, model)
        if before is None or before != after:
            unsettled.add(f"{team_id}.{model}")
            continue
        count += len(before.versions)
        differing = list(differences(before, registered or Registered(before.name)))
        missing = [each for each in differing if each.kind is Kind.VERSION_MISSING]
        if missing:
            # They get other numbers, so the rest is judged the next time.
            unsettled.add(before.name)
        for difference in missing or differing:
            repaired = await _repair(difference, before, opened, names)
            found.append(replace(difference, repaired=repaired))
    known = {f"{team_id}.{model}" for team_id, model in ours}
    for name in await names.models():
        team, _, rest = name.partition(".")
        async with opened() as catalogue:
            # One that is registered for its first checkpoint just now is ours, too.
            ours_too = name in known or await catalogue.is_ours(TeamId(team), rest)
        if not ours_too:
            found.append(Difference(Kind.MODEL_FOREIGN, "", name, "", "", name))
    return Checked(count, tuple(found), frozenset(unsettled))


async def _repair(difference: Difference, expected: Expected, opened: Open, names: ModelNames) -> bool:
    """Put right what can be from the tables, without taking anything away that is not ours; return whether it is."""
    model, _, number = difference.subject.partition("/")
    match difference.kind:
        case Kind.ALIAS_MOVED:
            await names.move_alias(model, difference.field, difference.expected)
        case Kind.TAG_CHANGED:
            await names.set_tags(model, number, {difference.field: difference.expected})
        case Kind.VERSION_MISSING:
            version = next(each for each in expected.versions if each.version == number)
            await _name_again(model, version, opened, names)
        case _:
            return False
    return True


async def _name_again(model: str, version: Version, opened: Open, names: ModelNames) -> None:
    """A version that is gone gets a new number: MLflow gives none twice."""
    again = await names.ensure_version(model, version.source, version.tags, version.run_id)
    async with opened() as catalogue:
        await catalogue.renamed(Digest(version.tags[IDENTITY_TAG]), again)
