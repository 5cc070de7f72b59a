"""A receiver of webhooks for trying out: it believes what is signed, and shows each event once."""

from __future__ import annotations

from collections import OrderedDict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from client.sdk.webhooks import WebhookRefusedError, require_key, verify

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST_BODY: Final = 2**20
"""Bytes; our events are far smaller."""

_KEPT_IDS: Final = 10_000
_TIMEOUT_SECONDS: Final = 10


class Listener(ThreadingHTTPServer):
    """An HTTP server, as a context manager; `serve_forever` works until `shutdown`.

    Answers 204 to what is signed, 401 to what is not, 413 to what is too large.
    """

    daemon_threads = True

    def __init__(
        self,
        address: tuple[str, int],
        secret_or_key: str,
        on_event: Callable[[dict[str, Any]], None],
        on_refused: Callable[[str], None],
    ) -> None:
        """Listen at `address`; call `on_event` once for each delivery, `on_refused` with why one is not believed.

        Raises `WebhookKeyError` where `secret_or_key` is none, and `OSError` for a taken port.
        """
        require_key(secret_or_key)
        super().__init__(address, _Handler)
        self._secret_or_key = secret_or_key
        self._on_event = on_event
        self._on_refused = on_refused
        self._lock = Lock()
        # The last ones only: it runs for an afternoon, not for years.
        self._seen: OrderedDict[str, None] = OrderedDict()

    def take(self, headers: dict[str, str], body: bytes) -> bool:
        """Show the event in a request if it is ours and new; return whether it is ours."""
        try:
            event = verify(headers, body, self._secret_or_key)
        except WebhookRefusedError as error:
            self._on_refused(str(error))
            return False
        message_id = headers["webhook-id"]
        with self._lock:
            if message_id not in self._seen:
                self._on_event(event)
                self._seen[message_id] = None
                if len(self._seen) > _KEPT_IDS:
                    self._seen.popitem(last=False)
        return True


class _Handler(BaseHTTPRequestHandler):
    server: Listener
    timeout = _TIMEOUT_SECONDS

    def do_POST(self) -> None:
        length = self.headers.get("content-length", "")
        if not (length.isascii() and length.isdecimal()):
            self._answer(HTTPStatus.LENGTH_REQUIRED)
        elif int(length[:12]) > LARGEST_BODY:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            headers = {name.lower(): value for name, value in self.headers.items()}
            ours = self.server.take(headers, self.rfile.read(int(length)))
            self._answer(HTTPStatus.NO_CONTENT if ours else HTTPStatus.UNAUTHORIZED)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing: what matters is shown by the callbacks."""

    def _answer(self, status: HTTPStatus) -> None:
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()
