"""How examinations are told in a terminal, as JSON and as pages, and how refusals are."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from client.commands.rules.files import print_json
from client.commands.rules.language import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from originality import Finding
    from originality.folders import FolderReport
    from rules.explaining_words import Language

NOTHING, SOMETHING, REFUSED = 0, 1, 2
# The registry tells these two with the same codes.
_CODES = {
    "SafetensorsRefusedError": "SAFETENSORS_REFUSED",
    "CheckpointFileTruncatedError": "CHECKPOINT_FILE_TRUNCATED",
}


@contextmanager
def refusing(command: str, language: Language, *, as_json: bool) -> Iterator[None]:
    """Tell the refusal of a model and end with 2."""
    from originality import WeightsRefusedError
    from weights.folder import FolderRefusedError
    from weights.safetensors import CheckpointFileTruncatedError, SafetensorsRefusedError

    try:
        yield
    except (FolderRefusedError, WeightsRefusedError, SafetensorsRefusedError, CheckpointFileTruncatedError) as error:
        code = getattr(error, "code", _CODES.get(type(error).__name__))
        refusal = {"code": code, "field": error.field, "value": str(error.value), "rule": error.rule}
        if as_json:
            print_json({"refused": refusal})
        told = say(language, "refused", "거부됨")
        words = f"{error.field}: {error.value}; {error.rule} ({code})"
        print(f"originality {command}: {told}: {words}", file=sys.stderr)
        raise typer.Exit(REFUSED) from error


@contextmanager
def advancing() -> Iterator[Callable[[int, int, str], None]]:
    """Show how far an examination is, on a terminal; elsewhere nothing, so that a log stays short."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description:<40}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=None)

        def progress(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done - 1, total=total, description=what)

        yield progress


def finish(reports: Sequence[FolderReport], language: Language, *, as_json: bool, pages: Sequence[Path] | None) -> None:
    """Write the pages, tell the reports, and end with 1 if one has a finding of derivation, else with 0."""
    from originality.folders.page import page

    for file, report in zip(pages or (), reports, strict=False):
        file.write_text(page(report, language), encoding="utf-8")
    if as_json:
        told = [report.to_json() for report in reports]
        print_json(told[0] if len(told) == 1 else told)
    else:
        for report in reports:
            _tell(report, language)
        _tell_never(language)
        for file in pages or ():
            print(file)
    sys.stdout.flush()
    raise typer.Exit(SOMETHING if any(_found(report) for report in reports) else NOTHING)


def _found(report: FolderReport) -> bool:
    from originality import Finding

    nothing = {Finding.NO_EVIDENCE, Finding.NOT_TESTABLE}
    return any(one.found.finding not in nothing for one in report.components)


def _tell(report: FolderReport, language: Language) -> None:
    from originality.finding import MOVED
    from originality.folders.page_words import TEXTS
    from originality.folders.words import finding_said, kind_said, tower_said

    def said(finding: Finding, moved: bool, count: int) -> str:
        mark = f" ({TEXTS['not_exact'][language == 'ko']})" if moved else ""
        return f"{finding_said(finding, language)} {count}{mark}"

    print(f"{report.first.name} → {report.second.name}")
    if report.axes_put_back:
        towers = ", ".join(tower_said(tower, language) for tower in report.axes_put_back)
        print(f"  {TEXTS['axes_put_back'][language == 'ko'].format(towers=towers)}")
    counts: dict[tuple[str, str], Counter[tuple[Finding, bool]]] = defaultdict(Counter)
    for one in report.components:
        counts[one.tower, one.kind][one.found.finding, one.found.test is MOVED] += 1
    for (tower, kind), found in counts.items():
        some = ", ".join(said(*what, count) for what, count in found.most_common())
        print(f"  {tower_said(tower, language)}: {kind_said(kind, language)}: {some}")
    if not counts:
        print(say(language, "  no component has a partner in the other model", "  서로 짝이 되는 부분이 없습니다"))
    left = sum(names.count for names in report.second.not_examined)
    covered = f"{report.second.covered:.1%}"
    print(
        say(
            language,
            f"  {covered} of the second model's parameters are in parts that have a test; {left} tensors were not"
            f" examined; seed {report.seed}, level {report.level}",
            f"  둘째 모델 매개변수의 {covered}가 검정이 있는 부분에 있습니다. 검사하지 않은 텐서 {left}개,"
            f" 시드 {report.seed}, 유의수준 {report.level}",
        )
    )


def _tell_never(language: Language) -> None:
    from originality.folders.page_words import TEXTS

    print(TEXTS["never"][language == "ko"])
