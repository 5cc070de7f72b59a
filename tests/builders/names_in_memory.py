"""MLflow's part of the registry in memory; a contract suite holds it against the real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry.domain.catalogue import IDENTITY_TAG, Registered, Version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from registry.handlers.naming import Run


class NamesInMemory:
    """Versions by model and number, aliases, runs; `away` are faults of the next calls."""

    def __init__(self) -> None:
        self.away: list[Exception] = []
        self.kept: dict[str, dict[int, Version]] = {}
        self.aliases: dict[tuple[str, str], str] = {}
        self.runs: dict[str, Run] = {}
        self._last: dict[str, int] = {}

    async def ensure_run(self, model: str, run: Run) -> str:
        self._answer()
        run_id = f"{model}-{run.tags[IDENTITY_TAG]}"
        self.runs[run_id] = run
        return run_id

    async def ensure_version(self, model: str, source: str, tags: Mapping[str, str], run_id: str = "") -> str:
        self._answer()
        versions = self.kept.setdefault(model, {})
        for number, version in sorted(versions.items()):
            if version.tags.get(IDENTITY_TAG) == tags[IDENTITY_TAG]:
                return str(number)
        # A number is never given twice.
        number = self._last[model] = self._last.get(model, 0) + 1
        versions[number] = Version(str(number), source, dict(tags), run_id)
        return str(number)

    async def mark_version(self, model: str, version: str, alias: str, tags: Mapping[str, str]) -> None:
        await self.set_tags(model, version, tags)
        await self.move_alias(model, alias, version)

    async def set_tags(self, model: str, version: str, tags: Mapping[str, str]) -> None:
        self._answer()
        kept = self.kept[model][int(version)]
        self.kept[model][int(version)] = Version(version, kept.source, {**kept.tags, **tags}, kept.run_id, kept.stage)

    async def move_alias(self, model: str, alias: str, version: str) -> None:
        self._answer()
        if version:
            self.aliases[model, alias] = version
        else:
            self.aliases.pop((model, alias), None)

    async def models(self) -> list[str]:
        self._answer()
        return sorted(self.kept)

    async def registered(self, model: str) -> Registered | None:
        self._answer()
        if model not in self.kept:
            return None
        aliases = {alias: version for (name, alias), version in self.aliases.items() if name == model}
        return Registered(model, tuple(version for _, version in sorted(self.kept[model].items())), aliases)

    def aliased(self, model: str, alias: str) -> tuple[str, dict[str, str]]:
        """The version of `model` that `alias` names, and its tags."""
        version = self.aliases[model, alias]
        return version, dict(self.kept[model][int(version)].tags)

    def _answer(self) -> None:
        if self.away:
            raise self.away.pop(0)
