"""How the pages show names, points, instants and sizes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from common.clock import SEOUL
from rules.explaining_formulas import step_words

from console.domain.facts import Scoring
from console.domain.words import Language, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from console.domain.board import Stage
    from console.domain.facts import Label


def name(names: Any, team: str, language: Language) -> str:
    """A team's name in a language; its id where it has none yet."""
    known = names.get(team)
    if known is None:
        return team
    return str(known.korean if language == "ko" else known.english)


def label(label: Label, language: Language) -> str:
    """A label's words in a language."""
    return label.korean if language == "ko" else label.english


def shown_parts(stage: Stage) -> list[str]:
    """The parts in which some team's points are shown."""
    return sorted({part for standing in stage.standings for part in standing.parts})


def part_labels(stage: Stage | None, scoring: Mapping[str, Scoring], language: Language) -> dict[str, str]:
    """What the parts of a stage are called, and the whole."""
    parts = scoring.get(stage.rule_set_sha256, Scoring()).parts if stage else ()
    return {part.key: label(part, language) for part in parts} | {"total": say("total", language)}


def formula(stage: Stage | None, steps: Iterable[str], scoring: Mapping[str, Scoring], language: Language) -> str:
    """The steps of a formula, in the words that the rule engine has for them."""
    named = scoring.get(stage.rule_set_sha256, Scoring()).sources if stage else ()
    titles = {source.key: label(source, language) for source in named} | part_labels(stage, scoring, language)
    return " → ".join(step_words(step, language, titles) for step in steps)


def day(instant: datetime) -> str:
    """A day by the clocks of Seoul."""
    return instant.astimezone(SEOUL).strftime("%Y-%m-%d")


def minute(instant: datetime) -> str:
    """A minute by the clocks of Seoul."""
    return instant.astimezone(SEOUL).strftime("%Y-%m-%d %H:%M KST")


def percent(share: str) -> str:
    """A share as a percentage."""
    return f"{Decimal(share) * 100:.2f} %" if share else ""


def gibibytes(size_bytes: int) -> str:
    """A size in GiB."""
    return f"{Decimal(size_bytes) / 2**30:,.2f}"
