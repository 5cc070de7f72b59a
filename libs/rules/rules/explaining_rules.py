"""What a rule set says, in plain sentences of Korean or English, from the document alone."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rules.exact import plain
from rules.explaining_words import FIGURES, GATES, OPERATORS, SOURCES, STEPS, TIES, in_words, title_words, value_words
from rules.loading import sha256_of
from rules.phrases import Phrases

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from rules.disclosure import Moment
    from rules.document import Part, RuleSet
    from rules.explaining_words import Language

_say = Phrases(
    {
        "heading": {"ko": "{title} ({stage})", "en": "{title} ({stage})"},
        "dates": {
            "ko": "일정: {published} 공개, {opens} 시작, {closes} 마감, {decides} 결정 ({zone})",
            "en": "dates: published {published}, opens {opens}, closes {closes}, decided {decides} ({zone})",
        },
        "seats": {
            "ko": "자리: 계획 {planned}, 최소 {minimum}, 최대 {maximum}",
            "en": "seats: {planned} planned, at least {minimum}, at most {maximum}",
        },
        "reopened": {"ko": " ({stage}에서 남은 자리)", "en": " (left free by {stage})"},
        "no-award": {"ko": " (선정하지 않을 수 있음)", "en": " (no award is lawful)"},
        "advanced": {"ko": "{stages} 통과 팀", "en": "teams that went on from {stages}"},
        "eliminated": {"ko": "탈락 팀", "en": "eliminated teams"},
        "newcomers": {"ko": "새로운 팀", "en": "newcomers"},
        "enter": {"ko": "참가 자격: {who}", "en": "may enter: {who}"},
        "sources": {"ko": "점수의 출처", "en": "where scores come from"},
        "parts": {
            "ko": "점수: {points}점 만점, 총점은 소수점 아래 {digits}자리",
            "en": "score: {points} points in all, digits of totals after the point: {digits}",
        },
        "part": {"ko": "{title} ({id}): {points}점", "en": "{title} ({id}): {points} points"},
        "of": {"ko": "출처: {source}{criteria}", "en": "from {source}{criteria}"},
        "gates": {"ko": "관문", "en": "gates"},
        "procedure": {"ko": "절차", "en": "procedure"},
        "ties": {"ko": "동점 처리", "en": "tie chain"},
        "objections": {"ko": "이의제기: {days}일, {early}", "en": "objections: {days} days, {early}"},
        "disclosure": {"ko": "공개 범위: {profile}", "en": "disclosure: {profile}"},
        "policy": {"ko": "{title} ({id}), {when}: {shown}", "en": "{title} ({id}), {when}: {shown}"},
        "release": {"ko": "모든 자료 공개: {when}", "en": "everything is open {when}"},
        "on-decision": {"ko": "결정 뒤", "en": "once decided"},
        "on-final": {"ko": "확정 뒤", "en": "once final"},
        "later": {"ko": " {days}일", "en": " for {days} days"},
        "target": {
            "ko": "무빙타깃: {definition}의 {ratio} 이상, {months}개월{index}, {decides}",
            "en": "moving target: at least {ratio} of {definition}, {months} months{index}; {decides}",
        },
        "decides": {"ko": "결정에 쓰임", "en": "it decides"},
        "shown": {"ko": "결정에는 쓰이지 않음", "en": "it decides nothing"},
        "support": {"ko": "진출 팀 지원: {what}", "en": "support of each team that goes on: {what}"},
        "gpus": {"ko": "GPU B200 {count}장 상당", "en": "{count} B200-equivalent GPUs"},
        "data": {"ko": "데이터 {krw}원", "en": "KRW {krw} for data"},
        "talent": {"ko": "인재 {krw}원", "en": "KRW {krw} for talent"},
        "excluded": {"ko": "제외: {team} {kinds} ({reason})", "en": "excluded: {team} {kinds} ({reason})"},
        "elimination": {
            "ko": "탈락 팀: {forfeits} 회수, {keeps} 유지",
            "en": "an eliminated team loses {forfeits} and keeps {keeps}",
        },
        "changes": {"ko": "변경: 새 판과 사유, {consent}", "en": "changes: a new version with a reason, {consent}"},
        "late": {"ko": "나중에 밝힐 선택: {title} ({sha})", "en": "late pick: {title} ({sha})"},
    }
)


def titles_of(rule_set: RuleSet, lang: Language) -> dict[str, str]:
    """Titles of sources, gates and parts by id, each with the id; of a shared id the part's."""
    named = (*rule_set.sources, *rule_set.gates, *rule_set.every_part())
    return {each.id: f"{title_words(each.title, lang)} ({each.id})" for each in named}


