"""Conventions that no linter knows."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = sorted(path.name for path in (ROOT / "services").iterdir() if (path / "pyproject.toml").exists())
SOURCES = [
    path
    for folder in ("services", "libs", "proto")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "gen" not in path.relative_to(ROOT).parts
]
_READS_ENVIRONMENT = {"environ", "getenv"}
# The stack hands an environment on to the processes it starts, and a job's parameters reach it by its environment.
_MAY_READ_ENVIRONMENT = ("libs/common/common/settings.py", "libs/client/client/", "libs/scale_model/")


def _relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_readme_has_six_lines_and_names_what_it_owns(service: str) -> None:
    lines = (ROOT / "services" / service / "README.md").read_text(encoding="utf-8").splitlines()
    assert lines[0] == f"# {service}"
    assert len([line for line in lines if line.strip()]) <= 6
    assert re.search(r"\b(owns|decides)\b", " ".join(lines), re.IGNORECASE)


@pytest.mark.parametrize("service", [service for service in SERVICES if service != "console"])
def test_migrations_are_numbered_without_a_gap(service: str) -> None:
    names = sorted(path.name for path in (ROOT / "services" / service / "migrations").glob("*.sql"))
    assert names
    assert [int(name.split("_")[0]) for name in names] == list(range(1, len(names) + 1))
    assert all(re.fullmatch(r"\d{4}_[a-z0-9_]+\.sql", name) for name in names)


@pytest.mark.parametrize("path", SOURCES, ids=_relative)
def test_only_settings_read_the_environment(path: Path) -> None:
    if _relative(path).startswith(_MAY_READ_ENVIRONMENT):
        return
    used = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in _READS_ENVIRONMENT
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    ]
    assert used == []


def test_a_file_stays_under_450_lines_and_most_under_300() -> None:
    lengths = {_relative(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {name: length for name, length in lengths.items() if length > 450} == {}
    long = [name for name, length in lengths.items() if length > 300]
    assert len(long) <= len(lengths) // 20, long


def test_every_silenced_warning_carries_its_code_and_a_reason() -> None:
    bare = re.compile(r"#\s*(noqa(?!: [A-Z]+[0-9]+)|type:\s*ignore(?!\[))")
    found = [
        f"{_relative(path)}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if bare.search(line)
    ]
    assert found == []


def test_no_file_name_is_a_drawer_for_anything() -> None:
    drawers = {"utils", "helpers", "manager", "processor", "misc"}
    assert [_relative(path) for path in SOURCES if drawers & set(path.stem.split("_"))] == []
