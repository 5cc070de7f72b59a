"""The only source of time: everything asks a `Clock`, storage is UTC, the programme lives in Asia/Seoul."""

from __future__ import annotations

import mmap
import os
import struct
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from pathlib import Path

    from common.settings import PlatformSettings

SEOUL: Final = ZoneInfo("Asia/Seoul")
"""The programme's time zone: dates in rules and documents are dates there."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
# One aligned 8-byte store: CPython copies it in one go on little-endian machines, so no reader sees half an instant.
_INSTANT: Final = struct.Struct("<q")
_FOLLOWS_SYSTEM: Final = 0


class NaiveInstantError(ValueError):
    """An instant without a time zone was handed in."""

    def __init__(self, instant: datetime) -> None:
        """Keep the `instant`."""
        super().__init__(f"instant {instant!r} has no time zone")
        self.instant = instant


class ClockWouldGoBackError(Exception):
    """A virtual clock was told to go back."""

    def __init__(self, present: datetime, requested: datetime) -> None:
        """Keep where the clock is (`present`) and what was asked (`requested`)."""
        super().__init__(f"the clock is at {present.isoformat()} and cannot go back to {requested.isoformat()}")
        self.present = present
        self.requested = requested


class VirtualClockRefusedError(Exception):
    """A virtual clock was set outside the embedded stack, where time must be real."""

    def __init__(self, environment: str) -> None:
        """Keep the `environment`."""
        super().__init__(f"a virtual clock is refused in environment {environment!r}: only 'embedded' may have one")
        self.environment = environment


class Clock(Protocol):
    """Knows the present instant."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock for tests: it stands until it is moved."""

    def __init__(self, instant: datetime) -> None:
        """Stand at `instant`; raise `NaiveInstantError` if it has no time zone."""
        self._instant = _utc(instant)

    def now(self) -> datetime:
        """Return the instant it stands at, in UTC."""
        return self._instant

    def advance(self, by: timedelta) -> None:
        """Move on by `by`."""
        self._instant += by

    def set(self, instant: datetime) -> None:
        """Move to `instant`, in either direction."""
        self._instant = _utc(instant)


class VirtualClock:
    """The clock that all processes of an embedded stack share; it follows the system clock until it is first set."""

    def __init__(self, path: Path) -> None:
        """Map the file at `path`, which a `VirtualClockFile` created; raise `FileNotFoundError` if it is missing."""
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), _INSTANT.size, access=mmap.ACCESS_READ)

    def now(self) -> datetime:
        """Return the shared instant, or the machine's while nobody has set one."""
        return _read(self._map) or datetime.now(UTC)


class VirtualClockFile:
    """The writing side of the shared clock."""

    def __init__(self, path: Path) -> None:
        """Use the file at `path`."""
        self._path = path

    def create(self) -> None:
        """Create the file, following the system clock; an existing clock is left as it is."""
        with suppress(FileExistsError):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            with os.fdopen(descriptor, "wb") as file:
                file.write(_INSTANT.pack(_FOLLOWS_SYSTEM))

    def read(self) -> datetime | None:
        """Return the shared instant; `None` while it follows the system clock."""
        return _read(self._path.read_bytes())

    def advance(self, to: datetime) -> None:
        """Move every process to `to`; raise `ClockWouldGoBackError` if that lies before the shared instant."""
        instant = _utc(to)
        with self._path.open("r+b") as file, mmap.mmap(file.fileno(), _INSTANT.size) as mapped:
            present = _read(mapped)
            if present is not None and instant < present:
                raise ClockWouldGoBackError(present, instant)
            _INSTANT.pack_into(mapped, 0, (instant - _EPOCH) // _MICROSECOND)
            mapped.flush()


def open_clock(settings: PlatformSettings) -> Clock:
    """Return the clock that `settings` name; raise `VirtualClockRefusedError` for a virtual one outside "embedded"."""
    if settings.virtual_clock is None:
        return SystemClock()
    if settings.environment != "embedded":
        raise VirtualClockRefusedError(settings.environment)
    return VirtualClock(settings.virtual_clock)


def _read(buffer: mmap.mmap | bytes) -> datetime | None:
    (microseconds,) = _INSTANT.unpack_from(buffer, 0)
    return None if microseconds == _FOLLOWS_SYSTEM else _EPOCH + microseconds * _MICROSECOND


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise NaiveInstantError(instant)
    return instant.astimezone(UTC)