def paths_of(rule_set: RuleSet) -> dict[str, str]:
    """Where each part stands in the document, by id: `parts[0].parts[1]`."""
    found: dict[str, str] = {}

    def walk(parts: tuple[Part, ...], path: str) -> None:
        for number, part in enumerate(parts):
            found[part.id] = f"{path}[{number}]"
            walk(part.parts, f"{path}[{number}].parts")

    walk(rule_set.parts, "parts")
    return found


def explain_rules(rule_set: RuleSet, lang: Language) -> str:
    """What the rule set says, one sentence a line; each step of a part with its place in the document."""
    return "\n".join(_lines(rule_set, lang))


def _lines(rule_set: RuleSet, lang: Language) -> Iterator[str]:
    titles = titles_of(rule_set, lang)
    yield _say("heading", lang, title=title_words(rule_set.title, lang), stage=rule_set.stage)
    yield _say("rules", lang, id=rule_set.id, version=rule_set.version, sha=sha256_of(rule_set))
    yield _dates(rule_set, lang)
    seats = rule_set.seats
    lawful = _say("no-award", lang) if seats.minimum == 0 else ""
    reopened = _say("reopened", lang, stage=seats.reopened_from) if seats.reopened_from else ""
    yield _say("seats", lang, planned=seats.planned, minimum=seats.minimum, maximum=seats.maximum) + reopened + lawful
    yield from _eligibility(rule_set, lang)
    yield _say("sources", lang)
    yield from (f"  {in_words(SOURCES, source.kind, source, lang, titles)}" for source in rule_set.sources)
    yield _say("parts", lang, points=plain(rule_set.points), digits=rule_set.rounding.digits)
    yield from _parts(rule_set, rule_set.parts, lang, titles, "  ")
    if rule_set.gates:
        yield _say("gates", lang)
    for gate in rule_set.gates:
        yield f"  {in_words(GATES, gate.kind, gate, lang, titles)}"
        yield from (f"    - {title_words(each, lang)}" for each in getattr(gate, "grounds", ()))
    yield _say("procedure", lang)
    yield from (
        f"  {number}. {in_words(STEPS, step.step, step, lang, titles)}"
        for number, step in enumerate(rule_set.procedure, 1)
    )
    yield _say("ties", lang)
    yield from (
        f"  {number}. {in_words(TIES, tie.by, tie, lang, titles)}" for number, tie in enumerate(rule_set.ties, 1)
    )
    yield from _afterwards(rule_set, lang)


def _dates(rule_set: RuleSet, lang: Language) -> str:
    zone, dates = ZoneInfo(rule_set.zone), rule_set.dates

    def local(instant: datetime) -> str:
        return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}"

    return _say(
        "dates",
        lang,
        published=local(dates.published),
        opens=local(dates.opens),
        closes=local(dates.closes),
        decides=local(dates.decides),
        zone=rule_set.zone,
    )


def _eligibility(rule_set: RuleSet, lang: Language) -> Iterator[str]:
    who = rule_set.eligibility
    admitted = [
        *([_say("advanced", lang, stages=", ".join(who.advanced_from))] if who.advanced_from else []),
        *([_say("eliminated", lang)] if who.eliminated_teams_may_apply else []),
        *([_say("newcomers", lang)] if who.newcomers_may_apply else []),
    ]
    yield _say("enter", lang, who=", ".join(admitted) or value_words("none", lang))


