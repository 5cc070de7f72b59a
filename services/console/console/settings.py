"""What the console reads from the environment."""

from common.settings import PlatformSettings


class Settings(PlatformSettings):
    """Settings of the console, each ``DOKPAMO_<NAME>``."""

    http_listen: str
    """``host:port`` of the pages."""

    downloads_url: str = ""
    """Where released models are given out by HTTP, as readers reach it; empty where they are not."""
