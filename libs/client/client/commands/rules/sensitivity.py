"""`dokpamo rules sensitivity`: how the order would move with each weight, scaling, trimming, tie rule and panellist."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from client.commands.rules.files import (
    RulesFile,
    Seed,
    inputs_of,
    refuse,
    refuse_incomplete,
    rule_set_of,
    write,
)
from client.commands.rules.language import AnyLang, both, say, spoken

if TYPE_CHECKING:
    from rules import Inputs, RuleSet
    from rules.explaining_words import Language
    from rules.sensitivity import Sensitivity

_SHORT = both("Show at which weights the order would flip.", "순위가 바뀌는 배점을 보여 줍니다.")
_SENSITIVITY = both(
    """Show how the order would move if a weight, scaling, trimming, tie rule or panellist were otherwise.

    Flip points of weights are exact. Without scores it makes some up from the rule set, the same ones each time, and
    says so: they show how the rules behave, not how a stage will end.""",
    """배점, 환산, 절사, 동점 처리, 평가위원이 달랐다면 순위가 어떻게 움직였을지 보여 줍니다.

    순위가 바뀌는 배점은 정확한 값입니다. 점수를 주지 않으면 평가기준에서 늘 같은 합성 점수를 만들고 그렇게 알립니다.
    합성 점수는 규칙의 성질을 보여 줄 뿐 결과를 예측하지 않습니다.""",
)
_Scores = Annotated[
    Path | None,
    typer.Argument(
        metavar="SCORES",
        help=both("Scores: .csv, .yaml, .json; made up if not given.", "점수: .csv, .yaml, .json, 없으면 합성"),
        dir_okay=False,
        readable=True,
    ),
]
_Report = Annotated[
    Path | None, typer.Option("--json", help=both("Write the report as JSON; - prints it.", "JSON 파일, -는 화면"))
]
_Chart = Annotated[Path | None, typer.Option(help=both("Write a chart, .svg or .html.", "그림 파일, .svg 또는 .html"))]
_PROGRESS_AFTER_SECONDS = 1.0


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command("sensitivity", help=_SENSITIVITY, short_help=_SHORT)(sensitivity)


def sensitivity(
    rules: RulesFile,
    scores: _Scores = None,
    json_file: _Report = None,
    chart: _Chart = None,
    seed: Seed = None,
    lang: AnyLang = None,
) -> None:
    """Show how the order would move."""
    from rules.sensitivity_chart import chart as draw
    from rules.sensitivity_chart import chart_page

    from client.commands.rules.sensitivity_text import report_lines

    language = spoken(lang)
    if chart is not None and chart.suffix.lower() not in {".svg", ".html"}:
        told = say(language, f"{chart} is neither .svg nor .html", f"{chart}: .svg나 .html이어야 합니다")
        raise typer.BadParameter(told, param_hint="--chart")
    rule_set = rule_set_of(rules, language)
    report = report_on(rule_set, scores, seed, language)
    text = json.dumps(report.document() | {"scores_made_up": scores is None}, ensure_ascii=False, indent=2)
    if json_file is not None and str(json_file) == "-":
        print(text)
    else:
        print("\n".join(report_lines(report, rule_set, language, made_up=scores is None)))
    if json_file is not None and str(json_file) != "-":
        write(json_file, text + "\n", language)
    if chart is not None:
        drawn = draw if chart.suffix.lower() == ".svg" else chart_page
        write(chart, drawn(report, rule_set, language), language)


def report_on(rule_set: RuleSet, scores: Path | None, seed: str | None, language: Language) -> Sensitivity:
    """The report on these scores, made-up ones without; says why there is none and ends with 1."""
    from rules import InputsIncompleteError, InputsRefusedError
    from rules.sensitivity_made_up import made_up_inputs

    name = str(scores) if scores else rule_set.id
    try:
        given = made_up_inputs(rule_set) if scores is None else inputs_of(scores, rule_set, language, seed=seed)
        return _watched(rule_set, given)
    except InputsRefusedError as error:
        refuse(name, error.violations, language)
    except InputsIncompleteError as error:
        refuse_incomplete(name, error, language)


def _watched(rule_set: RuleSet, given: Inputs) -> Sensitivity:
    """The report, with a bar on a terminal where it takes longer than a moment."""
    import time

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    from rules.sensitivity import sensitivity as report_of

    columns = (TextColumn("sensitivity"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    started = time.monotonic()
    console = Console(stderr=True)
    bar = Progress(*columns, console=console, transient=True)
    task = bar.add_task("sensitivity")

    def told(done: int, total: int) -> None:
        waited = time.monotonic() - started
        if console.is_terminal and not bar.live.is_started and waited > _PROGRESS_AFTER_SECONDS:
            bar.start()
        bar.update(task, completed=done, total=total)

    try:
        return report_of(rule_set, given, told)
    finally:
        if bar.live.is_started:  # to stop what never began would print an empty line
            bar.stop()
