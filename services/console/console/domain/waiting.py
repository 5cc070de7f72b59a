"""What a stage waits for, in words: selection says a code and facts, each reader its own sentence."""

from __future__ import annotations

import string
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from console.domain.words import Language

_SEOUL = ZoneInfo("Asia/Seoul")
_INSTANTS = frozenset({"opens_at", "opened_at", "closes_at", "decides_at", "frozen_at", "until"})
_TEAMS = frozenset({"team", "teams"})

SENTENCES: dict[str, tuple[str, str]] = {
    "opening": ("{opens_at} 시작", "opens {opens_at}"),
    "scoring": ("{closes_at}까지 평가, {decides_at} 결정", "scored until {closes_at}, decided {decides_at}"),
    "objections": ("{until}까지 이의제기", "objections until {until}"),
    "proceedings-open": (
        "이의제기·조사 {count}건의 종결 ({until}까지)",
        "objections and cases: {count} open (until {until})",
    ),
    "findings-missing": ("심의위원 의견: {need} 중 {have}", "findings of the panel: {have} of {need}"),
    "redecision-impossible": ("재결정에 빠진 자료: {missing}", "what a new decision lacks: {missing}"),
    "call-open": ("공고 {call}의 접수 마감", "the end of call {call}"),
    "stage-not-final": ("{stage} 결정의 확정", "the final decision of {stage}"),
    "stage-cancelled": ("취소된 단계 {stage}의 재계획", "{stage} to be planned anew: it was cancelled"),
    "trigger-missing": ("외부 사건: {trigger}", "an event from outside: {trigger}"),
    "window-missed": (
        "지난 평가 기간({closes_at})의 조정",
        "dates to be moved: the last instant for scores, {closes_at}, came before it could open",
    ),
    "rule-set-frozen-late": (
        "평가기준이 시작({opened_at}) 뒤에 동결됨({frozen_at})",
        "a rule set that was frozen in time: it was at {frozen_at}, the stage opened {opened_at}",
    ),
    "scoring-not-closed": ("평가표 마감({closes_at}) 확인", "word that scoring has ended ({closes_at})"),
    "scores-underway": (
        "제출되었으나 도착하지 않은 점수: {source} {handed_in} 중 {have} 도착",
        "scores on their way: {have} of {handed_in} of {source} have arrived",
    ),
    "late-picks-unrevealed": ("봉인된 선정의 공개: {picks}", "late picks to be revealed: {picks}"),
    "assessors-missing": ("평가위원: {source} {need} 중 {have}", "assessors: {have} of {need} of {source}"),
    "scores-missing": ("빠진 점수 {count}건: {source} ({teams})", "{count} missing scores of {source} ({teams})"),
    "measurements-missing": (
        "빠진 측정값 {count}건: {source} ({teams})",
        "{count} missing measurements of {source} ({teams})",
    ),
    "comparisons-missing": (
        "비교가 모자란 조합 {count}건: {source} ({teams})",
        "{count} pairs of teams that were compared too rarely in {source} ({teams})",
    ),
    "verdicts-missing": ("관문 판정: {gate} ({teams})", "verdicts of gate {gate} ({teams})"),
    "judges-missing": (
        "관문 {gate}의 판정위원: {team} {need} 중 {have}",
        "judges of gate {gate} for {team}: {have} of {need}",
    ),
    "seed-missing": ("동점 추첨의 시드 공개 ({teams})", "the seed of the lot between {teams}"),
    "figures-missing": (
        "이어받을 점수 {count}건: {source} ({teams})",
        "{count} figures to be carried over of {source} ({teams})",
    ),
    "inputs-refused": (
        "쓸 수 없는 값: {path} {value} ({defect})",
        "a value that cannot be used: {path} {value} ({defect})",
    ),
}
"""By code: the sentence in Korean and in English, with the facts in their places."""

LACKING: dict[str, tuple[str, str]] = {
    "rule-set-frozen-late": ("제때 동결된 평가기준", "a rule set that was frozen in time"),
    "late-picks-unrevealed": ("봉인된 선정", "late picks"),
    "assessors-missing": ("평가위원", "assessors"),
    "scores-missing": ("점수", "scores"),
    "measurements-missing": ("측정값", "measurements"),
    "comparisons-missing": ("비교", "comparisons"),
    "verdicts-missing": ("관문 판정", "verdicts"),
    "judges-missing": ("판정위원", "judges"),
    "seed-missing": ("추첨 시드", "the seed of the lot"),
    "figures-missing": ("이어받을 점수", "figures to be carried over"),
    "inputs-refused": ("쓸 수 있는 값", "values that can be used"),
}
"""By code: what a decision lacks, where several codes stand in one sentence."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A code of ``SENTENCES`` and its facts; one that a newer selection says may be neither."""

    code: str
    facts: Mapping[str, str]


def in_words(wait: Wait, language: Language, name: Callable[[str], str]) -> str:
    """The sentence of a wait; ``name`` says what a team is called. Of an unknown code, code and facts as they are."""
    if wait.code not in SENTENCES:
        facts = ", ".join(f"{key} {value}" for key, value in sorted(wait.facts.items()))
        return f"{wait.code} ({facts})" if facts else wait.code
    korean, english = SENTENCES[wait.code]
    sentence = korean if language == "ko" else english
    shown = {key: _shown(key, value, name, language) for key, value in wait.facts.items()}
    # A fact that a newer or older selection does not say leaves its place empty.
    places = {place for _, place, _, _ in string.Formatter().parse(sentence) if place}
    return sentence.format_map(dict.fromkeys(places, "–") | shown)


def _shown(key: str, value: str, name: Callable[[str], str], language: Language) -> str:
    if key in _INSTANTS:
        try:
            return f"{datetime.fromisoformat(value).astimezone(_SEOUL):%Y-%m-%d %H:%M}"
        except ValueError:
            return value
    if key in _TEAMS:
        return ", ".join(name(team) for team in value.split(",") if team)
    if key == "missing":
        return ", ".join(LACKING.get(code, (code, code))[0 if language == "ko" else 1] for code in value.split(","))
    return value.replace(",", ", ")
