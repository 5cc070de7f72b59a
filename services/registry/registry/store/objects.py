"""Bytes in S3: plain HTTP with signatures by botocore's signer, which costs a fraction of its client's memory.

A URL to put a part is signed together with its size and its SHA-256, so a store that checks them (S3, SeaweedFS 4.48)
takes these bytes and no others by it, also when the URL is used again after the commit.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

import httpx
import structlog
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from common.errors import NotFoundError, TransientError

from registry.domain.upload import PutTarget

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping
    from types import TracebackType

    from registry.domain.parts import Stored

log = structlog.get_logger()

CHECKSUM_HEADER: Final = "x-amz-checksum-sha256"
_TRIAL_KEY: Final = "health/registry"
_TRIAL: Final = b"the store works\n"
_PAGE: Final = 1_000
_CHUNK_BYTES: Final = 1 << 18
_TIMEOUT: Final = httpx.Timeout(30.0)
_STARTUP_WAIT_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 0.5


class ObjectStoreAwayError(TransientError):
    """The object store cannot be reached or answered with a server error."""

    def __init__(self, endpoint: str, problem: str) -> None:
        """Keep the `endpoint` and the `problem` in words."""
        super().__init__(f"the object store at {endpoint} is away: {problem}")
        self.endpoint = endpoint
        self.problem = problem


class ObjectStoreRefusedError(Exception):
    """The object store refused a request of the registry itself: a mistake in its settings."""

    def __init__(self, key: str, status: int, answer: str) -> None:
        """Keep the object's `key`, the HTTP `status` and the `answer`."""
        super().__init__(f"the object store answered HTTP {status} for {key!r}: {answer}")
        self.key = key
        self.status = status
        self.answer = answer


