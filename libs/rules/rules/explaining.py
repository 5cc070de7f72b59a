"""How a decision came about, step by step, in Korean or English: each step with its place in the rule set."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from rules.awarding import MinimumScoreGate
from rules.exact import fixed, plain
from rules.explaining_rules import paths_of, titles_of
from rules.explaining_values import values_on_the_way
from rules.explaining_words import OPERATORS, STEPS, Language, in_words, readable, title_words, value_words
from rules.formulas import Round
from rules.inputs import Provenance
from rules.phrases import Phrases

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rules.decision import Decision, GateResult, PartScore, Row, TieStep
    from rules.document import Part, RuleSet
    from rules.formulas import Operator
    from rules.inputs import Inputs

    Ways = Mapping[str, Sequence[str]]

__all__ = ["Language", "explain", "explain_procedure"]

_say = Phrases(
    {
        "heading": {
            "ko": "{title} ({stage}): {entered}개 팀 중 {advanced}개 팀 진출 (계획 {planned})",
            "en": "{title} ({stage}): {advanced} of {entered} teams go on ({planned} planned)",
        },
        "team": {"ko": "{rank}위 {team}: 총점 {total} = {sum}", "en": "rank {rank} {team}: total {total} = {sum}"},
        "unranked": {"ko": "순위 없음 {team}: 총점 {total} = {sum}", "en": "unranked {team}: total {total} = {sum}"},
        "part": {"ko": "{title} ({id}, {points}점 만점): {value}", "en": "{title} ({id}, of {points}): {value}"},
        "from": {"ko": "출처 {source}: {values}", "en": "from {source}: {values}"},
        "procedure": {"ko": "절차", "en": "procedure"},
        "step": {
            "ko": "{number}. {words}: {before}팀 → {after}팀{changes}",
            "en": "{number}. {words}: {before} → {after} teams{changes}",
        },
        "out-here": {"ko": "나감 {teams}", "en": "out {teams}"},
        "in-here": {"ko": "들어옴 {teams}", "en": "in {teams}"},
        "tie": {"ko": "동점 {teams}: {by} → {order}", "en": "level {teams}: {by} → {order}"},
        "tie-part": {"ko": "{part} 점수", "en": "by points in {part}"},
        "tie-lot": {"ko": "추첨", "en": "by lot"},
        "majority": {
            "ko": "과반 {team}: {voters}명 중 {votes}명 찬성, {verdict} ({share} 초과 필요)",
            "en": "majority for {team}: {votes} of {voters}, {verdict} (more than {share} needed)",
        },
        "gate": {"ko": "관문 {gate}, {team}: {verdict} ({reason})", "en": "gate {gate}, {team}: {verdict} ({reason})"},
        "minimum": {"ko": "{part} {points}, 최저 {minimum}", "en": "{part} {points}, minimum {minimum}"},
        "advanced": {"ko": "진출: {teams}", "en": "goes on: {teams}"},
        "nobody": {"ko": "진출 팀 없음", "en": "no award"},
        "out": {"ko": "탈락 {team}: {reason}", "en": "out {team}: {reason}"},
        "stays": {"ko": " {gate} (점수는 표에 남음)", "en": " {gate} (the score stays in the table)"},
    }
)


def explain(
    rule_set: RuleSet, decision: Decision, lang: Language, *, inputs: Inputs | None = None, team: str | None = None
) -> str:
    """The decision of this rule set, one line a step; scores are marked where their provenance is not the firmest.

    With `inputs` also the values before a part's first single number; with `team` that team's total only. Raises
    KeyError if the team did not enter.
    """
    rows = decision.table if team is None else (decision.row(team),)
    lines = [*_heading(rule_set, decision, lang)]
    ways = {leaf.id: values_on_the_way(rule_set, leaf, inputs, lang) for leaf in rule_set.leaves()} if inputs else {}
    for row in rows:
        lines += _team(rule_set, row, lang, {leaf: by_team[row.team] for leaf, by_team in ways.items()})
    lines += explain_procedure(rule_set, decision, lang, team)
    if rule_set.references:
        lines.append(_say("references", lang))
        lines += [f"  [{number}] {line}" for number, line in enumerate(rule_set.references, 1)]
    return "\n".join(lines)


def _heading(rule_set: RuleSet, decision: Decision, lang: Language) -> Iterator[str]:
    yield _say(
        "heading",
        lang,
        title=title_words(rule_set.title, lang),
        stage=decision.stage,
        entered=len(decision.entered),
        advanced=len(decision.advanced),
        planned=decision.seats.planned,
    )
    yield _say("rules", lang, id=decision.rule_set, version=decision.rule_set_version, sha=decision.rule_set_sha256)
    yield _say("inputs", lang, sha=decision.inputs_sha256)


def _team(rule_set: RuleSet, row: Row, lang: Language, ways: Ways) -> Iterator[str]:
    scores = {each.part: each for each in row.parts}
    added = " + ".join(f"{part.id} {scores[part.id].points}" for part in rule_set.parts)
    name = "team" if row.rank else "unranked"
    yield _say(name, lang, rank=row.rank, team=row.team, total=row.total, sum=added) + _mark(
        row.provenance_of_points(), lang
    )
    yield from _parts(rule_set, rule_set.parts, scores, lang, ways, "  ")


def _parts(
    rule_set: RuleSet,
    parts: tuple[Part, ...],
    scores: dict[str, PartScore],
    lang: Language,
    ways: Ways,
    indent: str,
) -> Iterator[str]:
    for part in parts:
        score = scores[part.id]
        value = score.points
        if part.parts:
            value += " = " + " + ".join(f"{each.id} {scores[each.id].points}" for each in part.parts)
        title, points = title_words(part.title, lang), plain(part.points)
        yield (
            indent
            + _say("part", lang, title=title, id=part.id, points=points, value=value)
            + _mark(score.provenance, lang)
        )
        if part.parts:
            yield from _parts(rule_set, part.parts, scores, lang, ways, indent + "  ")
        else:
            yield from _steps(rule_set, part, score, lang, ways, indent + "  ")


def _steps(rule_set: RuleSet, part: Part, score: PartScore, lang: Language, ways: Ways, indent: str) -> Iterator[str]:
    """Each step with its result: the last ones' are in the decision, the first ones' follow from the inputs."""
    titles, path = titles_of(rule_set, lang), paths_of(rule_set)[part.id]
    before = ways.get(part.id, ())
    if before:
        yield indent + _say("from", lang, source=titles.get(part.source or "", ""), values=before[0])
    first_known = len(part.steps) - len(score.working)
    for number, step in enumerate(part.steps):
        words = in_words(OPERATORS, step.operator, step, lang, titles)
        known = _known(step, score.working[number - first_known].value) if number >= first_known else ""
        seen = before[number + 1] if number + 1 < len(before) else ""
        result = f"{known} ({seen})" if known and seen else known or seen
        yield f"{indent}{number + 1}. {words}" + (f" → {result}" if result else "") + f"  [{path}.steps[{number}]]"


def _known(step: Operator, value: str) -> str:
    """A step's result for a reader: rounded with all its digits, a fraction also as a decimal."""
    return fixed(Fraction(value), step.digits) if isinstance(step, Round) else readable(value)


