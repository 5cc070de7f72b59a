"""Sends deliveries over HTTP, to addresses that were checked and to no other; what comes back is believed as little."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

import httpx
import structlog

from selection.domain.webhook import Answer
from selection.domain.webhook_address import WebhookUrlError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from selection.domain.webhook_address import Address, Reach

    Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]

log = structlog.get_logger()

_TIMEOUT_SECONDS: Final = 15.0
_CONNECT_SECONDS: Final = 5.0
_MAY_ASK_FOR_PATIENCE: Final = frozenset({429, 503})
_LONGEST_ERROR: Final = 200


async def resolved(host: str, port: int) -> Sequence[Address]:
    """Return the addresses of a host; raise `OSError` where it has none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # A link-local IPv6 address has its zone behind a percent sign.
    return list(dict.fromkeys(ip_address(str(place[4][0]).partition("%")[0]) for place in found))


class WebhookSender:
    """Sends one request at a time a call, each over a connection of its own."""

    def __init__(
        self,
        reach: Reach,
        *,
        resolve: Resolve = resolved,
        trust: ssl.SSLContext | None = None,
        timeout_seconds: float = _TIMEOUT_SECONDS,
    ) -> None:
        """Send as far as `reach` says; `trust` holds the authorities of certificates, by default those of the web."""
        if reach.own_network:
            log.warning(
                "webhooks.reach_own_network",
                banner="WEBHOOKS LEAD ANYWHERE, into this network too, and by http: for embedded stacks and tests.",
            )
        self._reach = reach
        self._resolve = resolve
        # Made once: reading all authorities takes longer than a request.
        self._trust = trust or httpx.create_ssl_context(trust_env=False)
        self._timeout_seconds = timeout_seconds

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Post `body` once and return what came of it; nothing a receiver does is raised.

        The host is resolved here and the connection made to the very address that was checked, so that a name which
        changes its mind meanwhile leads nowhere else. No redirect is followed, no cookie kept, no body read.
        """
        try:
            async with asyncio.timeout(self._timeout_seconds):
                target = httpx.URL(self._reach.require_url(url))
                return await self._first_that_connects(target, headers, body)
        except TimeoutError:
            return Answer(0, f"no answer within {self._timeout_seconds:g} s")
        except WebhookUrlError as error:
            return Answer(0, f"not sent: {error}")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            return Answer(0, _in_words(error))

    async def _first_that_connects(self, target: httpx.URL, headers: Mapping[str, str], body: bytes) -> Answer:
        addresses = await self._resolve(target.host, target.port or (443 if target.scheme == "https" else 80))
        refused = [address for address in addresses if not self._reach.allows(address)]
        if refused or not addresses:
            where = ", ".join(map(str, refused)) or "nowhere"
            return Answer(0, f"not sent: {target.host} leads to {where}, which is no public address")
        for address in addresses[:-1]:
            with suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return await self._post(target, address, headers, body)
        return await self._post(target, addresses[-1], headers, body)

    async def _post(self, target: httpx.URL, address: Address, headers: Mapping[str, str], body: bytes) -> Answer:
        timeout = httpx.Timeout(self._timeout_seconds, connect=_CONNECT_SECONDS)
        named = {**headers, "host": target.netloc.decode("ascii"), "user-agent": "dokpamo-webhooks/1"}
        async with (
            # No proxy and no credentials of the environment; and nothing of one receiver for the next.
            httpx.AsyncClient(verify=self._trust, trust_env=False, follow_redirects=False, timeout=timeout) as client,
            client.stream(
                "POST",
                target.copy_with(host=str(address)),
                headers=named,
                content=body,
                # The certificate must be the name's, although the connection goes to the number.
                extensions={"sni_hostname": target.host},
            ) as response,
        ):
            return _answer(response)


def _answer(response: httpx.Response) -> Answer:
    if response.is_success:
        return Answer(response.status_code)
    patience = None
    if response.status_code in _MAY_ASK_FOR_PATIENCE:
        patience = retry_after(response.headers.get("retry-after", ""), datetime.now(UTC))
    hint = " (redirects are not followed)" if response.has_redirect_location else ""
    return Answer(response.status_code, f"HTTP {response.status_code}{hint}", patience)


def retry_after(header: str, now: datetime) -> timedelta | None:
    """Return how long a receiver asks for, as seconds or as a date (RFC 9110, 10.2.3); `None` where it says neither."""
    text = header.strip()
    if text.isascii() and text.isdecimal():
        # More than a day is a day: see `webhook_retry`.
        return timedelta(seconds=min(int(text[:9]), 10**8))
    try:
        instant = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(timedelta(0), (instant if instant.tzinfo else instant.replace(tzinfo=UTC)) - now)


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:_LONGEST_ERROR]
