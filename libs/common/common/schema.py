"""Forward-only numbered SQL migrations, each applied once and recorded with its SHA-256."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncpg import Connection, Record

    from common.clock import Clock

PLATFORM_MIGRATIONS: Final = Path(__file__).parent / "migrations"
"""The platform's own tables, applied before a service's."""

_NAME: Final = re.compile(r"(?P<number>\d{4})_[a-z0-9_]+\.sql")
_BOOKKEEPING: Final = """
CREATE TABLE IF NOT EXISTS migration (
    source text NOT NULL,
    number integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL,
    PRIMARY KEY (source, number)
)"""


class MigrationNameError(Exception):
    """A file in a migrations folder is not NNNN_name.sql, or its number is taken."""

    def __init__(self, path: Path) -> None:
        """Keep the `path`."""
        super().__init__(f"{path} is not NNNN_name.sql with a number of its own")
        self.path = path


class MigrationChangedError(Exception):
    """A migration that was already applied has another content now: migrations are forward only."""

    def __init__(self, source: str, name: str) -> None:
        """Keep the `source` ("common" or the service) and the file `name`."""
        super().__init__(f"migration {source}/{name} was applied with another content")
        self.source = source
        self.name = name


class MigrationOutOfOrderError(Exception):
    """A new migration has a lower number than one that was already applied."""

    def __init__(self, source: str, name: str, applied: int) -> None:
        """Keep the `source`, the file `name` and the highest `applied` number."""
        super().__init__(f"migration {source}/{name} comes after number {applied} was applied")
        self.source = source
        self.name = name
        self.applied = applied


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file."""

    source: str
    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """SHA-256 of the file, lower-case hex."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read_migrations(source: str, folder: Path) -> list[Migration]:
    """Return the migrations in `folder` in order; raise `MigrationNameError` for a file that cannot be ordered."""
    found: dict[int, Migration] = {}
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None or int(match["number"]) in found:
            raise MigrationNameError(path)
        number = int(match["number"])
        found[number] = Migration(source, number, path.name, path.read_text(encoding="utf-8"))
    return list(found.values())


async def migrate(connection: Connection[Record], schema: str, folder: Path, clock: Clock) -> list[str]:
    """Bring `schema` up to date over a connection whose search path is that schema; return the names applied now.

    Several processes of a service may start at once: an advisory lock lets one of them do it. Raises
    `MigrationChangedError` and `MigrationOutOfOrderError`.
    """
    await connection.execute("SELECT pg_advisory_lock(hashtextextended($1, 0))", f"dokpamo.migrate.{schema}")
    try:
        await connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        await connection.execute(_BOOKKEEPING)
        return [
            f"{source}/{migration.name}"
            for source, path in (("common", PLATFORM_MIGRATIONS), (schema, folder))
            for migration in _missing(read_migrations(source, path), await _applied(connection, source))
            if await _apply(connection, migration, clock)
        ]
    finally:
        if not connection.is_closed():
            await connection.execute("SELECT pg_advisory_unlock(hashtextextended($1, 0))", f"dokpamo.migrate.{schema}")


async def _applied(connection: Connection[Record], source: str) -> dict[int, str]:
    rows = await connection.fetch("SELECT number, sha256 FROM migration WHERE source = $1", source)
    return {row["number"]: row["sha256"] for row in rows}


def _missing(migrations: list[Migration], applied: dict[int, str]) -> Iterator[Migration]:
    highest = max(applied, default=0)
    for migration in migrations:
        recorded = applied.get(migration.number)
        if recorded is None and migration.number < highest:
            raise MigrationOutOfOrderError(migration.source, migration.name, highest)
        if recorded is None:
            yield migration
        elif recorded != migration.sha256:
            raise MigrationChangedError(migration.source, migration.name)


async def _apply(connection: Connection[Record], migration: Migration, clock: Clock) -> bool:
    async with connection.transaction():
        await connection.execute(migration.sql)
        await connection.execute(
            "INSERT INTO migration (source, number, name, sha256, applied_at) VALUES ($1, $2, $3, $4, $5)",
            migration.source,
            migration.number,
            migration.name,
            migration.sha256,
            clock.now(),
        )
    return True