def explain_procedure(rule_set: RuleSet, decision: Decision, lang: Language, team: str | None = None) -> Iterator[str]:
    """The steps from table to outcome, a line each, with ties, votes, verdicts; with `team` only what is about it."""
    titles = titles_of(rule_set, lang)

    def concerns(*teams: str) -> bool:
        return team is None or team in teams

    yield _say("procedure", lang)
    yield from ("  " + _tie(each, titles, lang) for each in decision.ties if concerns(*each.teams))
    for number, (rule, step) in enumerate(zip(rule_set.procedure, decision.procedure, strict=True), 1):
        gone = [each for each in step.before if each not in step.after]
        come = [each for each in step.after if each not in step.before]
        changes = [
            _say(name, lang, teams=", ".join(teams)) for name, teams in (("out-here", gone), ("in-here", come)) if teams
        ]
        words = in_words(STEPS, rule.step, rule, lang, titles)
        told = f" ({'; '.join(changes)})" if changes else ""
        counts = {"before": len(step.before), "after": len(step.after)}
        yield "  " + _say("step", lang, number=number, words=words, changes=told, **counts)
    for vote in decision.majorities:
        if concerns(vote.team):
            facts = {"team": vote.team, "votes": vote.in_favour, "voters": vote.voters, "share": vote.share}
            yield "  " + _say("majority", lang, verdict=_verdict(vote.passed, lang), **facts)
    for gate in decision.gates:
        if concerns(gate.team):
            facts = {"gate": titles.get(gate.gate, gate.gate), "team": gate.team}
            reason = _reason(rule_set, decision, gate, lang)
            yield "  " + _say("gate", lang, verdict=_verdict(gate.passed, lang), reason=reason, **facts)
    yield _say("advanced", lang, teams=", ".join(decision.advanced)) if decision.advanced else _say("nobody", lang)
    for each in decision.eliminated:
        if concerns(each.team):
            gate_words = _say("stays", lang, gate=titles.get(each.gate, each.gate)) if each.gate else ""
            yield _say("out", lang, team=each.team, reason=value_words(each.reason, lang) + gate_words)


def _reason(rule_set: RuleSet, decision: Decision, result: GateResult, lang: Language) -> str:
    """Why a gate was passed or failed: what people said, or the points against the minimum."""
    gate = rule_set.gate(result.gate)
    if not isinstance(gate, MinimumScoreGate):
        return result.reason
    row = decision.row(result.team)
    points = row.total if gate.part == "total" else row.points(gate.part)
    return _say("minimum", lang, part=value_words(gate.part, lang), points=points, minimum=plain(gate.minimum))


def _verdict(passed: bool, lang: Language) -> str:
    return value_words("passed" if passed else "failed", lang)


def _tie(tie: TieStep, titles: dict[str, str], lang: Language) -> str:
    part = tie.by.removeprefix("part:")
    by = _say("tie-lot", lang) if tie.by == "lot" else _say("tie-part", lang, part=titles.get(part, part))
    return _say("tie", lang, teams=", ".join(tie.teams), by=by, order=" > ".join(tie.order))


def _mark(provenance: Provenance, lang: Language) -> str:
    return "" if provenance is Provenance.RECORDED else f" [{value_words(provenance, lang)}]"
