"""Parts of the whole stack are killed in the middle of the replay: it finishes with the same report.

The seed is printed; set DOKPAMO_CHAOS_SEED to repeat one. `-m on_demand` kills every part, one replay each.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.builders.whole_stack import KillOnTheWay, WholeStack

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(1200)

SERVICES = ("intake", "selection", "grants", "training", "registry", "evaluation", "notary", "console")
PARTS = ("kafka", "postgres", "s3", "mlflow", "ray", *SERVICES)
SEED = int(os.environ.get("DOKPAMO_CHAOS_SEED", "20260818"))
# Kills fall between the opening of the call and the decision of the last stage.
FROM = datetime(2025, 6, 21, tzinfo=UTC)
UNTIL = datetime(2026, 8, 17, tzinfo=UTC)


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


def plan_for(parts: tuple[str, ...], seed: int) -> dict[str, datetime]:
    chance = random.Random(seed)
    span = (UNTIL - FROM) // timedelta(seconds=1)
    return {part: FROM + timedelta(seconds=chance.randrange(span)) for part in parts}


def replay_under(stack: WholeStack, plan: dict[str, datetime]) -> dict[str, object]:
    print(f"seed {SEED}:", {part: instant.isoformat() for part, instant in plan.items()})
    report = stack.home.parent / "report.json"
    with KillOnTheWay(stack, plan) as kills:
        stack.run("replay", "--report", str(report), seconds=1100)
    assert kills.killed == [part for part, _ in sorted(plan.items(), key=lambda entry: entry[1])]
    outcome: dict[str, object] = json.loads(report.read_text())
    return outcome


@pytest.fixture(scope="session")
def undisturbed() -> dict[str, object]:
    """The outcome as the rule engine computes it from the programme's data, without any service."""
    from tests.builders.outcome import computed_outcome

    return computed_outcome()


def test_the_replay_survives_the_loss_of_kafka_postgres_and_services(
    stack: WholeStack, undisturbed: dict[str, object]
) -> None:
    chance = random.Random(SEED)
    parts = ("kafka", "postgres", *chance.sample(SERVICES[:-1], 3))
    assert replay_under(stack, plan_for(parts, SEED)) == undisturbed


@pytest.mark.on_demand
@pytest.mark.parametrize("part", PARTS)
def test_the_replay_survives_the_loss_of_any_part(stack: WholeStack, undisturbed: dict[str, object], part: str) -> None:
    assert replay_under(stack, plan_for((part,), SEED)) == undisturbed
