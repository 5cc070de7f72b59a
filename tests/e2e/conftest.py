"""One whole stack with the replayed programme, for all end-to-end tests of a session."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.builders.whole_stack import WholeStack

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def replayed() -> Iterator[WholeStack]:
    """A running stack in which the model case has been replayed once; its report is ``home/../report.json``."""
    # Ray's sockets allow paths of 107 characters only: pytest's own folders are too deep.
    folder = Path(tempfile.mkdtemp(prefix="dkp-"))
    stack = WholeStack(folder / "home", folder / "output.txt")
    try:
        stack.run("up")
        stack.run("replay", "--report", str(folder / "report.json"))
        yield stack
    finally:
        stack.run("down")
        shutil.rmtree(folder, ignore_errors=True)
