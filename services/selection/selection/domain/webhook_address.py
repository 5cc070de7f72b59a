"""Where a webhook may lead: https addresses of the public internet, so that nobody reaches our network through us."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from selection.domain.refusal import RuleBrokenError

LONGEST_URL: Final = 2000
_SHOWN: Final = 200
_NAT64: Final = IPv6Network("64:ff9b::/96")

Address = IPv4Address | IPv6Address


class WebhookUrlError(RuleBrokenError):
    """The address of a webhook is none that may be called."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far webhooks reach; `own_network` also into this network and by plain http, for an embedded stack only."""

    own_network: bool = False

    def require_url(self, url: str) -> str:
        """Return `url`; raise `WebhookUrlError` for one that no delivery may go to, whatever its host resolves to.

        Source: Standard Webhooks, "Enforcing HTTPS" and "Server side request forgery".
        """
        parts = _split(url)
        if "@" in parts.netloc:
            raise WebhookUrlError("url", _shown(url), "must hold no user and no password: deliveries are signed")
        schemes = ("https", "http") if self.own_network else ("https",)
        if parts.scheme not in schemes:
            raise WebhookUrlError("url", _shown(url), f"must begin with {' or '.join(schemes)}://")
        if "#" in url:
            raise WebhookUrlError("url", _shown(url), "must have no fragment: it is never sent")
        literal = _literal(parts.hostname or "")
        if literal is not None and not self.allows(literal):
            raise WebhookUrlError("url", _shown(url), "must lead to a public address")
        return url

    def allows(self, address: Address) -> bool:
        """Whether a delivery may be sent to `address`: one of the public internet, also where it hides in another.

        Source: Standard Webhooks, "Server side request forgery": no webhook calls into internal networks.
        """
        if self.own_network:
            return not (address.is_multicast or address.is_unspecified)
        address = _inner(address) or address
        return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _split(url: str) -> SplitResult:
    if len(url) > LONGEST_URL:
        raise WebhookUrlError("url", _shown(url), f"must have at most {LONGEST_URL} characters")
    if not url.isascii() or any(character <= " " or character in "\\\x7f" for character in url):
        rule = "must be plain ASCII without blanks: its host in punycode, the rest percent-encoded"
        raise WebhookUrlError("url", _shown(url), rule)
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        named = False
    if not named:
        raise WebhookUrlError("url", _shown(url), "must name a host, and a port from 1 to 65535 if any")
    return parts


def _shown(url: str) -> str:
    """Return what of a refused URL may be told and logged: no password."""
    return "(not shown: it holds a user or password)" if "@" in url else url[:_SHOWN]


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _inner(address: Address) -> IPv4Address | None:
    """Return the IPv4 address that a gateway would make of an IPv6 one."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
