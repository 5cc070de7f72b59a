"""Files over HTTP, whole or their first bytes, as an object store gives them: for a reader without a store."""

from __future__ import annotations

import hashlib
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_BLOCK = 2**20


class Server(ThreadingHTTPServer):
    """Says nothing of a reader that hangs up: it has seen enough."""

    def handle_error(self, *_: object) -> None: ...


@contextmanager
def served(files: Mapping[str, Path]) -> Iterator[str]:
    """Serve files by name on this machine; give the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = files[self.path.strip("/").partition("?")[0]]
            size = path.stat().st_size
            asked = self.headers.get("Range")
            left = size if asked is None else min(size, int(asked.rpartition("-")[2]) + 1)
            self.send_response(200 if asked is None else 206)
            self.send_header("content-length", str(left))
            self.end_headers()
            with path.open("rb") as file:
                while left:
                    block = file.read(min(_BLOCK, left))
                    self.wfile.write(block)
                    left -= len(block)

        def log_message(self, *_: object) -> None: ...

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def digest(path: Path) -> str:
    """The SHA-256 of a file in lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
