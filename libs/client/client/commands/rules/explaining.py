"""`dokpamo rules explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from client.commands.rules.files import RulesFile, Seed, content, decided, decision_from, fail, inputs_from, rule_set_of
from client.commands.rules.language import AnyLang, both, say, spoken

_SHORT = both("Say how a total came about, step by step.", "총점이 나온 과정을 한 단계씩 설명합니다.")
_EXPLAIN = both(
    "Say what a rule set decides, in plain sentences; with scores or a decision, how each total came about,"
    " step by step, each step with its place in the rule set.",
    "평가기준이 정하는 것을 쉬운 문장으로 설명합니다. 점수나 결정을 함께 주면 총점이 나온 과정을 한 단계씩,"
    " 평가기준의 어느 곳에 따른 것인지와 함께 설명합니다.",
)
_Source = Annotated[
    Path | None,
    typer.Argument(
        metavar="SCORES|DECISION",
        help=both("Scores (.csv, .yaml, .json) or a decision (.json).", "점수(.csv, .yaml, .json) 또는 결정(.json)"),
        dir_okay=False,
        readable=True,
    ),
]
_Team = Annotated[str | None, typer.Option(help=both("Only this team's total.", "이 팀의 총점만"))]


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command("explain", help=_EXPLAIN, short_help=_SHORT)(explain)


def explain(
    rules: RulesFile,
    scores: _Source = None,
    team: _Team = None,
    seed: Seed = None,
    lang: AnyLang = None,
) -> None:
    """Say in words what a rule set decides, or how totals came about."""
    from rules import explain as explain_decision
    from rules import sha256_of
    from rules.explaining_rules import explain_rules

    language = spoken(lang)
    rule_set = rule_set_of(rules, language)
    if scores is None:
        if team is not None:
            told = say(language, "needs scores or a decision", "점수나 결정을 함께 주어야 합니다")
            raise typer.BadParameter(told, param_hint="--team")
        print(explain_rules(rule_set, language))
        return
    data = content(scores, language)
    decision, inputs, sha = decision_from(data, scores, language), None, sha256_of(rule_set)
    if decision is None:
        inputs = inputs_from(data, scores, rule_set, language, seed=seed)
        decision = decided(rule_set, inputs, str(scores), language)
    elif decision.rule_set_sha256 != sha:
        under = decision.rule_set_sha256
        told = f"{scores} was decided under {under}, {rules} is {sha}"
        fail("explain", say(language, told, f"{scores}은(는) {under}에 따른 결정이고 {rules}은(는) {sha}입니다"))
    if team is not None and team not in decision.entered:
        entered = ", ".join(decision.entered)
        told = say(language, f"{team} is none of {entered}", f"{team}은(는) 참가한 팀이 아닙니다: {entered}")
        raise typer.BadParameter(told, param_hint="--team")
    print(explain_decision(rule_set, decision, language, inputs=inputs, team=team))
