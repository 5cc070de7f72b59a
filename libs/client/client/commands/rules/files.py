"""Reading what the commands are given, and refusing it in words: each fault with path, value, rule and code."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from client.commands.rules.language import both, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rules import Decision, Inputs, InputsIncompleteError, RuleSet, Violation
    from rules.explaining_words import Language

STANDARD_INPUT = Path("-")
SHOWN = 50
"""So many faults are printed; all of them are in the JSON."""


def _file(metavar: str, english: str, korean: str) -> Any:
    return typer.Argument(metavar=metavar, help=both(english, korean), dir_okay=False, readable=True)


def rules_file(metavar: str) -> Any:
    """The argument that names a rule set."""
    return _file(metavar, "A rule set, YAML or JSON; - for standard input.", "평가기준 파일(YAML, JSON), -는 표준 입력")


RulesFile = Annotated[Path, rules_file("RULES")]
ScoresFile = Annotated[
    Path,
    _file(
        "SCORES", "Scores: .csv, .yaml, or canonical .json as the platform keeps them.", "점수 파일: .csv, .yaml, .json"
    ),
]
Seed = Annotated[
    str | None, typer.Option(help=both("The revealed seed of the lot, for a .csv.", "추첨의 씨앗값(.csv일 때)"))
]


def content(path: Path, lang: Language) -> bytes:
    """The bytes of a file, or of standard input for `-`. Raises typer.BadParameter where there is no such file."""
    if path == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    if not path.exists():
        raise typer.BadParameter(say(lang, f"there is no file {path}", f"{path} 파일이 없습니다"))
    return path.read_bytes()


def write(path: Path, text: str, lang: Language) -> None:
    """Write a text and say where. Raises typer.BadParameter where nothing can be written."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        told = say(lang, f"{path} cannot be written", f"{path}에 쓸 수 없습니다")
        raise typer.BadParameter(f"{told} ({error.strerror})") from error
    print(path, file=sys.stderr)


def rule_set_of(path: Path, lang: Language, *, as_json: bool = False) -> RuleSet:
    """The rule set of a file; says every defect and ends with 1 where it has any."""
    from rules import RuleSetInvalidError, load_rule_set

    try:
        return load_rule_set(content(path, lang))
    except RuleSetInvalidError as error:
        refuse(str(path), error.violations, lang, as_json=as_json)


def inputs_of(path: Path, rule_set: RuleSet, lang: Language, *, seed: str | None, as_json: bool = False) -> Inputs:
    """The inputs of a score file; says every fault and ends with 1 where it has any."""
    return inputs_from(content(path, lang), path, rule_set, lang, seed=seed, as_json=as_json)


def inputs_from(
    data: bytes, path: Path, rule_set: RuleSet, lang: Language, *, seed: str | None, as_json: bool = False
) -> Inputs:
    """The inputs of the bytes of a score file, a table where its name says so."""
    from rules import InputsRefusedError
    from rules.score_file import load_inputs
    from rules.score_file_csv import load_csv_inputs

    try:
        if path.suffix.lower() == ".csv":
            return load_csv_inputs(data, rule_set, seed=seed)
        canonical = _json_document(data, "dokpamo/inputs/1")
        if canonical is not None:
            from rules import inputs_from_json

            return inputs_from_json(canonical)
        return load_inputs(data)
    except InputsRefusedError as error:
        refuse(str(path), error.violations, lang, as_json=as_json)


def decision_from(data: bytes, path: Path, lang: Language) -> Decision | None:
    """The decision of a file's bytes, None if it is something else; says what is wrong with it and ends with 1."""
    from rules import DecisionRefusedError, decision_from_json

    canonical = _json_document(data, "dokpamo/decision/1")
    if canonical is None:
        return None
    try:
        return decision_from_json(canonical)
    except DecisionRefusedError as error:
        refuse(str(path), error.violations, lang)


def _json_document(data: bytes, form: str) -> bytes | None:
    """A JSON document of this format, canonical whatever its white space was; None for anything else."""
    from rules import canonical_json

    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or value.get("format") != form:
        return None
    try:
        return canonical_json(value)
    except ValueError:  # what has no canonical form is refused by the reader
        return data


def decided(rule_set: RuleSet, inputs: Inputs, name: str, lang: Language, *, as_json: bool = False) -> Decision:
    """The decision; says what no rule allows or what is missing and ends with 1."""
    from rules import InputsIncompleteError, InputsRefusedError, decide

    try:
        return decide(rule_set, inputs)
    except InputsRefusedError as error:
        refuse(name, error.violations, lang, as_json=as_json)
    except InputsIncompleteError as error:
        refuse_incomplete(name, error, lang, as_json=as_json)


def refuse(name: str, violations: Sequence[Violation], lang: Language, *, as_json: bool = False) -> NoReturn:
    """Say what is wrong with a document, every place of it, and end with 1."""
    if as_json:
        print_json({"file": name, "refused": violations_json(violations)})
    else:
        say_refused(name, violations, lang)
    raise typer.Exit(1)


def refuse_incomplete(name: str, error: InputsIncompleteError, lang: Language, *, as_json: bool = False) -> NoReturn:
    """Say what is missing and end with 1."""
    from rules.explaining_refusals import missing_words

    if as_json:
        print_json({"file": name, "code": error.code, "missing": [asdict(each) for each in error.missing]})
    else:
        told = say(lang, "cannot be decided, something is missing", "결정할 수 없음: 빠진 것이 있음")
        print(f"{name}: {told} ({error.code}): {len(error.missing)}", file=sys.stderr)
        _print_some((f"- {missing_words(each, lang)}" for each in error.missing), len(error.missing))
    raise typer.Exit(1)


def say_refused(name: str, violations: Sequence[Violation], lang: Language) -> None:
    """Print every place that is wrong: path, value, rule, code."""
    from rules.explaining_refusals import refusal_words

    told = say(lang, f"refused, faults: {len(violations)}", f"거부됨: 잘못된 곳 {len(violations)}개")
    print(f"{name}: {told}", file=sys.stderr)
    lines = (f"✗ {refusal_words(each, lang)}" for each in violations)
    _print_some(lines, len(violations))


def _print_some(lines: Iterable[str], count: int) -> None:
    for number, line in enumerate(lines):
        if number == SHOWN:
            print(f"… +{count - SHOWN} (--json)", file=sys.stderr)
            return
        print(line, file=sys.stderr)


def violations_json(violations: Iterable[Violation]) -> list[dict[str, str]]:
    """Violations as JSON values."""
    return [{"path": each.path, "value": each.value, "rule": each.rule, "code": each.code} for each in violations]


def print_json(value: Any) -> None:
    """Print JSON for people and programs."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def fail(command: str, why: str, code: int = 1) -> NoReturn:
    """Say why a command ends without having done what was asked."""
    print(f"rules {command}: {why}", file=sys.stderr)
    raise typer.Exit(code)
