"""The generated pages are up to date, and every rule has its test."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def pages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs/generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_page_of_rules_is_up_to_date(pages: ModuleType) -> None:
    assert (ROOT / "docs/rules.md").read_text(encoding="utf-8") == pages.rules_page(), "run `make docs`"


def test_the_page_of_events_is_up_to_date(pages: ModuleType) -> None:
    assert (ROOT / "docs/events.md").read_text(encoding="utf-8") == pages.events_page(), "run `make docs`"


def test_every_rule_has_its_test_file(pages: ModuleType) -> None:
    rules = list(pages.rules())
    assert rules
    assert [f"{rule.name}: {rule.test}" for rule in rules if not (ROOT / rule.test).exists()] == []


def test_every_domain_file_names_the_source_of_a_rule(pages: ModuleType) -> None:
    with_source = {rule.file for rule in pages.rules()}
    files = {
        path.relative_to(ROOT)
        for path in ROOT.glob("services/*/*/domain/*.py")
        if path.name != "__init__.py" and "console" not in path.parts
    }
    assert sorted(str(file) for file in files - with_source) == []
