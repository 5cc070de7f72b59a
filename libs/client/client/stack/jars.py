"""Kafka's jars: the names and digests are checked in, jgo fetches what is missing, each file is verified.

The jars lie in a folder of the user, so that a second clone or a reset stack fetches nothing.
`python -m client.stack.jars` resolves the coordinates anew and rewrites the lock file: the way to another Kafka.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jgo.maven import Artifact, MavenContext

LOCK_FILE = Path(__file__).with_name("kafka-jars.json")
# slf4j-simple prints Kafka's log on its standard error; Kafka itself brings the interface only.
ROOTS = ("org.apache.kafka:kafka_2.13:4.3.1", "org.slf4j:slf4j-simple:1.7.36")
FETCHES_AT_ONCE = 8
TRIES = 4


class JarsUnavailableError(Exception):
    """Some of Kafka's jars are neither in the cache nor to be had from the repository."""


class JarDigestError(Exception):
    """A fetched jar is not the one that was pinned.

    Attributes:
        coordinate: `group:artifact:version`.
        expected: The pinned SHA-256, hex.
        found: The SHA-256 of what was fetched, hex.
    """

    def __init__(self, coordinate: str, expected: str, found: str) -> None:
        """Keep the facts and make them the message."""
        self.coordinate, self.expected, self.found = coordinate, expected, found
        super().__init__(f"{coordinate}: SHA-256 is {found}, the lock file says {expected}")


@dataclass(frozen=True, slots=True)
class Jar:
    """One pinned jar: its Maven coordinate `group:artifact:version` and SHA-256 in hex."""

    coordinate: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Name in the cache; the digest in it lets several versions of the lock share one folder."""
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}-{self.sha256[:12]}.jar"


def locked_jars(lock: Path = LOCK_FILE) -> list[Jar]:
    """Return the pinned jars, in the order of the class path."""
    return [Jar(coordinate, digest) for coordinate, digest in json.loads(lock.read_text()).items()]


def cache_folder() -> Path:
    """Return the user's folder for what is fetched once: `$XDG_CACHE_HOME/dokpamo`, or `~/.cache/dokpamo`."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "dokpamo"


def install(jars: list[Jar], cache: Path) -> list[Path]:
    """Return the paths of all jars in the cache, fetching and verifying those that are missing.

    A jar enters the cache by a rename after its digest was checked: what is there is whole, and not checked again.

    Raises:
        JarDigestError: A fetched jar has another digest.
        JarsUnavailableError: A jar is missing and cannot be fetched.
    """
    folder = cache / "kafka-jars"
    folder.mkdir(parents=True, exist_ok=True)
    missing = [jar for jar in jars if not (folder / jar.file_name).exists()]
    if missing:
        from jgo.maven import MavenContext

        with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as staging:
            context = MavenContext(repo_cache=Path(staging), timeout=60)
            with ThreadPoolExecutor(FETCHES_AT_ONCE) as pool:
                list(pool.map(lambda jar: _fetch(context, jar, folder), missing))
    return [folder / jar.file_name for jar in jars]


def _fetch(context: MavenContext, jar: Jar, folder: Path) -> None:
    group, artifact, version = jar.coordinate.split(":")
    fetched = _resolve(context.project(group, artifact).at_version(version).artifact(), jar.coordinate)
    found = hashlib.sha256(fetched.read_bytes()).hexdigest()
    if found != jar.sha256:
        raise JarDigestError(jar.coordinate, jar.sha256, found)
    fetched.replace(folder / jar.file_name)


def _resolve(artifact: Artifact, coordinate: str) -> Path:
    """Fetch one artifact; repositories answer now and then with an error that is gone a moment later."""
    failure: Exception | None = None
    for attempt in range(TRIES):
        try:
            return Path(artifact.resolve())
        except Exception as error:  # noqa: BLE001 (jgo raises RuntimeError, requests its own family; all mean "not fetched")
            failure = error
            if artifact.cached_path is not None:
                artifact.cached_path.unlink(missing_ok=True)
            time.sleep(2**attempt)
    message = f"{coordinate} is not in {cache_folder()} and cannot be fetched: {failure}"
    raise JarsUnavailableError(message) from failure


def resolve_lock() -> dict[str, str]:
    """Resolve `ROOTS` with all they depend on, from the repository; return digest by coordinate."""
    from jgo.maven import MavenContext

    staging = Path(tempfile.mkdtemp(prefix="dokpamo-jars-"))
    try:
        context = MavenContext(repo_cache=staging, timeout=60)
        inputs, transitive = context.resolver.resolve([context.create_dependency(root) for root in ROOTS])
        digests = {
            f"{found.groupId}:{found.artifactId}:{found.version}": hashlib.sha256(
                _resolve(found.artifact, str(found)).read_bytes()
            ).hexdigest()
            for found in [*inputs, *transitive]
        }
    finally:
        shutil.rmtree(staging)
    return dict(sorted(digests.items()))


if __name__ == "__main__":
    LOCK_FILE.write_text(json.dumps(resolve_lock(), indent=1) + "\n")
