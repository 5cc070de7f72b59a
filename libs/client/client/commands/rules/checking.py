"""`dokpamo rules validate`, `schema` and `hash`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from client.commands.rules.files import (
    RulesFile,
    content,
    print_json,
    rule_set_of,
    say_refused,
    violations_json,
)
from client.commands.rules.language import AnyLang, AsJson, both, spoken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules import RuleSet, Violation
    from rules.explaining_words import Language


def register(group: typer.Typer) -> None:
    """Add the commands."""
    group.command("validate", help=_VALIDATE, short_help=_CHECK)(validate)
    group.command("schema", help=_SCHEMA, short_help=_SCHEMA_SHORT)(schema)
    group.command("hash", help=_HASH, short_help=_HASH_SHORT)(sha256)


_CHECK = both("Check rule sets and name every defect.", "평가기준의 잘못된 곳을 모두 알려 줍니다.")
_SCHEMA_SHORT = both("Print the JSON Schema of rule sets.", "평가기준의 JSON Schema를 출력합니다.")
_HASH_SHORT = both("Print a rule set's SHA-256.", "평가기준의 SHA-256을 출력합니다.")
_VALIDATE = both(
    "Check rule sets: every defect with its path, value, rule and code. Ends with 0 if all are sound, else with 1.",
    "평가기준을 검사합니다. 잘못된 곳마다 위치, 값, 규칙, 코드를 알려 줍니다. 모두 옳으면 0, 아니면 1로 끝납니다.",
)
_SCHEMA = both(
    "Print the JSON Schema (2020-12) of rule sets, for editors that check while you write.",
    "평가기준의 JSON Schema(2020-12)를 출력합니다. 쓰는 동안 검사하는 편집기에 씁니다.",
)
_HASH = both(
    "Print the SHA-256 of a rule set's canonical form (RFC 8785), which scores and decisions cite.",
    "점수와 결정이 인용하는 평가기준의 SHA-256(RFC 8785 정규형)을 출력합니다.",
)
_Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE",
        help=both("Rule sets, YAML or JSON; - for standard input.", "평가기준 파일들(YAML, JSON), -는 표준 입력"),
        dir_okay=False,
        readable=True,
    ),
]

_Programme = Annotated[
    bool,
    typer.Option(
        "--programme",
        help=both(
            "These are all rule sets of one programme: hold them against each other, too.",
            "한 프로그램의 평가기준 전부이므로 서로도 맞는지 검사",
        ),
    ),
]
_Schedule = Annotated[
    Path | None,
    typer.Option(
        help=both(
            "The programme's schedule: its dates are the rule sets'.", "프로그램의 일정 파일과 날짜가 맞는지 검사"
        ),
        dir_okay=False,
    ),
]


def validate(
    files: _Files,
    programme: _Programme = False,
    schedule: _Schedule = None,
    as_json: AsJson = False,
    lang: AnyLang = None,
) -> None:
    """Check rule sets."""
    from rules import RuleSetInvalidError, load_rule_set, sha256_of

    language = spoken(lang)
    report: list[dict[str, Any]] = []
    sound = []
    for path in files:
        try:
            rule_set = load_rule_set(content(path, language))
        except RuleSetInvalidError as error:
            report.append(_faulty(str(path), error.violations, language, as_json=as_json))
            continue
        sound.append(rule_set)
        sha = sha256_of(rule_set)
        identity = {"id": rule_set.id, "version": rule_set.version, "stage": rule_set.stage, "sha256": sha}
        report.append({"file": str(path), "valid": True, **identity, "violations": []})
        if not as_json:
            print(f"✓ {path}: {_sound(language)}, {rule_set.id} {rule_set.version}, SHA-256 {sha}")
    if (programme or schedule is not None) and len(sound) == len(files):
        report.append(_together(sound, schedule, language, as_json=as_json))
    if as_json:
        print_json(report)
    sys.stdout.flush()
    raise typer.Exit(0 if all(each["valid"] for each in report) else 1)


def _together(rule_sets: list[RuleSet], schedule: Path | None, lang: Language, *, as_json: bool) -> dict[str, Any]:
    """Hold the rule sets of one programme against each other, and against its schedule."""
    from rules import ScheduleInvalidError, check_programme, load_schedule
    from rules.scheduling import plan

    name = str(schedule) if schedule else ("프로그램" if lang == "ko" else "programme")
    try:
        instants = plan(load_schedule(content(schedule, lang))).instants if schedule else None
        found = check_programme(rule_sets, instants)
    except ScheduleInvalidError as error:
        found = list(error.violations)
    if found:
        return _faulty(name, found, lang, as_json=as_json)
    if not as_json:
        print(f"✓ {name}: {_sound(lang)}, {', '.join(each.stage for each in rule_sets)}")
    return {"file": name, "valid": True, "violations": []}


def _faulty(name: str, found: Sequence[Violation], lang: Language, *, as_json: bool) -> dict[str, Any]:
    if not as_json:
        say_refused(name, found, lang)
    return {"file": name, "valid": False, "violations": violations_json(found)}


def _sound(lang: Language) -> str:
    return "옳음" if lang == "ko" else "sound"


def schema() -> None:
    """Print the JSON Schema of rule sets."""
    from rules import schema as schema_of_rule_sets

    print_json(schema_of_rule_sets())


def sha256(rules: RulesFile, lang: AnyLang = None) -> None:
    """Print a rule set's SHA-256."""
    from rules import sha256_of

    print(sha256_of(rule_set_of(rules, spoken(lang))))
