"""A replay's clock moves on when every service has settled: a consumer that settlement does not count breaks that."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APPS = sorted((ROOT / "services").glob("*/*/app.py"))


def calls_of(source: str, name: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]


@pytest.mark.parametrize("app", APPS, ids=[app.parent.name for app in APPS])
def test_a_service_that_consumes_hands_its_consumers_to_its_server(app: Path) -> None:
    source = app.read_text(encoding="utf-8")

    if calls_of(source, "Consumers"):
        for server in calls_of(source, "GrpcServer"):
            assert "consumers" in {keyword.arg for keyword in server.keywords}
