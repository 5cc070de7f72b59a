"""The sensitivity report for a terminal, in Korean or English."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.exact import exact_text, fixed
from rules.explaining_refusals import why_words
from rules.explaining_words import title_words
from rules.phrases import Phrases, about

from client.commands.rules.columns import aligned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from fractions import Fraction

    from rules import RuleSet
    from rules.explaining_words import Language
    from rules.sensitivity import LostLeader, Sensitivity
    from rules.sensitivity_trials import Outcome
    from rules.sensitivity_variants import Variant
    from rules.sensitivity_weights import Turn, WeightReport

_say = Phrases(
    {
        "heading": {"ko": "민감도: {title} ({stage})", "en": "sensitivity: {title} ({stage})"},
        "made-up": {
            "ko": "합성 점수입니다. 규칙의 성질을 보여 줄 뿐 결과를 예측하지 않습니다.",
            "en": "The scores are made up: they show how the rules behave, not how a stage will end.",
        },
        "order": {"ko": "순위: {order}", "en": "order: {order}"},
        "advanced": {"ko": "진출: {teams}", "en": "goes on: {teams}"},
        "margin": {
            "ko": "마지막 진출 팀 {last}과(와) 첫 탈락 팀 {first}의 차이: {points}점",
            "en": "from {last}, last in, to {first}, first out: {points} points",
        },
        "largest-shift": {
            "ko": "총점이 가장 많이 바뀜: {who}, {team} {points}",
            "en": "largest change of a total: {who}, {team} {points}",
        },
        "assumed": {
            "ko": "주어지지 않아 통과로 본 판정: {what}",
            "en": "verdicts that nobody gave, taken as passed: {what}",
        },
        "spreads": {"ko": "부문이 실제로 결정한 정도", "en": "what each part really decided"},
        "weights": {
            "ko": "배점이 바뀌면 (나머지는 비례해서 나눔, 정확한 값)",
            "en": "if a part counted for more or less (others share the rest in proportion; exact)",
        },
        "lost": {
            "ko": "! {team}은(는) {part} 1위이지만 탈락했음(총점 {rank}). {points}",
            "en": "! {team} leads in {part} and is out (total: {rank}). {points}",
        },
        "lost-from": {
            "ko": "배점이 {now}점이 아니라 {points}점을 넘었다면 진출",
            "en": "It would go on if that counted for more than {points} points instead of {now}.",
        },
        "lost-never": {"ko": "배점을 아무리 올려도 탈락", "en": "It would at no size of that part."},
        "rank": {"ko": "{rank}위", "en": "rank {rank}"},
        "unranked": {"ko": "순위 없음", "en": "unranked"},
        "scaling": {"ko": "환산", "en": "scaling"},
        "trimming": {"ko": "절사", "en": "trimming"},
        "tie": {"ko": "동점 처리", "en": "tie chain"},
        "panellist": {"ko": "평가위원이 한 명 빠졌다면", "en": "without one panellist"},
        "none-moves": {"ko": "{count}가지 모두 순위가 그대로", "en": "none of {count} moves anything"},
        "some-move": {"ko": "{count}가지 중 {moving}가지가 순위를 바꿈", "en": "{moving} of {count} move the order"},
        "in": {"ko": "진출 {teams}", "en": "goes on: {teams}"},
        "out": {"ko": "탈락 {teams}", "en": "out: {teams}"},
        "same-winners": {"ko": "진출 팀은 같음", "en": "the same teams go on"},
        "refused": {"ko": "결정할 수 없음: {why}", "en": "cannot be decided: {why}"},
        "below-minimum": {
            "ko": "{panel}: 한 명이라도 빠지면 최소 인원에 못 미쳐 결정할 수 없음",
            "en": "{panel}: without any one of them the panel is below its minimum and nothing can be decided",
        },
        "ties-used": {"ko": "동점 {teams}: {by}", "en": "level {teams}: {by}"},
        "every-part": {"ko": "모든 부문", "en": "every part"},
        "leader": {"ko": "1위 팀 기준", "en": "scaled to the leader"},
        "linear": {"ko": "척도 기준(선형)", "en": "linear by its scale"},
        "none": {"ko": "환산 없음", "en": "not scaled"},
        "first": {"ko": "맨 먼저 적용", "en": "applied first"},
        "without": {"ko": "빼고 적용", "en": "left out"},
        "trimmed": {"ko": "최고 {highest}, 최저 {lowest} 제외", "en": "without {highest} highest, {lowest} lowest"},
        "nothing": {"ko": "없음", "en": "none"},
    }
)
_SPREAD_HEADS = {
    "ko": ("부문", "배점", "명목 비중", "실제 비중", "쓰인 범위", "최저", "최고", "1위"),
    "en": ("part", "points", "nominal", "effective", "range used", "lowest", "highest", "leader"),
}
_WEIGHT_HEADS = {
    "ko": ("부문", "배점", "진출 팀이 바뀌는 배점 ↓", "↑", "순위가 바뀌는 배점 ↓", "↑"),
    "en": ("part", "points", "other winners below", "above", "other order below", "above"),
}


def report_lines(report: Sensitivity, rule_set: RuleSet, lang: Language, *, made_up: bool) -> Iterator[str]:
    """The whole report, a line each."""
    yield from summary_lines(report, rule_set, lang, made_up=made_up)
    for kind in ("scaling", "trimming", "tie"):
        yield from _variants(report, kind, lang)
    yield from _panellists(report, lang)


def summary_lines(report: Sensitivity, rule_set: RuleSet, lang: Language, *, made_up: bool) -> Iterator[str]:
    """What staff must know before they freeze: outcome, lost leaders, effective weights, flips of each weight."""
    title = title_words(rule_set.title, lang)
    yield _say("heading", lang, title=title, stage=report.stage)
    yield _say("rules", lang, id=rule_set.id, version=rule_set.version, sha=report.rule_set_sha256)
    yield _say("inputs", lang, sha=report.inputs_sha256)
    if made_up:
        yield _say("made-up", lang)
    yield _say("order", lang, order=" > ".join(report.base.order) or _say("nothing", lang))
    yield _say("advanced", lang, teams=", ".join(report.base.advanced) or _say("nothing", lang))
    if margin := report.base.margin():
        yield _say("margin", lang, last=margin[0], first=margin[1], points=about(margin[2]))
    yield from (_say("ties-used", lang, teams=", ".join(tie.teams), by=tie.by) for tie in report.ties)
    if report.assumed:
        yield _say("assumed", lang, what=", ".join(report.assumed))
    yield from (_lost(each, report, lang) for each in report.lost_leaders)
    yield ""
    yield _say("spreads", lang)
    yield from _spreads(report, rule_set, lang)
    yield ""
    yield _say("weights", lang)
    yield from _weights(report, rule_set, lang)


def _percent(value: Fraction | None) -> str:
    return "-" if value is None else f"{fixed(value * 100, 1)} %"


def _lost(each: LostLeader, report: Sensitivity, lang: Language) -> str:
    now = next(spread.points for spread in report.spreads if spread.part == each.part)
    points = (
        _say("lost-never", lang)
        if each.from_points is None
        else _say("lost-from", lang, points=about(each.from_points), now=about(now))
    )
    rank = _say("unranked", lang) if each.rank is None else _say("rank", lang, rank=each.rank)
    return _say("lost", lang, team=each.team, part=each.part, rank=rank, points=points)


def _depths(rule_set: RuleSet) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in rule_set.every_part():  # each before those below it
        depth = found.setdefault(part.id, 0)
        found.update({below.id: depth + 1 for below in part.parts})
    return found


def _spreads(report: Sensitivity, rule_set: RuleSet, lang: Language) -> list[str]:
    depths = _depths(rule_set)
    rows = [_SPREAD_HEADS[lang]]
    for each in report.spreads:
        shares = (_percent(each.nominal), _percent(each.effective), _percent(each.used))
        ends = (exact_text(each.lowest), exact_text(each.highest))
        name = "  " * depths[each.part] + each.part
        rows.append((name, exact_text(each.points), *shares, *ends, ", ".join(each.leaders)))
    return aligned(rows, right=frozenset(range(1, 7)), indent="  ")


def _weights(report: Sensitivity, rule_set: RuleSet, lang: Language) -> list[str]:
    depths = _depths(rule_set)
    rows: list[tuple[str, ...]] = [_WEIGHT_HEADS[lang]]
    for each in report.weights:
        turns = (*each.turns(winners=True), *each.turns(winners=False))
        name = "  " * depths[each.part] + each.part
        rows.append((name, exact_text(each.points), *(_turn(turn, each) for turn in turns)))
    return aligned(rows, right=frozenset({1}), indent="  ")


def _turn(turn: Turn | None, report: WeightReport) -> str:
    """Where it turns, and who would come in."""
    if turn is None:
        return "-"
    into = sorted(set(turn.outcome.advanced) - set(report.own.advanced))
    return about(turn.points) + (f" (+{', '.join(into)})" if into else "")


def _moving(variant: Variant, base: Outcome) -> bool:
    outcome = variant.outcome
    return bool(outcome.refused) or not (outcome.same_order(base) and outcome.same_winners(base))


def _counted(name: str, variants: Sequence[Variant], base: Outcome, lang: Language) -> str:
    moving = sum(_moving(each, base) for each in variants)
    told = _say("some-move" if moving else "none-moves", lang, count=len(variants), moving=moving)
    return f"{name}: {told}"


def _variants(report: Sensitivity, kind: str, lang: Language) -> Iterator[str]:
    variants = [each for each in report.variants if each.kind == kind]
    if not variants:
        return
    yield ""
    yield _counted(_say(kind, lang), variants, report.base, lang)
    yield from (
        f"  {_where(each, lang)}: {_moves(each.outcome, report.base, lang)}"
        for each in variants
        if _moving(each, report.base)
    )


def _where(variant: Variant, lang: Language) -> str:
    where = _say("every-part", lang) if variant.where == "*" else variant.where
    if variant.kind == "trimming":
        highest, _, lowest = variant.how.partition("/")
        return f"{where}, {_say('trimmed', lang, highest=highest, lowest=lowest)}"
    return f"{where}, {_say(variant.how, lang)}"


def _moves(outcome: Outcome, base: Outcome, lang: Language) -> str:
    if outcome.refused:
        return _say("refused", lang, why=why_words(outcome.refused, lang))
    ranks = [f"{team} {before or '-'}→{after or '-'}" for team, (before, after) in outcome.moved(base).items()]
    into, out = set(outcome.advanced) - set(base.advanced), set(base.advanced) - set(outcome.advanced)
    changes = [
        _say(name, lang, teams=", ".join(sorted(teams))) for name, teams in (("in", into), ("out", out)) if teams
    ]
    return "; ".join([*([", ".join(ranks)] if ranks else []), *(changes or [_say("same-winners", lang)])])


def _panellists(report: Sensitivity, lang: Language) -> Iterator[str]:
    variants = [each for each in report.variants if each.kind == "panellist"]
    panels = list(dict.fromkeys(each.where for each in variants))
    if panels:
        yield ""
        yield _say("panellist", lang)
    for panel in panels:
        members = [each for each in variants if each.where == panel]
        yield f"  {_counted(panel, members, report.base, lang)}"
        if members[0].below_minimum:
            yield f"    {_say('below-minimum', lang, panel=panel)}"
        shifts = [(each.how, *shift) for each in members if (shift := each.outcome.largest_shift(report.base))]
        if shifts:
            who, team, points = max(shifts, key=lambda each: abs(each[2]))
            sign = "+" if points > 0 else ""
            yield f"    {_say('largest-shift', lang, who=who, team=team, points=sign + about(points))}"
        for each in members:
            if _moving(each, report.base):
                yield f"    {each.how}: {_moves(each.outcome, report.base, lang)}"
