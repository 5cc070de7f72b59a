"""Running training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.builders.training_service import running_training

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.builders.training_service import RunningTraining


@pytest.fixture
async def training(tmp_path: Path, fresh_database_url: str) -> AsyncIterator[RunningTraining]:
    async with running_training(tmp_path, fresh_database_url) as running:
        yield running
