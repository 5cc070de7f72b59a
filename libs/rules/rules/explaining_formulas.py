"""The steps of a published formula, in plain sentences of Korean or English."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from rules.explaining_words import OPERATORS, in_words
from rules.formulas import Operator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules.explaining_words import Language

_STEP: TypeAdapter[Operator] = TypeAdapter(Operator)


def step_words(step: str, lang: Language, titles: Mapping[str, str]) -> str:
    """The sentence of a step, which is canonical JSON as a view has it; `titles` names sources and parts by id.

    Of an operator that a newer rule set has, its name with its fields as they stand.
    """
    try:
        known = _STEP.validate_json(step)
    except ValidationError:
        fields = dict(json.loads(step))
        name = fields.pop("operator", "")
        given = ", ".join(f"{field} {value}" for field, value in sorted(fields.items()))
        return f"{name} ({given})" if given else str(name)
    return in_words(OPERATORS, known.operator, known, lang, titles)
