"""In which language the commands speak: as asked by `--lang`, else as the locale says, else English."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules.explaining_words import Language


class Lang(StrEnum):
    """A language to speak."""

    KO = "ko"
    EN = "en"


def of_locale(environ: Mapping[str, str]) -> Lang:
    """The language of the first of these variables that is set."""
    for name in ("DOKPAMO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environ.get(name):
            return Lang.KO if value.lower().startswith("ko") else Lang.EN
    return Lang.EN


def spoken(asked: Lang | None) -> Language:
    """The language to answer in."""
    return "ko" if (asked or of_locale(os.environ)) is Lang.KO else "en"


def say(lang: Language, english: str, korean: str) -> str:
    """The one of two texts that is in the language."""
    return korean if lang == "ko" else english


def both(english: str, korean: str) -> str:
    """The text for a help page, which is made before the options are read."""
    arguments = " ".join(sys.argv[1:]).replace("--lang=", "--lang ")
    asked = next((lang for lang in Lang if f"--lang {lang}" in arguments), None)
    return say(spoken(asked), english, korean)


AnyLang = Annotated[
    Lang | None,
    typer.Option("--lang", help=both("Language of the answer; default: the locale's.", "답하는 언어, 기본값은 로캘")),
]
AsJson = Annotated[bool, typer.Option("--json", help=both("Print JSON.", "JSON으로 출력"))]
