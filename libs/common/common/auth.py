"""Who calls: signed short-lived tokens of people and services, and the issuer of the embedded stack.

Tokens live by the machine's clock, also in a replay: they guard real calls, not the programme's dates.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import grpc
import jwt
import structlog
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from common.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from common.settings import PlatformSettings

    TokenSource = Callable[[], str]

log = structlog.get_logger()

DEVELOPMENT_ISSUER: Final = "dokpamo-development"
_AUDIENCE: Final = "dokpamo"
_ALGORITHM: Final = "EdDSA"
_LONGEST_LIFE: Final = timedelta(hours=1)
_LEEWAY: Final = timedelta(seconds=30)
_RENEW_BEFORE: Final = timedelta(minutes=2)
_SERVICE_LIFE: Final = timedelta(minutes=15)
# A member of ours in a public key: the one subject it may speak for. Without it, one service's key could make staff.
_ONLY_SUBJECT: Final = "dokpamo_subject"


class NotAKeyError(Exception):
    """A file that should hold an Ed25519 private key in PEM holds something else."""

    def __init__(self, path: Path) -> None:
        """Keep the `path`."""
        super().__init__(f"{path} holds no Ed25519 private key in PEM")
        self.path = path


class DevelopmentTokenRefusedError(Exception):
    """The development issuer was asked for outside the embedded stack."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who causes something: `roles` as in the contract, lower case without the prefix; `team` of a consortium."""

    subject: str
    roles: frozenset[str]
    team: str | None = None


ANYONE: Final = Actor("anonymous", frozenset())
"""A caller without a token."""


class DevelopmentIssuer:
    """Signs a token for anyone who asks: it is for the embedded stack and for tests, and says so in every log."""

    def __init__(self, key: Path, *, quiet: bool = False) -> None:
        """Sign with the Ed25519 private key (PEM) at `key`; `quiet` where people were told before.

        Raises `NotAKeyError`.
        """
        self._key = read_key(key)
        self._kid = _key_id(self._key.public_key())
        if not quiet:
            log.warning(
                "issuer.development",
                banner="DEVELOPMENT ISSUER: signs any token for anybody who can read its key. Never in production.",
                key=str(key),
            )

    @staticmethod
    def create(key: Path) -> DevelopmentIssuer:
        """Write a new private key to `key`, readable by its owner only, unless there is one; return its issuer."""
        if not key.exists():
            pem = Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(pem)
        return DevelopmentIssuer(key)

    def key_set(self) -> dict[str, Any]:
        """Return the public JSON Web Key Set with which its tokens are checked."""
        return {"keys": [public_jwk(self._key.public_key())]}

    def issue(
        self, subject: str, roles: Iterable[str], team: str | None = None, ttl: timedelta = timedelta(minutes=15)
    ) -> str:
        """Return a token for `subject` with `roles` (e.g. "staff"), speaking for `team`, that lives for `ttl`."""
        return _sign(self._key, self._kid, DEVELOPMENT_ISSUER, Actor(subject, frozenset(roles), team), ttl)


class ServiceTokens:
    """The tokens with which one service calls others; renewed before they end."""

    def __init__(self, service: str, key: Path, *, issuer: str) -> None:
        """Sign as `service` with the Ed25519 private key (PEM) at `key`; raise `NotAKeyError`."""
        self._actor = Actor(f"service:{service}", frozenset({"service"}))
        self._key = read_key(key)
        self._kid = _key_id(self._key.public_key())
        self._issuer = issuer
        self._token = ""
        self._renew_at = datetime.min.replace(tzinfo=UTC)

    def __call__(self) -> str:
        """Return a token that lives for two minutes or longer."""
        now = datetime.now(UTC)
        if now >= self._renew_at:
            self._token = _sign(self._key, self._kid, self._issuer, self._actor, _SERVICE_LIFE)
            self._renew_at = now + _SERVICE_LIFE - _RENEW_BEFORE
        return self._token


def service_tokens(settings: PlatformSettings, service: str) -> TokenSource | None:
    """Return the tokens of `service` by its `settings`; `None` where they name no key (then it calls as anyone)."""
    if settings.service_key is None:
        return None
    issuer = DEVELOPMENT_ISSUER if settings.environment == "embedded" else f"dokpamo-{service}"
    return ServiceTokens(service, settings.service_key, issuer=issuer)


