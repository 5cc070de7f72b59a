"""What evaluation reads from the environment."""

from __future__ import annotations

import sys

from common.settings import ServiceSettings
from pydantic import Field


class Settings(ServiceSettings):
    """Settings of evaluation, each ``DOKPAMO_<NAME>``."""

    ray_address: str
    """The Jobs API of the Ray cluster, for example ``http://127.0.0.1:8265``."""

    job_python: str = Field(default=sys.executable, min_length=1)
    """The Python that runs benchmarks on the cluster; by default the one that runs this service."""
