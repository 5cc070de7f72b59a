"""`dokpamo rules try`: a rule set on a score file, without a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from client.commands.rules.columns import aligned
from client.commands.rules.files import RulesFile, ScoresFile, Seed, decided, inputs_of, rule_set_of
from client.commands.rules.language import AnyLang, AsJson, both, spoken

if TYPE_CHECKING:
    from collections.abc import Iterator

    import typer
    from rules import Decision, RuleSet
    from rules.explaining_words import Language

_SHORT = both("Decide on a score file, without a server.", "서버 없이 점수 파일로 결정해 봅니다.")
_TRY = both(
    """Decide on a score file under a rule set, without a server: totals, ranks, gates, majorities, ties, decision.

    A .csv has the columns source, assessor, team, criterion, value, and for verdicts reason, judged_by, evidence; also
    provenance and note. Headers may be Korean. Source, criterion and gate are named by id or title.

    \b
      source,assessor,team,criterion,value,reason,judged_by,evidence
      expert-panel,expert-01,alpha,strategy,9
      nia,,alpha,hidden-set,88.5
      originality,,alpha,verdict,pass,"own weights",10,report-7

    A value that is empty or - was not given: it is missing, never zero. --json prints the decision document in its
    canonical form. Ends with 0 if it was decided, with 1 if not.""",
    """서버 없이 점수 파일을 평가기준에 따라 결정해 봅니다: 총점, 순위, 관문, 과반, 동점 처리, 결정.

    .csv의 열은 출처, 평가위원, 팀, 항목, 점수이고 관문 판정에는 사유, 판정인원, 증거가 더 있습니다. 출처구분과 비고도
    쓸 수 있습니다. 머리글은 영어도 됩니다. 출처, 항목, 관문은 id나 이름으로 씁니다.

    \b
      출처,평가위원,팀,항목,점수,사유,판정인원,증거
      expert-panel,expert-01,alpha,strategy,9
      nia,,alpha,hidden-set,88.5
      originality,,alpha,판정,통과,"가중치 초기화",10,report-7

    비었거나 -인 값은 주지 않은 것이며 0점이 아닙니다. --json은 결정 문서를 정규형으로 출력합니다.
    결정되면 0, 아니면 1로 끝납니다.""",
)


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command("try", help=_TRY, short_help=_SHORT)(attempt)


def attempt(
    rules: RulesFile, scores: ScoresFile, seed: Seed = None, as_json: AsJson = False, lang: AnyLang = None
) -> None:
    """Decide on a score file under a rule set."""
    language = spoken(lang)
    rule_set = rule_set_of(rules, language, as_json=as_json)
    inputs = inputs_of(scores, rule_set, language, seed=seed, as_json=as_json)
    decision = decided(rule_set, inputs, str(scores), language, as_json=as_json)
    if as_json:
        print(decision.canonical_bytes().decode())
        return
    print("\n".join(_lines(rule_set, decision, language)))


def _lines(rule_set: RuleSet, decision: Decision, lang: Language) -> Iterator[str]:
    from rules.explaining import explain_procedure

    top = [part.id for part in rule_set.parts]
    words = ("순위", "팀", "총점", "결과") if lang == "ko" else ("rank", "team", "total", "outcome")
    rows = [(words[0], words[1], words[2], *top, words[3])]
    for row in decision.table:
        rank = "-" if row.rank is None else str(row.rank)
        rows.append(
            (rank, row.team, row.total, *(row.points(part) for part in top), _outcome(decision, row.team, lang))
        )
    yield from aligned(rows, right=frozenset({0, *range(2, 3 + len(top))}))
    yield from explain_procedure(rule_set, decision, lang)
    yield ("결정 " if lang == "ko" else "decision ") + decision.sha256()


def _outcome(decision: Decision, team: str, lang: Language) -> str:
    from rules.explaining_words import value_words

    if team in decision.advanced:
        return "진출" if lang == "ko" else "goes on"
    out = next(each for each in decision.eliminated if each.team == team)
    reason = value_words(out.reason, lang) + (f" {out.gate}" if out.gate else "")
    return f"탈락 ({reason})" if lang == "ko" else f"out ({reason})"
