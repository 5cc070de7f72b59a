"""A running registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.builders.registry_service import running_registry
from tests.builders.release_hub import running_hub

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from client.stack.seaweed import S3Access

    from tests.builders.registry_service import RunningRegistry
    from tests.builders.release_hub import RunningHub


@pytest.fixture
async def registry(tmp_path: Path, fresh_database_url: str, s3: S3Access) -> AsyncIterator[RunningRegistry]:
    async with running_registry(tmp_path, fresh_database_url, s3) as running:
        yield running


@pytest.fixture
async def hub(registry: RunningRegistry, tmp_path: Path) -> AsyncIterator[RunningHub]:
    """Releases by HTTP beside the registry."""
    async with running_hub(registry, tmp_path) as running:
        yield running
