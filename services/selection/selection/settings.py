"""What selection reads from its environment: the platform's settings and no more."""

from __future__ import annotations

from common.settings import ServiceSettings


class Settings(ServiceSettings):
    """The platform's settings."""
