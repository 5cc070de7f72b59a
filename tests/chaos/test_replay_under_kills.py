"""A part of the whole stack is killed in the middle of the replay: it finishes with the same report.

Long: `-m on_demand` kills every part, one replay each. The replay of the end-to-end tests loses five parts. The seed is
printed; set DOKPAMO_CHAOS_SEED to repeat one.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.builders.outcome import computed_outcome
from tests.builders.whole_stack import PARTS, SEED, KillOnTheWay, WholeStack, kill_plan

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.on_demand, pytest.mark.timeout(1200)]


@pytest.fixture
def stack() -> Iterator[WholeStack]:
    folder = Path(tempfile.mkdtemp(prefix="dkp-"))
    stack = WholeStack(folder / "home", folder / "output.txt")
    try:
        stack.run("up")
        yield stack
    finally:
        stack.run("down")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("part", PARTS)
def test_the_replay_survives_the_loss_of_any_part(stack: WholeStack, part: str) -> None:
    plan = kill_plan((part,), SEED)
    print(f"seed {SEED}: {plan}")
    report = stack.home.parent / "report.json"
    with KillOnTheWay(stack, plan) as kills:
        stack.run("replay", "--report", str(report), seconds=1100)
    assert kills.killed == [part]
    # As the rule engine computes it from the programme's data, without any service.
    assert json.loads(report.read_text()) == computed_outcome()
