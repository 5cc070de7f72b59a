from __future__ import annotations

import pytest
from common.settings import ServiceSettings
from pydantic import ValidationError

ENVIRONMENT = {
    "DOKPAMO_ENVIRONMENT": "embedded",
    "DOKPAMO_DATABASE_URL": "postgresql://dokpamo:geheim@127.0.0.1:5432/intake",
    "DOKPAMO_KAFKA_BOOTSTRAP": "127.0.0.1:9092, 127.0.0.1:9093",
    "DOKPAMO_GRPC_LISTEN": "127.0.0.1:7001",
    "DOKPAMO_TOKEN_KEYS": "/etc/dokpamo/keys.json",
}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def read() -> ServiceSettings:
    return ServiceSettings.model_validate({})


def test_brokers_are_a_list_because_a_joined_string_is_one_unknown_host() -> None:
    assert read().kafka_bootstrap == ["127.0.0.1:9092", "127.0.0.1:9093"]


@pytest.mark.parametrize("name", sorted(ENVIRONMENT))
def test_what_has_no_default_must_be_there(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(name)

    with pytest.raises(ValidationError) as refused:
        read()

    assert [error["loc"] for error in refused.value.errors()] == [(name.removeprefix("DOKPAMO_").lower(),)]


def test_the_database_password_is_in_no_text_form() -> None:
    settings = read()

    assert "geheim" in settings.database_url
    assert "geheim" not in repr(settings)
    assert "geheim" not in str(settings)


def test_a_refused_value_is_not_repeated_in_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOKPAMO_GRPC_LISTEN", "geheim")

    with pytest.raises(ValidationError) as refused:
        read()

    assert "input_value" not in str(refused.value)


@pytest.mark.parametrize("address", ["7001", "127.0.0.1:", ":7001", "127.0.0.1:70000", "127.0.0.1:x"])
def test_an_address_is_host_and_port(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOKPAMO_GRPC_LISTEN", address)

    with pytest.raises(ValidationError):
        read()


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        read().environment = "production"


def test_new_code_starts_with_an_unknown_setting_of_another_release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOKPAMO_OF_ANOTHER_RELEASE", "1")

    assert read().log_level == "info"
