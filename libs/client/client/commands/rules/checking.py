"""`dokpamo rules validate`, `schema` and `hash`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

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


def validate(files: _Files, as_json: AsJson = False, lang: AnyLang = None) -> None:
    """Check rule sets."""
    from rules import RuleSetInvalidError, load_rule_set, sha256_of

    language = spoken(lang)
    report: list[dict[str, Any]] = []
    for path in files:
        try:
            rule_set = load_rule_set(content(path))
        except RuleSetInvalidError as error:
            report.append({"file": str(path), "valid": False, "violations": violations_json(error.violations)})
            if not as_json:
                say_refused(str(path), error.violations, language)
            continue
        sha = sha256_of(rule_set)
        identity = {"id": rule_set.id, "version": rule_set.version, "stage": rule_set.stage, "sha256": sha}
        report.append({"file": str(path), "valid": True, **identity, "violations": []})
        if not as_json:
            told = "옳음" if language == "ko" else "sound"
            print(f"✓ {path}: {told}, {rule_set.id} {rule_set.version}, SHA-256 {sha}")
    if as_json:
        print_json(report)
    sys.stdout.flush()
    raise typer.Exit(0 if all(each["valid"] for each in report) else 1)


def schema() -> None:
    """Print the JSON Schema of rule sets."""
    from rules import schema as schema_of_rule_sets

    print_json(schema_of_rule_sets())


def sha256(rules: RulesFile, lang: AnyLang = None) -> None:
    """Print a rule set's SHA-256."""
    from rules import sha256_of

    print(sha256_of(rule_set_of(rules, spoken(lang))))
