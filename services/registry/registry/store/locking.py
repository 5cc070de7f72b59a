"""Object lock: the store itself lets nobody remove what is locked, its own credentials included, until a lock ends.

A bucket with object lock keeps versions. What is put over a locked object is a newer version, and the locked one stays
under it: the scrubber notices the other bytes and brings the locked ones back (`S3Objects.revert`).
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

import structlog

from registry.store.objects import ObjectStoreRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from registry.store.objects import S3Objects

log = structlog.get_logger()

_VERSIONS: Final = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
_ENABLED: Final = b"<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>"


class ObjectLock:
    """Locks objects of a bucket; each lock lasts `lifetime` from when it is set."""

    def __init__(
        self, objects: S3Objects, mode: Literal["off", "governance", "compliance"], lifetime: timedelta
    ) -> None:
        """Lock in this `mode`: under governance who has a special right may end a lock, under compliance nobody."""
        self._objects = objects
        self._mode = mode
        self.lifetime = lifetime
        self._holds: bool | None = False if mode == "off" else None

    async def holds(self) -> bool:
        """Return whether objects can be locked; the first time the bucket is told to, and it is said where it cannot.

        Raises `ObjectStoreAwayError`.
        """
        if self._holds is None:
            try:
                await self._put("versioning", _VERSIONS)
                await self._put("object-lock", _ENABLED)
                await self._objects.look_for_versions()
            except ObjectStoreRefusedError as refused:
                log.warning("objects.lock_unsupported", mode=self._mode, problem=str(refused))
                self._holds = False
            else:
                log.info("objects.lock_on", mode=self._mode, days=self.lifetime.days)
                self._holds = True
        return self._holds

    def until(self) -> datetime:
        """Return until when a lock that is set now lasts (UTC, wall clock): the store knows no other clock."""
        return datetime.now(UTC) + self.lifetime

    async def lock(self, key: str, until: datetime) -> None:
        """Lock what is at `key`; a lock that is there is made longer. Raises as `S3Objects.call`."""
        instant = until.strftime("%Y-%m-%dT%H:%M:%SZ")
        body = f"<Retention><Mode>{self._mode.upper()}</Mode><RetainUntilDate>{instant}</RetainUntilDate></Retention>"
        await self._put("retention", body.encode(), key)

    async def _put(self, what: str, body: bytes, key: str = "") -> None:
        await self._objects.call("PUT", key, body, _checksum(body), {what: ""})


def _checksum(body: bytes) -> Mapping[str, str]:
    # S3 asks for it; it guards nothing.
    return {"content-md5": base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()}
