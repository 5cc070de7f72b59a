"""What a transfer tells while it runs; whoever shows it gets all of it in one thread, in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Begun:
    """A transfer begins: the files and their sizes in bytes, by path."""

    files: dict[str, int]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A hidden file or folder is not pushed."""

    path: str


@dataclass(frozen=True, slots=True)
class Moved:
    """`bytes_moved` more bytes of `path` are across; negative where an attempt failed and begins again.

    `there_already` says that they were there before and have not been moved now.
    """

    path: str
    bytes_moved: int
    there_already: bool = False


@dataclass(frozen=True, slots=True)
class MovedAgain:
    """A part is moved once more, and why."""

    path: str
    offset_bytes: int
    size_bytes: int
    why: str


@dataclass(frozen=True, slots=True)
class Verifying:
    """The registry reads what was pushed: so many bytes of so many."""

    verified_bytes: int
    declared_bytes: int


Event = Begun | LeftOut | Moved | MovedAgain | Verifying
Progress = Callable[[Event], None]


def silent(_: Event) -> None:
    """Show nothing."""
