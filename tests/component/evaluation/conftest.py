"""A running evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.builders.evaluation_service import running_evaluation

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.builders.evaluation_service import Evaluation


@pytest.fixture
async def evaluation(tmp_path: Path, fresh_database_url: str) -> AsyncIterator[Evaluation]:
    async with running_evaluation(tmp_path, fresh_database_url) as running:
        yield running
