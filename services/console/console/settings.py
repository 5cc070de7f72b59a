"""What the console reads from the environment."""

from common.settings import PlatformSettings


class Settings(PlatformSettings):
    """Settings of the console, each ``DOKPAMO_<NAME>``."""

    http_listen: str
    """``host:port`` of the pages."""
