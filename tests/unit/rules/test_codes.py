"""Every stable code that the engine refuses with is met in a test."""

import ast
from pathlib import Path

import rules

FOLDER = Path(rules.__file__).parent
TESTS = Path(__file__).parent
REFUSALS = {"violation", "OperatorError", "repeated"}


def codes(file: Path) -> set[str]:
    """What looks like a code in a call that makes a refusal."""
    calls = (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))
    refusals = (call for call in calls if isinstance(call.func, ast.Name) and call.func.id in REFUSALS)
    constants = (node.value for call in refusals for node in ast.walk(call) if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str) and value.isupper() and "_" in value}


def test_every_code_is_met_in_a_test() -> None:
    tested = "".join(file.read_text() for file in TESTS.glob("test_*.py"))
    found = {code: file.name for file in FOLDER.glob("*.py") for code in codes(file)}
    assert len(found) > 60
    # Bytes that are no document at all are told from others by the error's class.
    malformed = {code for code in found if code.endswith("_MALFORMED")}
    assert {code: file for code, file in found.items() if code not in malformed and f'"{code}"' not in tested} == {}
