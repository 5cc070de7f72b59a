"""`dokpamo rules diff`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from client.commands.rules.files import Seed, inputs_of, print_json, rule_set_of, rules_file
from client.commands.rules.language import AnyLang, AsJson, both, spoken

if TYPE_CHECKING:
    from rules import RuleSet
    from rules.explaining_words import Language
    from rules.sensitivity_trials import Outcome

_SHORT = both("Say what changed in meaning between two.", "두 평가기준의 뜻이 바뀐 곳을 알려 줍니다.")
_DIFF = both(
    "Say what changed in meaning from one rule set to another, and which changes could move the order."
    " Ends with 0 if nothing did, with 1 if something did.",
    "두 평가기준 사이에 뜻이 바뀐 곳과, 순위를 움직일 수 있는 변화를 알려 줍니다."
    " 바뀐 것이 없으면 0, 있으면 1로 끝납니다.",
)
_MOVING = {"ko": "순위를 움직일 수 있음", "en": "could move the order"}
_OTHERS = {"ko": "순위와 무관함", "en": "cannot move the order"}

_SAME = {"ko": "이 점수로는 순위가 그대로", "en": "on these scores the order stays"}
_MOVED = {"ko": "이 점수로 순위가 바뀜", "en": "on these scores the order moves"}
_UNDECIDED = {
    "ko": "이 점수로는 둘 중 하나 이상이 결정할 수 없음",
    "en": "on these scores one of the two cannot decide",
}
_Scores = Annotated[
    Path | None,
    typer.Option(
        help=both("Scores: decide under both, and show what moves.", "점수 파일: 둘 다로 결정하여 달라지는 것을 보임"),
        dir_okay=False,
    ),
]


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command("diff", help=_DIFF, short_help=_SHORT)(diff)


def diff(
    old: Annotated[Path, rules_file("OLD")],
    new: Annotated[Path, rules_file("NEW")],
    scores: _Scores = None,
    seed: Seed = None,
    as_json: AsJson = False,
    lang: AnyLang = None,
) -> None:
    """Say what changed in meaning."""
    from rules import sha256_of
    from rules.differing import differences

    language = spoken(lang)
    before, after = (rule_set_of(path, language, as_json=as_json) for path in (old, new))
    changes = differences(before, after)
    outcomes = None if scores is None else _outcomes(before, after, scores, seed, language)
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
        tried = {} if outcomes is None else dict(zip(("old", "new"), map(_as_json, outcomes), strict=True))
        print_json({**hashes, "changes": told, **({"outcomes": tried} if tried else {})})
    else:
        print(f"- {old} {hashes['old_sha256']}\n+ {new} {hashes['new_sha256']}")
        for moves, heading in ((True, _MOVING), (False, _OTHERS)):
            _print(
                heading[language],
                [f"{each.path}: {each.words[language]}" for each in changes if each.can_move_order is moves],
            )
        if not changes:
            print(_nothing(language, same_bytes=len(set(hashes.values())) == 1))
        if outcomes is not None:
            _print_outcomes(*outcomes, language)
    raise typer.Exit(1 if changes else 0)


def _outcomes(
    before: RuleSet, after: RuleSet, scores: Path, seed: str | None, lang: Language
) -> tuple[Outcome, Outcome]:
    """What both decide on the same scores, which are those of the old rule set's stage."""
    from rules.sensitivity_trials import tried

    inputs = inputs_of(scores, before, lang, seed=seed)
    return tried(before, inputs), tried(after, inputs)


def _as_json(outcome: Outcome) -> dict[str, Any]:
    if outcome.refused:
        return {"refused": [str(each) for each in outcome.refused]}
    return {"order": outcome.order, "advanced": outcome.advanced, "totals": dict(outcome.totals)}


def _print_outcomes(before: Outcome, after: Outcome, lang: Language) -> None:
    from rules.explaining_refusals import why_words

    same = before.same_order(after) and before.same_winners(after)
    heading = _UNDECIDED if before.refused or after.refused else _SAME if same else _MOVED
    print(heading[lang])
    for sign, outcome in (("-", before), ("+", after)):
        order = [team + ("" if team in outcome.advanced else " ✗") for team in outcome.order]
        print(f"  {sign} {why_words(outcome.refused, lang) or ' > '.join(order)}")


def _print(heading: str, lines: list[str]) -> None:
    if lines:
        print(f"{heading}: {len(lines)}")
        print("\n".join(f"  {line}" for line in lines))


def _nothing(lang: Language, *, same_bytes: bool) -> str:
    if same_bytes:
        return "같은 문서" if lang == "ko" else "the same document"
    return "뜻은 같고 나열 순서만 다름" if lang == "ko" else "the same meaning; only the order of listing differs"
