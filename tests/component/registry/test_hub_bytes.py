"""Bytes by HTTP: ranges over parts, resumed downloads, and a store that fails under way."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from common.errors import NotFoundError, TransientError
from huggingface_hub import hf_hub_download
from registry.domain.integrity import Schedule
from registry.handlers import scrub
from registry.http_api.streaming import BytesResponse
from registry.store.inspector import ProcessInspector
from registry.store.scrubs import ScrubStore

from tests.builders.delivery import eventually
from tests.builders.registry_service import BUCKET, TEAM
from tests.builders.release_hub import MODEL, PART_BYTES, RunningHub, model_files, pushed, released, running_hub

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator
    from pathlib import Path

    from client.stack.seaweed import S3Access
    from registry.store.objects import S3Objects

    from tests.builders.registry_service import RunningRegistry

FILE = f"/{TEAM}/{MODEL}/resolve/main/model.safetensors"


class Faulty:
    """A store that after `good` reads goes away `faults` times, each after `after_bytes` of an object."""

    def __init__(self, objects: S3Objects, faults: int, after_bytes: int, good: int = 0) -> None:
        self.objects = objects
        self.faults = faults
        self.after_bytes = after_bytes
        self.good = good
        self.asked: list[int] = []

    async def read(self, key: str, first: int, end: int) -> AsyncGenerator[bytes, None]:
        self.asked.append(first)
        faulty = self.faults and self.good == 0
        self.good = max(0, self.good - 1)
        given = 0
        async for chunk in self.objects.read(key, first, end):
            if faulty and given + len(chunk) >= self.after_bytes:
                self.faults -= 1
                yield chunk[: self.after_bytes - given]
                raise TransientError("away")
            given += len(chunk)
            yield chunk


class Held:
    """A store that gives a little of an object, and the rest when it is `let`."""

    def __init__(self, objects: S3Objects) -> None:
        self.objects = objects
        self.let = asyncio.Event()

    async def read(self, key: str, first: int, end: int) -> AsyncGenerator[bytes, None]:
        yield b"".join([chunk async for chunk in self.objects.read(key, first, first + 10)])
        yield b"".join([chunk async for chunk in self.objects.read(key, first + 10, first + 20)])
        await self.let.wait()
        async for chunk in self.objects.read(key, first + 20, end):
            yield chunk


async def published(hub: RunningHub, folder: Path) -> dict[str, bytes]:
    """Release a model; return its files."""
    files = model_files(folder / "model")
    async with hub.releases(team=TEAM) as team:
        await released(team, await pushed(hub.registry, files))
    return files


async def test_a_file_is_told_of_and_read_whole_and_by_range(hub: RunningHub, tmp_path: Path) -> None:
    weights = (await published(hub, tmp_path))["model.safetensors"]
    for answer in (await hub.http.head(FILE), await hub.http.get(FILE)):
        told = answer.headers
        etag = f'"{hashlib.sha256(weights).hexdigest()}"'
        assert (told["etag"], told["x-linked-etag"], told["x-linked-size"]) == (etag, etag, str(len(weights)))
        assert (told["content-length"], told["accept-ranges"]) == (str(len(weights)), "bytes")
        assert len(told["x-repo-commit"]) == 64
        assert told["x-content-type-options"] == "nosniff"
        assert told["content-type"] == "application/octet-stream"
        assert told["content-disposition"].startswith("attachment")
        assert "server" not in told
    assert (await hub.http.head(FILE)).content == b""
    for known in (etag, f'"x", W/{etag}', "*"):
        answer = await hub.http.get(FILE, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert (await hub.http.get(FILE, headers={"If-None-Match": '"other"'})).status_code == 200

    await _ranges_are_read_over_parts(hub, weights)


async def _ranges_are_read_over_parts(hub: RunningHub, weights: bytes) -> None:
    size = len(weights)
    assert size > 3 * PART_BYTES
    edges = [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES, size - 1]
    for first in edges:
        for last in edges:
            answer = await hub.http.get(FILE, headers={"Range": f"bytes={first}-{last}"})
            if last < first:
                assert (answer.status_code, answer.content) == (200, weights)
            else:
                assert (answer.status_code, answer.content) == (206, weights[first : last + 1])
                assert answer.headers["content-range"] == f"bytes {first}-{last}/{size}"
                assert answer.headers["content-length"] == str(last + 1 - first)
    assert (await hub.http.get(FILE, headers={"Range": "bytes=-7"})).content == weights[-7:]
    assert (await hub.http.get(FILE, headers={"Range": f"bytes={PART_BYTES}-"})).content == weights[PART_BYTES:]
    beyond = await hub.http.get(FILE, headers={"Range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
    # Of other bytes than these nobody wants the rest.
    other = await hub.http.get(FILE, headers={"Range": "bytes=5-", "If-Range": '"other"'})
    assert (other.status_code, other.content) == (200, weights)
    empty = await hub.http.get(f"/{TEAM}/{MODEL}/resolve/main/empty.txt")
    assert (empty.status_code, empty.content, empty.headers["content-length"]) == (200, b"", "0")


async def test_a_download_goes_on_where_the_store_went_away_and_is_told_where_it_stays_away(
    registry: RunningRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.handlers.reading._PAUSE_SECONDS", 0.0)
    faulty = Faulty(registry.objects, faults=4, after_bytes=1_000)

    def fetch() -> Path:
        return type(tmp_path)(
            hf_hub_download(f"{TEAM}/{MODEL}", "model.safetensors", endpoint=hub.url, cache_dir=tmp_path, token=False)
        )

    async with running_hub(registry, tmp_path, objects=faulty) as hub:  # type: ignore[arg-type]  # it reads, and no more
        weights = (await published(hub, tmp_path))["model.safetensors"]
        assert (await hub.http.get(FILE)).content == weights
        assert faulty.asked[:5] == [0, 1_000, 2_000, 3_000, 4_000]

        # It stays away in the second part: the answer is cut, and the usual client asks for the rest.
        faulty.faults, faulty.good, faulty.after_bytes = 5, 1, 0
        path = await asyncio.to_thread(fetch)
        assert (await asyncio.to_thread(path.read_bytes)) == weights
        assert faulty.faults == 0

        faulty.faults, faulty.after_bytes = 99, 0
        answer = await hub.http.get(f"/{TEAM}/{MODEL}/resolve/main/README.md")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


async def test_bytes_that_changed_in_the_store_are_never_given_out_whole(
    hub: RunningHub, tmp_path: Path, s3: S3Access
) -> None:
    files = await published(hub, tmp_path)
    weights = files["model.safetensors"]
    at = PART_BYTES + 17
    key = f"blobs/{TEAM}/{hashlib.sha256(weights[PART_BYTES : 2 * PART_BYTES]).hexdigest()}"
    part = bytearray(weights[PART_BYTES : 2 * PART_BYTES])
    part[17] ^= 1
    s3.client().put_object(Bucket=BUCKET, Key=key, Body=bytes(part))
    with pytest.raises(httpx.RemoteProtocolError):
        await hub.http.get(FILE)
    for wanted in (f"bytes={at}-", f"bytes={2 * PART_BYTES - 5}-"):
        # Whatever is left of the part is in one piece, and the answer has not begun.
        assert (await hub.http.get(FILE, headers={"Range": wanted})).status_code == 500
    # What does not touch it is given as ever.
    rest = await hub.http.get(FILE, headers={"Range": f"bytes={2 * PART_BYTES}-"})
    assert rest.content == weights[2 * PART_BYTES :]
    s3.client().put_object(
        Bucket=BUCKET, Key=f"blobs/{TEAM}/{hashlib.sha256(files['README.md']).hexdigest()}", Body=b"# a modle\n"
    )
    answer = await hub.http.get(f"/{TEAM}/{MODEL}/resolve/main/README.md")
    assert (answer.status_code, b"# a modle" in answer.content) == (500, False)
    await hub.registry.objects.discard(f"blobs/{TEAM}/{hashlib.sha256(files['config.json']).hexdigest()}")
    assert (await hub.http.get(f"/{TEAM}/{MODEL}/resolve/main/config.json")).status_code == 500
    with pytest.raises(NotFoundError):
        async for _ in hub.registry.objects.read("blobs/no-team/nothing", 0, 1):
            pass
    await _is_looked_at_at_once(
        hub,
        [
            hashlib.sha256(part).hexdigest()
            for part in (weights[PART_BYTES : 2 * PART_BYTES], files["README.md"], files["config.json"])
        ],
    )


async def _is_looked_at_at_once(hub: RunningHub, parts: list[str]) -> None:
    """What a download could not read is what the next scrub reads, and no more than once where it is known."""
    database, objects = hub.registry.database, hub.registry.objects

    @asynccontextmanager
    async def opened() -> AsyncIterator[ScrubStore]:
        async with database.transaction() as tx:
            yield ScrubStore(tx)

    async with ProcessInspector(objects, pauses=()) as inspector:
        readings = await scrub(Schedule(timedelta(days=30), 2**40), opened, inspector, objects)
        assert sorted(each.part.sha256 for each in readings if each.damage) == sorted(parts)
        assert (await hub.http.get(f"/{TEAM}/{MODEL}/resolve/main/README.md")).status_code == 500
        assert await scrub(Schedule(timedelta(days=30), 2**40), opened, inspector, objects) == []


async def test_who_leaves_holds_no_place(registry: RunningRegistry, tmp_path: Path) -> None:
    held = Held(registry.objects)
    async with running_hub(registry, tmp_path, objects=held, most_at_once=1) as hub:  # type: ignore[arg-type]  # as above
        await published(hub, tmp_path)

        async def free() -> bool:
            return (await hub.http.get(FILE)).status_code == 200

        async with hub.http.stream("GET", FILE) as answer:
            assert answer.status_code == 200
            assert (await hub.http.get(FILE)).status_code == 503
            # What is no stream of bytes is told all the same.
            assert (await hub.http.head(FILE)).is_success
            assert (await hub.http.get(f"/api/models/{TEAM}/{MODEL}")).is_success
        held.let.set()
        await eventually(free)


async def test_who_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.http_api.streaming._STALLED_SECONDS", 0.01)
    closed = asyncio.Event()

    async def pieces() -> AsyncGenerator[bytes, None]:
        try:
            yield b"second"
        finally:
            closed.set()

    async def send(message: Any) -> None:
        if message.get("body") == b"second":
            await asyncio.Event().wait()

    async def receive() -> Any:
        await asyncio.Event().wait()

    await BytesResponse(200, {}, b"first", pieces())({"type": "http"}, receive, send)
    assert closed.is_set()
