"""FastStream and aiokafka are used inside the delivery modules and nowhere else: their defaults lose messages."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
BARE = ("aiokafka", "faststream", "confluent_kafka", "kafka")
DELIVERY = (
    "libs/common/common/kafka.py",
    "libs/common/common/topics.py",
    "libs/common/common/follower.py",
    "libs/common/common/parked.py",
    "libs/common/common/received.py",
    "libs/common/common/consumer/",
    "libs/common/common/outbox/",
)
# Starts and asks the broker, without a message of the platform.
TOOLING = ("libs/client/client/stack/",)


def imported_roots(source: str) -> set[str]:
    """Return the top-level packages that `source` imports absolutely, wherever it does."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.partition(".")[0])
    return found


def product_files() -> Iterator[str]:
    for folder in ("libs", "services"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith((*DELIVERY, *TOOLING)):
                yield name


@pytest.mark.parametrize("path", list(product_files()))
def test_only_the_delivery_modules_import_a_kafka_client(path: str) -> None:
    bare = imported_roots((ROOT / path).read_text()).intersection(BARE)
    assert not bare, f"{path} imports {sorted(bare)}: subscribe with common.consumer, publish with tx.publish"


@pytest.mark.parametrize(
    "source",
    [
        "import aiokafka",
        "from aiokafka import AIOKafkaConsumer",
        "from faststream.kafka import KafkaBroker",
        "def f():\n    import aiokafka.errors",
    ],
)
def test_the_check_sees_every_form_of_import(source: str) -> None:
    assert imported_roots(source).intersection(BARE)


def test_the_delivery_modules_are_where_the_check_looks() -> None:
    for path in DELIVERY:
        assert (ROOT / path).exists(), path
