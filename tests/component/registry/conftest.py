"""A running registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.builders.registry_service import running_registry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from client.stack.seaweed import S3Access

    from tests.builders.registry_service import RunningRegistry


@pytest.fixture
async def registry(tmp_path: Path, fresh_database_url: str, s3: S3Access) -> AsyncIterator[RunningRegistry]:
    async with running_registry(tmp_path, fresh_database_url, s3) as running:
        yield running
