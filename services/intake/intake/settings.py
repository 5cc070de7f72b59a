"""What intake reads from the environment: the platform's settings and nothing of its own."""

from __future__ import annotations

from common.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings of intake, each ``DOKPAMO_<NAME>``."""