def _parts(
    rule_set: RuleSet, parts: tuple[Part, ...], lang: Language, titles: Mapping[str, str], indent: str
) -> Iterator[str]:
    paths = paths_of(rule_set)
    for part in parts:
        yield indent + _say("part", lang, title=title_words(part.title, lang), id=part.id, points=plain(part.points))
        if part.source is not None:
            named = ": " + ", ".join(part.criteria) if part.criteria else ""
            yield f"{indent}  " + _say("of", lang, source=titles.get(part.source, part.source), criteria=named)
        for number, step in enumerate(part.steps):
            words = in_words(OPERATORS, step.operator, step, lang, titles)
            yield f"{indent}  {number + 1}. {words}  [{paths[part.id]}.steps[{number}]]"
        yield from _parts(rule_set, part.parts, lang, titles, indent + "  ")


def _afterwards(rule_set: RuleSet, lang: Language) -> Iterator[str]:
    objections = rule_set.objections
    yield _say("objections", lang, days=objections.days, early=value_words(objections.early_close, lang))
    yield from _disclosure(rule_set, lang)
    for target in rule_set.targets:
        edition = ", ".join(each for each in (target.index, target.edition) if each)
        yield _say(
            "target",
            lang,
            definition=value_words(target.definition, lang),
            ratio=plain(target.ratio),
            months=target.window_months,
            index=f" ({edition})" if edition else "",
            decides=_say("decides" if target.decides else "shown", lang),
        )
    yield from _consequences(rule_set, lang)
    yield _say("changes", lang, consent=value_words(rule_set.changes.consent, lang))
    yield from (
        "  " + _say("late", lang, title=title_words(pick.title, lang), sha=pick.sha256)
        for pick in rule_set.changes.late_picks
    )
    if rule_set.references:
        yield _say("references", lang)
        yield from (f"  [{number}] {line}" for number, line in enumerate(rule_set.references, 1))


def _disclosure(rule_set: RuleSet, lang: Language) -> Iterator[str]:
    disclosure = rule_set.disclosure
    yield _say("disclosure", lang, profile=disclosure.profile or value_words("none", lang))
    for policy in disclosure.every_policy():
        shown = [
            f"{value_words(each.audience, lang)}: "
            + ", ".join(in_words(FIGURES, figure.figure, figure, lang, {}) for figure in each.shows)
            for each in policy.audiences
        ]
        title = title_words(policy.title, lang)
        when = _moment(policy.when, rule_set, lang)
        yield "  " + _say("policy", lang, title=title, id=policy.id, when=when, shown="; ".join(shown))
    yield "  " + _say("release", lang, when=_moment(disclosure.released(), rule_set, lang))


def _moment(moment: Moment, rule_set: RuleSet, lang: Language) -> str:
    if moment.at is not None:
        return f"{moment.at.astimezone(ZoneInfo(rule_set.zone)):%Y-%m-%d %H:%M}"
    name = "on-final" if moment.after == "final" else "on-decision"
    return _say(name, lang) + (_say("later", lang, days=moment.days) if moment.days else "")


def _consequences(rule_set: RuleSet, lang: Language) -> Iterator[str]:
    support, elimination = rule_set.consequences.support, rule_set.consequences.elimination
    if support is not None:
        what = [
            *([_say("gpus", lang, count=support.gpu.b200_equivalent)] if support.gpu else []),
            *([_say("data", lang, krw=f"{support.data_krw:,}")] if support.data_krw else []),
            *([_say("talent", lang, krw=f"{support.talent_krw:,}")] if support.talent_krw else []),
        ]
        yield _say("support", lang, what=", ".join(what) or value_words("none", lang))
        yield from (
            "  " + _say("excluded", lang, team=each.team, kinds=_all(each.kinds, lang), reason=each.reason)
            for each in support.exclusions
        )
    yield _say("elimination", lang, forfeits=_all(elimination.forfeits, lang), keeps=_all(elimination.keeps, lang))


def _all(names: tuple[str, ...], lang: Language) -> str:
    return ", ".join(value_words(name, lang) for name in names) or value_words("nothing", lang)
