from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import grpc
import jwt
import pytest
import structlog
from common.auth import (
    DEVELOPMENT_ISSUER,
    Actor,
    Authenticator,
    DevelopmentIssuer,
    NotAKeyError,
    ServiceTokens,
    public_jwk,
    read_key,
)
from common.errors import Refused

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def issuer(tmp_path: Path) -> DevelopmentIssuer:
    return DevelopmentIssuer.create(tmp_path / "key.pem")


def authenticator(folder: Path, keys: dict[str, Any], *, allow_development: bool = True) -> Authenticator:
    (folder / "keys.json").write_text(json.dumps(keys))
    return Authenticator(folder / "keys.json", allow_development=allow_development)


def refusal(check: Authenticator, token: str) -> str:
    with pytest.raises(Refused) as refused:
        check.actor(token)
    assert (refused.value.code, refused.value.status) == ("UNAUTHENTICATED", grpc.StatusCode.UNAUTHENTICATED)
    return refused.value.message


def signed(key: Path, **changes: object) -> str:
    now = datetime.now(UTC)
    claims: dict[str, Any] = {
        "iss": DEVELOPMENT_ISSUER,
        "aud": "dokpamo",
        "sub": "kim",
        "roles": ["staff"],
        "iat": now,
        "exp": now + timedelta(minutes=5),
    }
    claims = {name: value for name, value in {**claims, **changes}.items() if value is not None}
    private = read_key(key)
    return jwt.encode(claims, private, algorithm="EdDSA", headers={"kid": public_jwk(private.public_key())["kid"]})


def test_a_token_says_who_calls_and_for_which_team(tmp_path: Path, issuer: DevelopmentIssuer) -> None:
    check = authenticator(tmp_path, issuer.key_set())

    token = issuer.issue("lee", ["consortium"], team="nc-ai")

    assert check.actor(token) == Actor("lee", frozenset({"consortium"}), "nc-ai")


def test_a_development_token_is_refused_outside_the_embedded_stack(tmp_path: Path, issuer: DevelopmentIssuer) -> None:
    check = authenticator(tmp_path, issuer.key_set(), allow_development=False)

    assert "embedded" in refusal(check, issuer.issue("kim", ["staff"]))


def test_a_token_ends(tmp_path: Path, issuer: DevelopmentIssuer) -> None:
    check = authenticator(tmp_path, issuer.key_set())

    assert "expired" in refusal(check, issuer.issue("kim", ["staff"], ttl=timedelta(minutes=-1)))


def test_a_token_that_lives_for_more_than_an_hour_is_refused(tmp_path: Path, issuer: DevelopmentIssuer) -> None:
    check = authenticator(tmp_path, issuer.key_set())

    assert "hour" in refusal(check, issuer.issue("kim", ["staff"], ttl=timedelta(hours=2)))


def test_a_token_of_an_unknown_key_is_refused(tmp_path: Path, issuer: DevelopmentIssuer) -> None:
    check = authenticator(tmp_path, {"keys": []})

    assert "unknown key" in refusal(check, issuer.issue("kim", ["staff"]))


def test_a_token_whose_content_was_changed_is_refused(tmp_path: Path, issuer: DevelopmentIssuer) -> None:
    check = authenticator(tmp_path, issuer.key_set())
    head, _, signature = issuer.issue("lee", ["consortium"], team="nc-ai").split(".")
    body = issuer.issue("lee", ["staff"]).split(".")[1]

    refusal(check, f"{head}.{body}.{signature}")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é"])
def test_what_is_no_token_is_refused(token: str, tmp_path: Path, issuer: DevelopmentIssuer) -> None:
    refusal(authenticator(tmp_path, issuer.key_set()), token)


@pytest.mark.parametrize("claim", ["exp", "iat", "sub", "iss", "aud"])
def test_a_token_must_say_all_of_it(claim: str, tmp_path: Path, issuer: DevelopmentIssuer) -> None:
    check = authenticator(tmp_path, issuer.key_set())

    assert check.actor(signed(tmp_path / "key.pem")).subject == "kim"
    refusal(check, signed(tmp_path / "key.pem", **{claim: None}))


