"""Where a value comes from, from the firmest to the weakest: shown beside the value everywhere."""

from __future__ import annotations

from enum import Enum


class Provenance(Enum):
    """Where a value comes from."""

    RECORDED = "recorded"
    PUBLISHED = "published"
    RECONSTRUCTED = "reconstructed"
    SYNTHETIC = "synthetic"
