"""The model card and the licence text: what is missing is a finding, what contradicts the declaration is refused.

Source: design, registry and originality, "Validation at commit": model card with licence, languages, data summary
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from weights.card import CARD, front_matter, licences, texts

from registry.domain.checkpoint import Finding

if TYPE_CHECKING:
    from collections.abc import Collection

LICENCE_TEXTS: Final = frozenset(
    {"LICENSE", "LICENCE", "LICENSE.md", "LICENCE.md", "LICENSE.txt", "LICENCE.txt", "NOTICE"}
)
_DATA: Final = re.compile(
    r"^(?:#{1,6}[ \t]|[-*][ \t]+)[^\n]{0,80}?(?:\bdata(?:sets?)?\b|데이터|말뭉치)", re.IGNORECASE | re.MULTILINE
)


class CardContradictsError(Exception):
    """The model card names another licence than is declared."""

    def __init__(self, value: str, declared: str) -> None:
        """Keep what the card says as `value`, and what is `declared` in the `rule`."""
        super().__init__(f"{CARD} names the licence {value!r}, {declared!r} is declared")
        self.field = f"{CARD}: license"
        self.value = value
        self.rule = f"must be the declared licence, {declared}"


def check_card(card: bytes | None, licence: str, paths: Collection[str]) -> list[Finding]:
    """Return what is missing in the card of a checkpoint with these paths. Raises `CardContradictsError`."""
    findings = []
    if not _is_spdx(licence) and not LICENCE_TEXTS & set(paths):
        told = "a licence that is no SPDX identifier stands in a file"
        findings.append(Finding("LICENCE_TEXT_MISSING", "LICENSE", "missing", told))
    if card is None:
        told = "a model card says licence, languages and data"
        return [*findings, Finding("CARD_MISSING", CARD, "missing or too large to be read", told)]
    front = _read(front_matter(card))
    if front is None:
        told = "a model card begins with YAML between two lines of ---"
        findings.append(Finding("CARD_FRONT_MATTER_MISSING", CARD, "none that can be read", told))
    findings += _licence(front or {}, licence)
    if not texts((front or {}).get("language")):
        findings.append(Finding("CARD_LANGUAGES_MISSING", f"{CARD}: language", "nothing", "names the languages"))
    if not texts((front or {}).get("datasets")) and not _DATA.search(card.decode("utf-8", "replace")):
        told = "has a section on the data that it was trained on"
        findings.append(Finding("CARD_DATA_MISSING", f"{CARD}: data", "nothing", told))
    return findings


def _read(yaml: str | None) -> dict[str, Any] | None:
    from rules import YamlRefusedError, read_yaml

    if yaml is None:
        return None
    try:
        document = read_yaml(yaml)
    except YamlRefusedError:
        return None
    return document if isinstance(document, dict) else None


def _licence(front: dict[str, Any], declared: str) -> list[Finding]:
    named = licences(front)
    if not named:
        return [Finding("CARD_LICENCE_MISSING", f"{CARD}: license", "nothing", f"names the licence, {declared}")]
    same = {_plain(name) for name in named} <= {_plain(word) for word in [declared, *re.split(r"[\s()]+", declared)]}
    if not same and len(named) == 1 and [name.casefold() for name in named] != ["other"]:
        raise CardContradictsError(named[0][:80], declared)
    if same:
        return []
    return [
        Finding("CARD_LICENCE_DIFFERS", f"{CARD}: license", ", ".join(named)[:80], f"names the licence, {declared}")
    ]


def _plain(name: str) -> str:
    return name.strip().casefold().removeprefix("licenseref-")


def _is_spdx(licence: str) -> bool:
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    if "licenseref-" in licence.casefold():
        return False
    try:
        canonicalize_license_expression(licence)
    except InvalidLicenseExpression:
        return False
    return True
