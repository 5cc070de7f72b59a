"""How a total came about, in words: Korean or English text from the decision alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, assert_never

from rules.inputs import Provenance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.decision import Decision, Eliminated, Row

Language = Literal["ko", "en"]

_WORDS: dict[str, dict[Language, str]] = {
    "heading": {
        "ko": "{stage}: {entered}개 팀 중 {advanced}개 팀 진출 (계획 {planned})",
        "en": "{stage}: {advanced} of {entered} teams go on ({planned} planned)",
    },
    "rules": {
        "ko": "평가기준 {id} 제{version}판, SHA-256 {sha}",
        "en": "rule set {id} version {version}, SHA-256 {sha}",
    },
    "inputs": {"ko": "점수 자료 SHA-256 {sha}", "en": "scores SHA-256 {sha}"},
    "team": {"ko": "{rank}위 {team}: 총점 {total}", "en": "rank {rank} {team}: total {total}"},
    "unranked": {"ko": "순위 없음 {team}: 총점 {total}", "en": "unranked {team}: total {total}"},
    "tie": {"ko": "동점 {teams}: {by} 기준으로 {order}", "en": "tie of {teams}: {order} by {by}"},
    "majority": {
        "ko": "과반 심사 {team}: {voters}명 중 {votes}명 찬성, {verdict}",
        "en": "majority for {team}: {votes} of {voters}, {verdict}",
    },
    "gate": {"ko": "관문 {gate} {team}: {verdict} ({reason})", "en": "gate {gate} {team}: {verdict} ({reason})"},
    "passed": {"ko": "통과", "en": "passed"},
    "failed": {"ko": "탈락", "en": "failed"},
    "advanced": {"ko": "진출: {teams}", "en": "goes on: {teams}"},
    "nobody": {"ko": "진출 팀 없음", "en": "no award"},
    "rank": {"ko": "탈락 {team}: 순위", "en": "out {team}: rank"},
    "out-gate": {
        "ko": "탈락 {team}: 관문 {gate} (점수는 표에 남음)",
        "en": "out {team}: gate {gate} (the score stays in the table)",
    },
    "out-majority": {"ko": "탈락 {team}: 과반 미달", "en": "out {team}: no majority"},
}


def explain(decision: Decision, lang: Language) -> str:
    """The decision step by step, one line each; scores marked with their provenance where it is not the firmest."""
    return "\n".join(_lines(decision, lang))


def _lines(decision: Decision, lang: Language) -> Iterator[str]:
    yield _say(
        "heading",
        lang,
        stage=decision.stage,
        entered=len(decision.entered),
        advanced=len(decision.advanced),
        planned=decision.seats.planned,
    )
    yield _say("rules", lang, id=decision.rule_set, version=decision.rule_set_version, sha=decision.rule_set_sha256)
    yield _say("inputs", lang, sha=decision.inputs_sha256)
    for row in decision.table:
        yield from _team(row, lang)
    for tie in decision.ties:
        yield _say("tie", lang, teams=", ".join(tie.teams), by=tie.by, order=" > ".join(tie.order))
    for majority in decision.majorities:
        verdict = _say("passed" if majority.passed else "failed", lang)
        yield _say(
            "majority", lang, team=majority.team, votes=majority.in_favour, voters=majority.voters, verdict=verdict
        )
    for gate in decision.gates:
        verdict = _say("passed" if gate.passed else "failed", lang)
        yield _say("gate", lang, gate=gate.gate, team=gate.team, verdict=verdict, reason=gate.reason)
    yield _say("advanced", lang, teams=", ".join(decision.advanced)) if decision.advanced else _say("nobody", lang)
    yield from (_out(each, lang) for each in decision.eliminated)


def _team(row: Row, lang: Language) -> Iterator[str]:
    name = "team" if row.rank else "unranked"
    yield _say(name, lang, rank=row.rank, team=row.team, total=row.total) + _mark(row.provenance_of_points())
    for part in row.parts:
        way = " → ".join(f"{step.operator} {step.value}" for step in part.working)
        yield f"  {part.part} {part.points}" + (f" = {way}" if way else "") + _mark(part.provenance)


def _mark(provenance: Provenance) -> str:
    return "" if provenance is Provenance.RECORDED else f" [{provenance}]"


def _out(each: Eliminated, lang: Language) -> str:
    match each.reason:
        case "rank":
            return _say("rank", lang, team=each.team)
        case "gate":
            return _say("out-gate", lang, team=each.team, gate=each.gate)
        case "majority":
            return _say("out-majority", lang, team=each.team)
        case _:
            assert_never(each.reason)


def _say(name: str, lang: Language, **facts: object) -> str:
    return _WORDS[name][lang].format(**facts)
