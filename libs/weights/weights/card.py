"""The model card, `README.md`: where its front matter is and which licence that names, as model hubs have it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

CARD: Final = "README.md"
_MOST_CHARACTERS: Final = 2**15
_FRONT_MATTER: Final = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)


def front_matter(card: bytes) -> str | None:
    """Return the YAML that a card begins with, between two lines of ---; `None` where there is none."""
    found = _FRONT_MATTER.match(card.decode("utf-8", "replace")[:_MOST_CHARACTERS])
    return found[1] if found else None


def texts(value: object) -> list[str]:
    """Return the texts of a field that holds one or a list of them, without what is none."""
    listed = value if isinstance(value, list) else [value]
    return [each.strip() for each in listed if isinstance(each, str) and each.strip()]


def licences(front: Mapping[str, Any]) -> list[str]:
    """Return the licences that a card names: by "license", or by "license_name" where that is "other"."""
    named = texts(front.get("license"))
    if [name.casefold() for name in named] == ["other"]:
        return texts(front.get("license_name")) or named
    return named
