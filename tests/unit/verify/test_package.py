"""The package is small enough for a stranger to read: its README names every module, and it depends on little."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import verify

PACKAGE = Path(verify.__file__).parent
README = (PACKAGE.parent / "README.md").read_text(encoding="utf-8")
DEPENDS_ON = {"verify", "rules", "cryptography", "rfc8785"}


def test_the_readme_names_every_module() -> None:
    named = set(re.findall(r"`(\w+)`", README.partition("## To read it")[2]))
    assert named - {"verify"} == {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}


def test_it_imports_nothing_but_what_its_readme_says() -> None:
    imported = {
        name.partition(".")[0]
        for path in PACKAGE.glob("*.py")
        for each in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in ([alias.name for alias in each.names] if isinstance(each, ast.Import) else
                     [each.module or ""] if isinstance(each, ast.ImportFrom) else [])
    }  # fmt: skip
    assert imported - sys.stdlib_module_names == DEPENDS_ON
    assert all(f"`dokpamo-{name}`" in README or f"`{name}`" in README for name in DEPENDS_ON - {"verify"})
