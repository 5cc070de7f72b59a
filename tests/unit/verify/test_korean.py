"""Everything that a check can say is said in Korean too: no sentence of the package is without its own."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import verify
from verify import canonical
from verify.check import check_files
from verify.command import main
from verify.export import write
from verify.findings import Finding, Report
from verify.folder import Folder, read
from verify.korean_command import COMMAND
from verify.korean_decisions import DECISIONS
from verify.korean_log import LOG, PLACES
from verify.words import SAID, Language, finding_of, in_korean

from tests.builders.public_record import small_record
from tests.builders.tampering import changed, fitting, near_changes

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(verify.__file__).parent
TABLE = LOG | DECISIONS | COMMAND | PLACES
ELSEWHERE = {
    "korean_log.py", "korean_decisions.py", "korean_command.py", "words.py",
    # names and texts that are the same in every language
    "told.py", "layout.py", "readme.py", "readme_korean.py", "instants.py",
    # refusals of who writes a record or watches the log, which are no findings
    "export.py", "writer.py", "witnessing.py", "tree.py",
}  # fmt: skip
JOINED = {
    "{}: {}": "a name, and what is wrong with it",
    "{} {}": "a name, and what is wrong with it",
    "{} of {}": "what a value is, and whose",
    "{}, {}": "whose a value is, and which member",
    "version {} of the decision of stage {} {}": "and what is wrong with it",
    "version {} of stage {}: {}": "and what is told wrong",
    "{}, version {}": "which decision is not verified",
    "{}, gate {}, team {}": "which verdict is not verified",
    "{}{} {}": "the line of a signature",
    "{} is {}: {} of {} judges found for the team": "a pass or a failure",
    "{} of {} witnesses cosigned, {} are wanted; not seen: ": "and their names",
    "cosignature/v1\ntime {}\n{}": "what a witness signs",
    ": is not in the log": "and of what",
    ", byte {}": "after a line",
    "somebody in entry {}": "in the place of a name",
    "a {}": "a kind of value",
}
"""Templates that only join others, each with what it joins."""
PIECES = {
    "score of {}", "measurement of {}", "verdict of {}", "comparison of {}", "carried figure of {}",
    "{}: is not in the log", "line {}, byte {}", "", "nothing", "the key",
    "{} of {} witnesses cosigned, {} are wanted; not seen: {}",
    "{} is a pass: {} of {} judges found for the team", "{} is a failure: {} of {} judges found for the team",
    "version {} of the decision of stage {} was made by other rules than the final one",
    "version {} of the decision of stage {} has other inputs than the log gives",
    "version {} of the decision of stage {} is not what its rule set and inputs give",
    "team {} did not enter the stage",
}  # fmt: skip
"""What the joining makes, and what is said by one word or by the rules."""
WORDS = {"--from or --to", "a pass", "a failure", "carried figure", "was made by other rules than the final one",
         "has other inputs than the log gives"}  # fmt: skip
"""What is only ever joined."""


def sentences() -> Iterator[tuple[str, str]]:
    """Module and template of every text in the package that has a space and is no docstring."""
    for path in sorted(PACKAGE.glob("*.py")):
        if path.name not in ELSEWHERE:
            yield from ((path.name, template) for template in templates(ast.parse(path.read_text(encoding="utf-8"))))


def templates(tree: ast.AST) -> Iterator[str]:
    """The texts of a module, with a pair of braces for each figure; docstrings, and what is in a figure, left out."""
    known = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    for each in ast.walk(tree):
        if isinstance(each, ast.JoinedStr):
            known.update(id(part) for part in ast.walk(each) if isinstance(part, ast.Constant) and id(part) != id(each))
    for each in ast.walk(tree):
        text = ""
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and id(each) not in known:
            text = each.value
        elif isinstance(each, ast.JoinedStr) and id(each) not in known:
            parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in each.values)
            text = "".join(map(str, parts))
        if " " in text.strip() or text in TABLE:
            yield text


@pytest.mark.parametrize(("module", "template"), sorted(set(sentences())))
def test_every_sentence_has_its_korean(module: str, template: str) -> None:
    assert template in TABLE or template in JOINED or template in WORDS, f"{module}: no Korean for {template!r}"


def test_no_korean_is_left_of_a_sentence_that_is_gone() -> None:
    assert set(TABLE) - {template for _, template in sentences()} - PIECES == set()


def test_every_figure_of_a_sentence_is_in_its_korean() -> None:
    wrong = {
        english: korean
        for english, korean in TABLE.items()
        if sorted(re.findall(r"\{(\d)\}", korean)) != [str(number) for number in range(english.count("{}"))]
    }
    assert wrong == {}


def test_every_heading_is_in_both_languages_with_the_same_figures() -> None:
    for name, (english, korean) in SAID.items():
        assert set(re.findall(r"\{(\w+)\}", english)) == set(re.findall(r"\{(\w+)\}", korean)), name
        assert re.search("[가-힣]", korean), name


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (Finding("a.json", "line 3, byte 9", "not UTF-8"), "a.json, 3번째 줄 9번째 바이트: UTF-8이 아닙니다"),
        (Finding("", "", "is no folder, or not there"), "폴더: 폴더가 아니거나 없습니다"),
        (
            Finding("inputs/s.json", "", "score of panel, kim, beta, plan: 60 here, 43 in the log"),
            "inputs/s.json: panel, kim, beta, plan의 점수: 여기는 60, 기록은 43",
        ),
        (
            Finding("decisions/s.json", "table[team beta].total", "'70.6' here, '70.5' expected"),
            "decisions/s.json, table[team beta].total: 여기는 '70.6', 나와야 할 것은 '70.5'",
        ),
        (
            Finding("decisions/s.json", "a", "nothing here, 1 expected"),
            "decisions/s.json, a: 여기는 없음, 나와야 할 것은 1",
        ),
    ],
)
def test_a_finding_is_said_with_its_figures(finding: Finding, said: str) -> None:
    assert finding_of(finding, Language.KO) == said
    assert finding_of(finding, Language.EN) == str(finding)


def test_what_nobody_knows_stays_as_it_is() -> None:
    assert in_korean("a sentence of another release") == "a sentence of another release"


def test_whatever_is_changed_is_told_in_korean(tmp_path: Path) -> None:
    """Every value of every document of a small record, and every fifth line of its log."""
    write(small_record(), tmp_path / "export")
    files, said = read(tmp_path / "export", Report()).files, set[str]()
    for path in files:
        if not path.endswith(".json") or path == "manifest.json":
            continue
        for change in near_changes(json.loads(files[path])):
            data = canonical.encode(changed(json.loads(files[path]), change))
            report = check_files(Folder(fitting(files | {path: data}, path)), Report())
            said.update(finding_of(each, Language.KO) for each in report.findings)
    assert len(said) > 200
    assert [each for each in said if not re.search("[가-힣]", each.partition(": ")[2])] == []


def test_the_help_and_what_is_refused_are_in_the_language_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--lang", "ko", "--help"])
    assert "다른 경로로 아는 기록 열쇠의 지문" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["folder", "--key", "x", "--lang=ko"])
    assert "--key 소문자 16진수 64자리여야 합니다" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["folder", "--key", "x"])
    assert "--key must be 64 digits of lower-case hex" in capsys.readouterr().err
