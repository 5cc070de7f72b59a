"""What a process reads from its environment: one frozen class a service, no default for a secret."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  pydantic reads the annotation when the class is made
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_HIGHEST_PORT = 65535


def _split_at_commas(value: object) -> object:
    # One string with commas is one unknown host to aiokafka: it must be a list.
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _host_and_port(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not (host and colon and port.isdecimal() and int(port) <= _HIGHEST_PORT):
        message = f"{value!r} is not host:port"
        raise ValueError(message)
    return value


Address = Annotated[str, AfterValidator(_host_and_port)]
"""A "host:port"."""

Addresses = Annotated[list[Address], NoDecode, BeforeValidator(_split_at_commas), Field(min_length=1)]
"""One or more "host:port", separated by commas in the environment."""


class PlatformSettings(BaseSettings):
    """What every process needs; the console has no more of the platform than this."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="DOKPAMO_", extra="ignore", hide_input_in_errors=True)

    environment: Literal["embedded", "production"]
    kafka_bootstrap: Addresses
    # Public keys that sign callers' tokens, a JSON Web Key Set.
    token_keys: Path
    # Ed25519 private key in PEM with which this service signs its own short tokens.
    service_key: Path | None = None
    # Prometheus text format is served here.
    metrics_listen: Address | None = None
    # File of the shared clock of an embedded stack.
    virtual_clock: Path | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    intake_address: Address | None = None
    selection_address: Address | None = None
    grants_address: Address | None = None
    training_address: Address | None = None
    registry_address: Address | None = None
    evaluation_address: Address | None = None
    notary_address: Address | None = None

    topic_replication: Annotated[int, Field(ge=1)] = 1
    topic_partitions: Annotated[int, Field(ge=1)] = 3


class ServiceSettings(PlatformSettings):
    """What a service with a schema and an API of its own needs."""

    # Holds a password, hence no default and not in any text form of the settings.
    database_url: Annotated[str, Field(repr=False)]
    grpc_listen: Address
