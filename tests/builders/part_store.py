"""An object store and a registry in this process, for the client's unit tests: the store can fail in every way.

What they do when nothing fails is held against the real ones by the component tests.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from dokpamo.registry.v1 import service_pb2 as pb

Fault = Callable[["_Request"], bool]
"""Handles one request in another way; returns whether it did."""


class PartStore:
    """Objects by SHA-256 over HTTP; `faults` are those of the next requests, by method."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.faults: dict[str, list[Fault]] = {"PUT": [], "GET": []}
        self.bytes_in = self.bytes_out = self.at_once = self.most_at_once = 0
        self.ended_urls: set[str] = set()
        self._urls = 0
        self._lock = threading.Lock()
        store = self

        class Handler(_Request):
            owner = store

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """A client that hangs up is part of the tests."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, sha256: bytes) -> str:
        """A URL of its own each time."""
        with self._lock:
            self._urls += 1
            return f"http://127.0.0.1:{self._server.server_port}/{sha256.hex()}?n={self._urls}"

    def counted(self, change: int) -> None:
        """One request more or less is under way."""
        with self._lock:
            self.at_once += change
            self.most_at_once = max(self.most_at_once, self.at_once)


class _Request(BaseHTTPRequestHandler):
    owner: PartStore
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        self._handle("PUT", self._put)

    def do_GET(self) -> None:
        self._handle("GET", self._get)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""

    def _handle(self, method: str, usual: Callable[[], None]) -> None:
        self.owner.counted(1)
        try:
            if parse_qs(urlsplit(self.path).query)["n"][0] in self.owner.ended_urls:
                self.body()
                self.answer(403, b"<Error><Code>AccessDenied</Code></Error>")
                return
            faults = self.owner.faults[method]
            if not (faults and faults.pop(0)(self)):
                usual()
        finally:
            self.owner.counted(-1)

    def _put(self) -> None:
        data = self.body()
        self.owner.bytes_in += len(data)
        if hashlib.sha256(data).hexdigest() != self.key:
            self.answer(400, b"<Error><Code>BadDigest</Code></Error>")
            return
        self.owner.objects[self.key] = data
        self.answer(200)

    def _get(self) -> None:
        data = self.owner.objects[self.key]
        asked = self.headers.get("range")
        if asked:
            first, last = asked.removeprefix("bytes=").split("-")
            data = data[int(first) : int(last) + 1]
        self.owner.bytes_out += len(data)
        self.answer(206 if asked else 200, data)

    @property
    def key(self) -> str:
        return urlsplit(self.path).path.strip("/")

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def hangs_up(request: _Request) -> bool:
    """Read a little and close the connection."""
    if request.command == "PUT":
        request.rfile.read(1)
    request.close_connection = True
    return True


def is_at_fault(request: _Request) -> bool:
    """HTTP 500."""
    request.body()
    request.answer(500)
    return True


def refuses_the_url(request: _Request) -> bool:
    """HTTP 403, as for a URL that has ended."""
    request.body()
    request.answer(403, b"<Error><Code>AccessDenied</Code></Error>")
    return True


def gets_other_bytes(request: _Request) -> bool:
    """What arrives is not what was sent."""
    request.body()
    request.answer(400, b"<Error><Code>BadDigest</Code></Error>")
    return True


def gives_other_bytes(request: _Request) -> bool:
    """One byte of what is read is another."""
    data = bytearray(request.owner.objects[request.key])
    data[len(data) // 2] ^= 1
    request.answer(200, bytes(data))
    return True


def gives_half(request: _Request) -> bool:
    """The connection is cut half-way."""
    data = request.owner.objects[request.key]
    request.send_response(200)
    request.send_header("content-length", str(len(data)))
    request.end_headers()
    request.wfile.write(data[: len(data) // 2])
    request.close_connection = True
    return True


def loses_the_answer(request: _Request) -> bool:
    """What was put arrives, and nobody says so."""
    request.owner.objects[request.key] = request.body()
    request.owner.bytes_in += len(request.owner.objects[request.key])
    request.close_connection = True
    return True


class RegistryInMemory:
    """What the client calls of a registry, over a `PartStore`."""

    def __init__(self, store: PartStore) -> None:
        self.store = store
        self.parts: dict[tuple[str, int], pb.FilePart] = {}
        self.files: dict[str, pb.CheckpointFile] = {}
        self.calls: dict[str, int] = defaultdict(int)
        self.refusal: pb.UploadRefusal | None = None
        self.committed: dict[str, tuple[bytes, list[pb.FilePart]]] = {}
        self.away: list[Exception] = []

    async def BeginUpload(self, request: pb.BeginUploadRequest, **_: Any) -> pb.BeginUploadResponse:  # noqa: N802
        self._called("BeginUpload")
        self.parts, self.files = {}, {}
        assert request.request_id
        return pb.BeginUploadResponse(upload_id="upload-1")

    async def DeclareParts(self, request: pb.DeclarePartsRequest, **_: Any) -> pb.DeclarePartsResponse:  # noqa: N802
        self._called("DeclareParts")
        assert len(request.parts) <= 1000
        self.parts |= {(part.path, part.offset_bytes): part for part in request.parts}
        verified = {part.sha256 for _, parts in self.committed.values() for part in parts}
        return pb.DeclarePartsResponse(lacking={part.sha256 for part in request.parts} - verified)

    async def GetPartTargets(self, request: pb.GetPartTargetsRequest, **_: Any) -> pb.GetPartTargetsResponse:  # noqa: N802
        self._called("GetPartTargets")
        assert len(request.sha256) <= 1000
        lacking = [each for each in request.sha256 if each.hex() not in self.store.objects]
        return pb.GetPartTargetsResponse(
            targets=[pb.PartTarget(sha256=each, url=self.store.url(each), headers={"x-a": "b"}) for each in lacking]
        )

    async def DeclareFiles(self, request: pb.DeclareFilesRequest, **_: Any) -> pb.DeclareFilesResponse:  # noqa: N802
        self._called("DeclareFiles")
        assert len(request.files) <= 2000
        self.files |= {file.path: file for file in request.files}
        return pb.DeclareFilesResponse(files=len(self.files))

    async def CommitUpload(self, request: pb.CommitUploadRequest, **_: Any) -> pb.CommitUploadResponse:  # noqa: N802
        self._called("CommitUpload")
        return pb.CommitUploadResponse(upload=pb.Upload(upload_id=request.upload_id, state=pb.UPLOAD_STATE_VERIFYING))

    async def GetUpload(self, request: pb.GetUploadRequest, **_: Any) -> pb.GetUploadResponse:  # noqa: N802
        self._called("GetUpload")
        upload = pb.Upload(upload_id=request.upload_id)
        if self.refusal is not None:
            upload.state = pb.UPLOAD_STATE_REFUSED
            upload.refusal.CopyFrom(self.refusal)
            return pb.GetUploadResponse(upload=upload)
        held: dict[str, list[pb.FilePart]] = defaultdict(list)
        for part in sorted(self.parts.values(), key=_offset):
            held[part.path].append(part)
        for file in self.files.values():
            data = b"".join(self.store.objects[part.sha256.hex()] for part in held[file.path])
            assert (len(data), hashlib.sha256(data).hexdigest()) == (file.size_bytes, file.sha256)
        said = [
            {"path": file.path, "sha256": file.sha256, "size_bytes": str(file.size_bytes)}
            for _, file in sorted(self.files.items())
        ]
        document = json.dumps({"files": said}).encode()
        digest = hashlib.sha256(document).hexdigest()
        self.committed[digest] = document, sorted(self.parts.values(), key=lambda part: (part.path, part.offset_bytes))
        upload.state = pb.UPLOAD_STATE_COMMITTED
        upload.checkpoint.checkpoint_digest = digest
        return pb.GetUploadResponse(upload=upload)

    async def GetManifest(self, request: pb.GetManifestRequest, **_: Any) -> pb.GetManifestResponse:  # noqa: N802
        self._called("GetManifest")
        document = self.committed[request.checkpoint_digest][0]
        piece = document[request.offset_bytes : request.offset_bytes + 100]
        return pb.GetManifestResponse(piece=piece, size_bytes=len(document))

    async def ListParts(self, request: pb.ListPartsRequest, **_: Any) -> pb.ListPartsResponse:  # noqa: N802
        self._called("ListParts")
        parts = [part for part in self.committed[request.checkpoint_digest][1] if request.path in {"", part.path}]
        begin = int(request.page_token or 0)
        end = begin + min(request.page_size, 7)
        return pb.ListPartsResponse(
            parts=[pb.PartSource(part=part, url=self.store.url(part.sha256)) for part in parts[begin:end]],
            next_page_token=str(end) if end < len(parts) else "",
        )

    def _called(self, rpc: str) -> None:
        self.calls[rpc] += 1
        if self.away:
            raise self.away.pop(0)


def _offset(part: pb.FilePart) -> int:
    return part.offset_bytes