class Authenticator:
    """Tells who a token speaks for, by the public keys in a JSON Web Key Set."""

    def __init__(self, key_set: Path, *, allow_development: bool = False) -> None:
        """Use the keys in file `key_set`, read again when it changes; development tokens only if allowed."""
        self._path = key_set
        self._allow_development = allow_development
        self._read_at: int | None = None
        self._keys: dict[str, jwt.PyJWK] = {}
        self._only_subjects: dict[str, str] = {}

    def actor(self, token: str) -> Actor:
        """Return whom `token` speaks for; raise `Refused` UNAUTHENTICATED for one that is not good now."""
        try:
            return self._checked(token)
        except jwt.InvalidTokenError as error:
            raise _unauthenticated(str(error)) from error

    def _checked(self, token: str) -> Actor:
        kid = str(jwt.get_unverified_header(token).get("kid", ""))
        self._read_keys()
        if kid not in self._keys:
            raise _unauthenticated("the token is signed by an unknown key")
        claims = jwt.decode(
            token,
            self._keys[kid],
            algorithms=[_ALGORITHM],
            audience=_AUDIENCE,
            leeway=_LEEWAY,
            options={"require": ["exp", "iat", "sub", "iss", "aud"]},
        )
        if claims["exp"] - claims["iat"] > _LONGEST_LIFE.total_seconds():
            raise _unauthenticated("the token lives for more than an hour")
        if claims["iss"] == DEVELOPMENT_ISSUER and not self._allow_development:
            raise _unauthenticated("a token of the development issuer is good in the embedded stack only")
        roles, team = claims.get("roles", []), claims.get("team")
        if not (isinstance(roles, list) and all(isinstance(role, str) for role in roles)):
            raise _unauthenticated("the token's roles are not a list of texts")
        if not isinstance(team, str | None):
            raise _unauthenticated("the token's team is not a text")
        only = self._only_subjects.get(kid)
        if only is not None and (claims["sub"] != only or roles != ["service"]):
            raise _unauthenticated(f"the key may speak for {only} alone")
        return Actor(claims["sub"], frozenset(roles), team)

    def _read_keys(self) -> None:
        try:
            self._read_if_changed()
        except (OSError, ValueError, KeyError, jwt.PyJWTError) as error:
            # While somebody writes the file anew, what was read before still holds.
            if not self._keys:
                raise
            log.warning("keys.unreadable", path=str(self._path), error=repr(error))

    def _read_if_changed(self) -> None:
        changed_at = self._path.stat().st_mtime_ns
        if changed_at == self._read_at:
            return
        keys = json.loads(self._path.read_text(encoding="utf-8"))["keys"]
        self._keys = {key["kid"]: jwt.PyJWK(key, algorithm=_ALGORITHM) for key in keys}
        self._only_subjects = {key["kid"]: key[_ONLY_SUBJECT] for key in keys if _ONLY_SUBJECT in key}
        self._read_at = changed_at


def read_key(path: Path) -> Ed25519PrivateKey:
    """Return the Ed25519 private key in the PEM file at `path`; raise `NotAKeyError`."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as error:
        raise NotAKeyError(path) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise NotAKeyError(path)
    return key


def public_jwk(key: Ed25519PublicKey, *, only_subject: str | None = None) -> dict[str, str]:
    """Return `key` as a JSON Web Key (RFC 8037) for the key set; it may speak for `only_subject` alone if given."""
    jwk = {"kty": "OKP", "crv": "Ed25519", "alg": _ALGORITHM, "use": "sig", "kid": _key_id(key), "x": _x(key)}
    return jwk if only_subject is None else jwk | {_ONLY_SUBJECT: only_subject}


def _sign(key: Ed25519PrivateKey, kid: str, issuer: str, actor: Actor, ttl: timedelta) -> str:
    now = datetime.now(UTC)
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": _AUDIENCE,
        "sub": actor.subject,
        "roles": sorted(actor.roles),
        "iat": now,
        "exp": now + ttl,
    }
    if actor.team is not None:
        claims["team"] = actor.team
    return jwt.encode(claims, key, algorithm=_ALGORITHM, headers={"kid": kid})


def _key_id(key: Ed25519PublicKey) -> str:
    """Return the RFC 7638 thumbprint."""
    members = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": _x(key)}, separators=(",", ":"), sort_keys=True)
    digest = hashes.Hash(hashes.SHA256())
    digest.update(members.encode())
    return _base64url(digest.finalize())


def _x(key: Ed25519PublicKey) -> str:
    return _base64url(key.public_bytes_raw())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unauthenticated(why: str) -> Refused:
    return Refused("UNAUTHENTICATED", why, status=grpc.StatusCode.UNAUTHENTICATED)