def test_a_token_for_another_audience_is_refused(tmp_path: Path, issuer: DevelopmentIssuer) -> None:
    refusal(authenticator(tmp_path, issuer.key_set()), signed(tmp_path / "key.pem", aud="somewhere-else"))


def test_a_token_made_of_the_public_key_is_refused(tmp_path: Path, issuer: DevelopmentIssuer) -> None:
    check = authenticator(tmp_path, issuer.key_set())
    key = issuer.key_set()["keys"][0]
    now = datetime.now(UTC)
    claims = {"iss": "x", "aud": "dokpamo", "sub": "kim", "roles": ["staff"], "iat": now, "exp": now}

    refusal(check, jwt.encode(claims, key["x"].encode(), algorithm="HS256", headers={"kid": key["kid"]}))


def test_a_services_key_speaks_for_that_service_alone(tmp_path: Path) -> None:
    DevelopmentIssuer.create(tmp_path / "intake.pem")
    public = read_key(tmp_path / "intake.pem").public_key()
    keys = {"keys": [public_jwk(public, only_subject="service:intake")]}
    check = authenticator(tmp_path, keys, allow_development=False)

    own = ServiceTokens("intake", tmp_path / "intake.pem", issuer="dokpamo-intake")()
    other = ServiceTokens("grants", tmp_path / "intake.pem", issuer="dokpamo-intake")()
    staff = signed(tmp_path / "intake.pem", iss="dokpamo-intake", sub="service:intake", roles=["staff"])

    assert check.actor(own) == Actor("service:intake", frozenset({"service"}))
    assert "alone" in refusal(check, other)
    assert "alone" in refusal(check, staff)


@pytest.mark.parametrize("claims", [{"roles": "staff"}, {"roles": 5}, {"roles": [["staff"]]}, {"team": 5}])
def test_a_token_whose_roles_or_team_are_no_texts_is_refused(
    claims: dict[str, object], tmp_path: Path, issuer: DevelopmentIssuer
) -> None:
    refusal(authenticator(tmp_path, issuer.key_set()), signed(tmp_path / "key.pem", **claims))


def test_a_key_set_that_is_just_being_written_leaves_the_keys_as_they_were(
    tmp_path: Path, issuer: DevelopmentIssuer
) -> None:
    check = authenticator(tmp_path, issuer.key_set())
    assert check.actor(issuer.issue("kim", ["staff"])).subject == "kim"

    (tmp_path / "keys.json").write_text('{"keys": [{"kty"')
    assert check.actor(issuer.issue("kim", ["staff"])).subject == "kim"

    (tmp_path / "keys.json").write_text(json.dumps({"keys": []}))
    refusal(check, issuer.issue("kim", ["staff"]))


def test_keys_are_read_again_when_the_file_changes(tmp_path: Path, issuer: DevelopmentIssuer) -> None:
    check = authenticator(tmp_path, {"keys": []})
    token = issuer.issue("kim", ["staff"])
    refusal(check, token)

    (tmp_path / "keys.json").write_text(json.dumps(issuer.key_set()))

    assert check.actor(token).subject == "kim"


def test_the_private_key_is_readable_by_its_owner_only_and_never_replaced(tmp_path: Path) -> None:
    first = DevelopmentIssuer.create(tmp_path / "key.pem").key_set()

    assert (tmp_path / "key.pem").stat().st_mode & 0o777 == 0o600
    assert DevelopmentIssuer.create(tmp_path / "key.pem").key_set() == first


def test_a_file_that_is_no_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("nothing")

    with pytest.raises(NotAKeyError):
        DevelopmentIssuer(tmp_path / "key.pem")


def test_the_development_issuer_says_so_loudly(tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as lines:
        DevelopmentIssuer.create(tmp_path / "key.pem")

    (line,) = lines
    assert line["log_level"] == "warning"
    assert "DEVELOPMENT ISSUER" in line["banner"]
