"""The generated pages are up to date, and every rule has its test."""

from __future__ import annotations

from pathlib import Path

from docs import generate

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_rules_is_up_to_date() -> None:
    assert (ROOT / "docs/rules.md").read_text(encoding="utf-8") == generate.rules_page(), "run `make docs`"


def test_the_page_of_events_is_up_to_date() -> None:
    assert (ROOT / "docs/events.md").read_text(encoding="utf-8") == generate.events_page(), "run `make docs`"


def test_every_rule_has_its_test_file() -> None:
    rules = list(generate.rules())
    assert rules
    assert [f"{rule.name}: {rule.test}" for rule in rules if not (ROOT / rule.test).exists()] == []


def test_every_domain_file_names_the_source_of_a_rule() -> None:
    with_source = {rule.file for rule in generate.rules()}
    files = {
        path.relative_to(ROOT)
        for path in ROOT.glob("services/*/*/domain/*.py")
        if path.name != "__init__.py" and "console" not in path.parts
    }
    assert sorted(str(file) for file in files - with_source) == []
