"""What stands beside the findings and is no finding: configuration, tokenizer, licences."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weights.folder import ModelFolder

_LICENCE_NAMES: Final = ("license", "licence", "copying", "notice", "use_policy", "usage_policy")
_FIRST_LINES = 4096


@dataclass(frozen=True, slots=True)
class Overlap:
    """Tokens of two tokenizers: how many each has, how many both, and how many of these at the same row."""

    first: int
    second: int
    both: int
    same_row: int


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of two configurations."""

    name: str
    first: Any
    second: Any


@dataclass(frozen=True, slots=True)
class Licence:
    """A text of a licence in a folder: its name, its first words and its SHA-256."""

    file: str
    begins: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Context:
    """What may explain likeness without any weight taken over, or say nothing: for readers, and never a verdict.

    Source: registry-and-originality.md, "Originality examination": also reported, as context and not as verdict.
    """

    tokens: Overlap | None
    settings_equal: int
    settings_differ: tuple[Setting, ...]
    licences_first: tuple[Licence, ...]
    licences_second: tuple[Licence, ...]


def context(
    first: ModelFolder, second: ModelFolder, vocabularies: tuple[Mapping[str, int], Mapping[str, int]]
) -> Context:
    """Gather what stands beside the findings."""
    left, right = (_flat(folder.configuration) for folder in (first, second))
    differ = [Setting(name, left.get(name), right.get(name)) for name in sorted(left.keys() | right.keys())]
    return Context(
        _overlap(*vocabularies) if all(vocabularies) else None,
        sum(one.first == one.second for one in differ),
        tuple(one for one in differ if one.first != one.second),
        _licences(first),
        _licences(second),
    )


def _overlap(first: Mapping[str, int], second: Mapping[str, int]) -> Overlap:
    both = first.keys() & second.keys()
    return Overlap(len(first), len(second), len(both), sum(first[token] == second[token] for token in both))


def _flat(settings: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            made |= _flat(value, f"{before}{name}.")
        elif isinstance(value, str | int | float | bool) or value is None:
            made[f"{before}{name}"] = value
    return made


def _licences(folder: ModelFolder) -> tuple[Licence, ...]:
    if not folder.path.is_dir():
        return ()
    made = []
    for name in sorted(file.name for file in folder.root.iterdir() if file.is_file()):
        if not name.lower().startswith(_LICENCE_NAMES):
            continue
        found = folder.file(name)
        if found is not None:
            data = found.read_bytes()
            begins = " ".join(data[:_FIRST_LINES].decode("utf-8", "replace").split())[:120]
            made.append(Licence(name, begins, hashlib.sha256(data).hexdigest()))
    return tuple(made)