class S3Objects:
    """The handlers' `Objects`: one bucket; a part, which makes the bucket where it is missing."""

    def __init__(self, endpoint: str, bucket: str, access_key: str, secret_key: str, *, region: str) -> None:
        """Use `bucket` at `endpoint` with these credentials."""
        self._endpoint = endpoint.rstrip("/")
        self._bucket = bucket
        self._credentials = Credentials(access_key, secret_key)
        self._region = region
        self._stack = AsyncExitStack()
        self._http = httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False)
        self.versioned = False
        """Whether the bucket keeps what is overwritten or deleted as earlier versions."""

    async def __aenter__(self) -> Self:
        """Wait for the store and make the bucket; raise `ObjectStoreAwayError` when it stays away."""
        await self._stack.enter_async_context(self._http)
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + _STARTUP_WAIT_SECONDS
        while True:
            try:
                await self._make_bucket()
                await self.look_for_versions()
            except ObjectStoreAwayError:
                if loop.time() > give_up_at:
                    raise
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._stack.aclose()

    def presign_put(self, key: str, part: Stored, lifetime: timedelta, *, over_damage: bool = False) -> PutTarget:
        """Return a URL by which exactly the bytes of `part` can be put at `key`, and no others.

        What lies there already stays as it is, except where it is known to be damaged.
        """
        checksum = base64.b64encode(bytes.fromhex(part.sha256)).decode()
        headers = {CHECKSUM_HEADER: checksum, "content-length": str(part.size_bytes)}
        if not over_damage:
            headers["if-none-match"] = "*"
        return PutTarget(part.sha256, self._presign("PUT", key, lifetime, headers), headers, self.expiry(lifetime))

    def presign_get(self, key: str, lifetime: timedelta) -> str:
        """Return a URL to read `key`."""
        return self._presign("GET", key, lifetime, {})

    def expiry(self, lifetime: timedelta) -> datetime:
        """Return when a URL made now ends (UTC, wall clock): the store knows no other clock."""
        return datetime.now(UTC) + lifetime

    async def read(self, key: str, first: int, end: int) -> AsyncGenerator[bytes, None]:
        """Yield the bytes at `key` from `first` up to and without `end`; raise `NotFoundError` if there are none."""
        async with self._answer("GET", key, headers={"range": f"bytes={first}-{end - 1}"}) as answer:
            if answer.status_code in {httpx.codes.NOT_FOUND, httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE}:
                raise NotFoundError("object", key)
            await self._check(key, answer)
            async for chunk in answer.aiter_raw(_CHUNK_BYTES):
                yield chunk

    async def size(self, key: str) -> int | None:
        """Return the size in bytes of what is at `key`; `None` if there is nothing."""
        async with self._answer("HEAD", key) as answer:
            if answer.status_code == httpx.codes.NOT_FOUND:
                return None
            await self._check(key, answer)
            return int(answer.headers["content-length"])

    async def discard(self, key: str) -> None:
        """Remove what is at `key`, if anything, with all its versions."""
        for version in await self.versions(key) if self.versioned else [{}]:
            async with self._answer("DELETE", key, query=version) as answer:
                if answer.status_code != httpx.codes.NOT_FOUND:
                    await self._check(key, answer)
        log.warning("object.discarded", key=key)

    async def revert(self, key: str, part: Stored) -> bool:
        """Bring the bytes of `part` back from an earlier version of `key`, where the bucket has one.

        What was put over it or marks it as deleted is removed then, and nothing before. Return whether there was one.
        """
        newer: list[dict[str, str]] = []
        for version in await self.versions(key) if self.versioned else []:
            if await self._sha256(key, version) == part.sha256:
                for other in newer:
                    await self.call("DELETE", key, query=other)
                    log.warning("object.reverted", key=key, **other)
                return bool(newer)
            newer.append(version)
        return False

    async def versions(self, key: str) -> list[dict[str, str]]:
        """Return the versions of `key` and the marks of its deletion, the latest first, each as a query names it."""
        found = ET.fromstring(await self.call("GET", "", query={"versions": "", "prefix": key}))  # noqa: S314  as below
        entries = [each for kind in ("Version", "DeleteMarker") for each in found.iterfind(f"{{*}}{kind}")]
        own = [each for each in entries if each.findtext("{*}Key") == key]
        own.sort(key=lambda each: each.findtext("{*}LastModified", ""), reverse=True)
        own.sort(key=lambda each: each.findtext("{*}IsLatest") != "true")
        return [{"versionId": each.findtext("{*}VersionId", "")} for each in own]

    async def call(
        self,
        method: str,
        key: str,
        data: bytes = b"",
        headers: Mapping[str, str] = MappingProxyType({}),
        query: Mapping[str, str] = MappingProxyType({}),
    ) -> bytes:
        """Make a request of the S3 API and return the body of the answer.

        Raises `ObjectStoreAwayError` and `ObjectStoreRefusedError`.
        """
        async with self._answer(method, key, data, headers, query) as answer:
            await self._check(key, answer)
            return await answer.aread()

    async def look_for_versions(self) -> None:
        """Find out whether the bucket keeps versions."""
        found = ET.fromstring(await self.call("GET", "", query={"versioning": ""}))  # noqa: S314  as below
        self.versioned = found.findtext("{*}Status") == "Enabled"

    async def _sha256(self, key: str, version: Mapping[str, str]) -> str | None:
        """Return the SHA-256 of a version; `None` for one that has no bytes or does not give them."""
        digest = hashlib.sha256()
        try:
            async with self._answer("GET", key, query=version) as answer:
                await self._check(key, answer)
                async for chunk in answer.aiter_raw(_CHUNK_BYTES):
                    digest.update(chunk)
        except (ObjectStoreAwayError, ObjectStoreRefusedError):
            return None
        return digest.hexdigest()

    async def write(self, key: str, data: bytes) -> str:
        """Put `data` at `key`; return its "s3://" address."""
        async with self._answer("PUT", key, data) as answer:
            await self._check(key, answer)
        return f"s3://{self._bucket}/{key}"

    async def listing(self, prefix: str) -> AsyncGenerator[list[tuple[str, int]], None]:
        """Yield pages of the objects whose keys begin with `prefix`, by key: key and size in bytes."""
        token = ""
        while True:
            wanted = {"list-type": "2", "prefix": prefix, "max-keys": str(_PAGE)}
            wanted |= {"continuation-token": token} if token else {}
            found = ET.fromstring(await self.call("GET", "", query=wanted))  # noqa: S314  the store's own answer
            yield [
                (each.findtext("{*}Key", ""), int(each.findtext("{*}Size", "0")))
                for each in found.iterfind("{*}Contents")
            ]
            token = found.findtext("{*}NextContinuationToken", "")
            if not token:
                return

    async def works(self) -> bool:
        """Return whether the store takes and gives a small object: what it does not give is that object's fault."""
        try:
            await self.write(_TRIAL_KEY, _TRIAL)
            return b"".join([chunk async for chunk in self.read(_TRIAL_KEY, 0, len(_TRIAL))]) == _TRIAL
        except (ObjectStoreAwayError, ObjectStoreRefusedError, NotFoundError):
            return False

    async def _make_bucket(self) -> None:
        async with self._answer("PUT", "") as answer:
            # A bucket of ours that is there already is answered by 409.
            if answer.status_code != httpx.codes.CONFLICT:
                await self._check("", answer)

    def _presign(self, method: str, key: str, lifetime: timedelta, headers: dict[str, str]) -> str:
        request = AWSRequest(method, self._url(key), headers=headers)
        seconds = int(lifetime.total_seconds())
        S3SigV4QueryAuth(self._credentials, "s3", self._region, expires=seconds).add_auth(request)
        return str(request.url)

    @asynccontextmanager
    async def _answer(
        self,
        method: str,
        key: str,
        data: bytes = b"",
        headers: Mapping[str, str] = MappingProxyType({}),
        query: Mapping[str, str] = MappingProxyType({}),
    ) -> AsyncIterator[httpx.Response]:
        url = f"{self._url(key)}?{urlencode(query, quote_via=quote)}" if query else self._url(key)
        request = AWSRequest(method, url, data=data, headers=dict(headers))
        S3SigV4Auth(self._credentials, "s3", self._region).add_auth(request)
        try:
            async with self._http.stream(
                method, str(request.url), content=data, headers=dict(request.headers)
            ) as answer:
                yield answer
        except httpx.TransportError as error:
            raise ObjectStoreAwayError(self._endpoint, repr(error)) from error

    async def _check(self, key: str, answer: httpx.Response) -> None:
        if answer.is_success:
            return
        await answer.aread()
        if answer.is_server_error:
            raise ObjectStoreAwayError(self._endpoint, f"HTTP {answer.status_code}")
        raise ObjectStoreRefusedError(key, answer.status_code, answer.text[:300])

    def _url(self, key: str) -> str:
        return f"{self._endpoint}/{self._bucket}/{quote(key)}" if key else f"{self._endpoint}/{self._bucket}"
