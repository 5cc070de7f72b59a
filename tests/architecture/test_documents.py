"""The generated pages are up to date, and every rule has its test."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs import generate

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_rules_is_up_to_date() -> None:
    assert (ROOT / "docs/rules.md").read_text(encoding="utf-8") == generate.rules_page(), "run `make docs`"


def test_the_page_of_events_is_up_to_date() -> None:
    assert (ROOT / "docs/events.md").read_text(encoding="utf-8") == generate.events_page(), "run `make docs`"


@pytest.mark.parametrize("name", generate.SCHEMAS)
def test_the_published_schemas_are_up_to_date(name: str) -> None:
    assert (ROOT / f"docs/{name}.schema.json").read_text(encoding="utf-8") == generate.schema_page(name), (
        "run `make docs`"
    )


def test_every_rule_has_its_test_file() -> None:
    rules = list(generate.rules())
    assert rules
    assert [f"{rule.name}: {rule.test}" for rule in rules if not (ROOT / rule.test).exists()] == []


@pytest.mark.parametrize("service", ["intake", "selection", "grants", "training", "registry", "evaluation", "notary"])
def test_a_service_names_the_sources_of_its_rules(service: str) -> None:
    assert [rule for rule in generate.rules() if rule.file.parts[:3] == ("services", service, service)]
