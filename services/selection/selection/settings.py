"""What selection reads from its environment: the platform's settings, how webhooks are signed and where they lead."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  pydantic reads the annotation when the class is made

from common.settings import ServiceSettings
from pydantic import ValidationInfo, field_validator


class Settings(ServiceSettings):
    """The platform's settings, and those of webhooks."""

    # Ed25519 private key in PEM from which the secrets of all webhooks are derived; without one there are no webhooks.
    webhook_key: Path | None = None
    # Webhooks may lead to loopback, private and link-local addresses, and by http. For embedded stacks and tests only.
    webhooks_reach_own_network: bool = False

    @field_validator("webhooks_reach_own_network")
    @classmethod
    def _embedded_only(cls, reach: bool, info: ValidationInfo) -> bool:
        if reach and info.data.get("environment") != "embedded":
            message = "webhooks reach into their own network in environment 'embedded' only"
            raise ValueError(message)
        return reach
