"""What the notary reads from its environment."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  pydantic reads the annotation when the class is made
from typing import Annotated

from common.settings import ServiceSettings
from pydantic import Field


class Settings(ServiceSettings):
    """The platform's settings, the signing key, and how often a head is signed."""

    # Ed25519 private key in PEM that signs tree heads. Its public half is the log's identity: it cannot be changed.
    notary_key: Path
    # At least this many real seconds lie between two signed heads while the log grows.
    head_interval_seconds: Annotated[float, Field(gt=0)] = 2.0
