"""`dokpamo rules diff`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from client.commands.rules.files import RulesFile, print_json, rule_set_of
from client.commands.rules.language import AnyLang, AsJson, both, spoken

if TYPE_CHECKING:
    from rules.explaining_words import Language

_SHORT = both("Say what changed in meaning between two.", "두 평가기준의 뜻이 바뀐 곳을 알려 줍니다.")
_DIFF = both(
    "Say what changed in meaning from one rule set to another, and which changes could move the order."
    " Ends with 0 if nothing did, with 1 if something did.",
    "두 평가기준 사이에 뜻이 바뀐 곳과, 순위를 움직일 수 있는 변화를 알려 줍니다."
    " 바뀐 것이 없으면 0, 있으면 1로 끝납니다.",
)
_MOVING = {"ko": "순위를 움직일 수 있음", "en": "could move the order"}
_OTHERS = {"ko": "순위와 무관함", "en": "cannot move the order"}


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command("diff", help=_DIFF, short_help=_SHORT)(diff)


def diff(old: RulesFile, new: RulesFile, as_json: AsJson = False, lang: AnyLang = None) -> None:
    """Say what changed in meaning."""
    from rules import sha256_of
    from rules.differing import differences

    language = spoken(lang)
    before, after = (rule_set_of(path, language, as_json=as_json) for path in (old, new))
    changes = differences(before, after)
    hashes = {"old_sha256": sha256_of(before), "new_sha256": sha256_of(after)}
    if as_json:
        told = [
            {
                "path": each.path,
                "old": each.old,
                "new": each.new,
                "can_move_order": each.can_move_order,
                "words": each.words,
            }
            for each in changes
        ]
        print_json({**hashes, "changes": told})
    else:
        print(f"- {old} {hashes['old_sha256']}\n+ {new} {hashes['new_sha256']}")
        for moves, heading in ((True, _MOVING), (False, _OTHERS)):
            _print(
                heading[language],
                [f"{each.path}: {each.words[language]}" for each in changes if each.can_move_order is moves],
            )
        if not changes:
            print(_nothing(language, same_bytes=len(set(hashes.values())) == 1))
    raise typer.Exit(1 if changes else 0)


def _print(heading: str, lines: list[str]) -> None:
    if lines:
        print(f"{heading}: {len(lines)}")
        print("\n".join(f"  {line}" for line in lines))


def _nothing(lang: Language, *, same_bytes: bool) -> str:
    if same_bytes:
        return "같은 문서" if lang == "ko" else "the same document"
    return "뜻은 같고 나열 순서만 다름" if lang == "ko" else "the same meaning; only the order of listing differs"
