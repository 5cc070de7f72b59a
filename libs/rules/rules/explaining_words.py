"""What the rule engine's own words mean, in Korean and English: one table a kind of word.

Every operator, step, gate, tie and source that a document may name has its sentence here; a test fails for one without.
Fields of the document stand in braces.
"""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from rules.document import Title
from rules.exact import fixed, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel


Language = Literal["ko", "en"]
Words = dict[str, dict[Language, str]]

OPERATORS: Words = {
    "sum": {"ko": "{over} 점수를 모두 더함", "en": "add up over the {over}"},
    "mean": {"ko": "{over} 점수의 평균", "en": "average over the {over}"},
    "trimmed_mean": {
        "ko": "{over} 점수에서 가장 높은 {highest}개와 가장 낮은 {lowest}개를 뺀 평균",
        "en": "average over the {over} without the {highest} highest and the {lowest} lowest",
    },
    "weighted_sum": {
        "ko": "항목마다 가중치를 곱해 더함: {weights}",
        "en": "add up the criteria times their weights: {weights}",
    },
    "linear": {"ko": "값 × {points} ÷ {scale}", "en": "value × {points} ÷ {scale}"},
    "ratio_to_target": {
        "ko": "비교 모델({target})의 같은 항목 값으로 나눔, 최대 {cap}",
        "en": "divide by the target's value on the same criterion ({target}), at most {cap}",
    },
    "leader_scaled": {
        "ko": "가장 높은 팀이 {points}점, 나머지는 그 팀에 비례",
        "en": "the best team gets {points} points, the others in proportion",
    },
    "round": {
        "ko": "소수점 아래 {digits}자리로 반올림(반은 올림)",
        "en": "round half up, digits after the point: {digits}",
    },
    "z_score": {
        "ko": "표준점수: 모든 팀 평균에서 표준편차({deviation})의 몇 배인지, {per}, 소수점 아래 {digits}자리"
        " (값이 모두 같으면 {all_equal})",
        "en": "standard score: how many standard deviations ({deviation}) from the mean of all teams, {per},"
        " to {digits} decimals (all equal: {all_equal})",
    },
    "standard_points": {
        "ko": "{centre} + {spread} × 값, 0점보다 낮거나 {points}점보다 높지 않게",
        "en": "{centre} + {spread} × value, not below 0 and not above {points}",
    },
    "rank_points": {
        "ko": "등수에 따른 점수: 1등 {points}점, 꼴찌 {points}점의 팀 수분의 1, {per} (동점: {ties})",
        "en": "points by place: {points} for the first, one nth of them for the last of n, {per} (level: {ties})",
    },
    "percentile": {
        "ko": "백분위: 뒤에 있는 다른 팀의 비율 × {points}점, {per} (동점: {ties}, 한 팀뿐이면 {alone})",
        "en": "percentile: {points} times the share of the other teams behind, {per} (level: {ties}, alone: {alone})",
    },
    "bradley_terry": {
        "ko": "브래들리-테리: 둘씩 비교한 결과를 가장 잘 설명하는 {result}, 소수점 아래 {digits}자리"
        " (최대 {iterations}회 반복, 사전 승수 {prior})",
        "en": "Bradley-Terry: the {result} that makes the comparisons of two most likely, to {digits} decimals"
        " (at most {iterations} rounds, {prior} prior wins each way)",
    },
}

STEPS: Words = {
    "majority": {
        "ko": "과반: {source} 위원 중 {share} 초과가 {criteria}에 모두 만점을 준 팀만 남음",
        "en": "majority: a team stays if more than {share} of {source} gave the full mark on each of {criteria}",
    },
    "rank": {"ko": "순위: 총점 순, 동점은 동점 처리 순서대로", "en": "rank by total, level teams by the tie chain"},
    "cut": {"ko": "선발: {keep}만큼 위에서부터 남김", "en": "cut: keep the best, as many as the {keep} seats"},
    "gate": {"ko": "관문 적용: {gate}", "en": "apply the gate {gate}"},
    "wildcard": {
        "ko": "와일드카드: 떨어진 팀 중 {part} 점수가 높은 팀을 최대 {seats}팀 다시 올림 (최저 {minimum})",
        "en": "wildcard: take back up to {seats} of those cut, by points in {part} (minimum {minimum})",
    },
    "refill": {
        "ko": "충원: 관문으로 빈 자리를 {keep}까지, 떨어진 팀 중 같은 관문을 통과하는 순서대로 채움",
        "en": "refill seats that gates left free, up to the {keep} seats, with the best of those cut who pass them",
    },
}

GATES: Words = {
    "verdict": {
        "ko": "{title} ({id}): {quorum}명 이상이 증거로 판정, {lifts}",
        "en": "{title} ({id}): a verdict on evidence by at least {quorum} people; {lifts}",
    },
    "minimum-score": {
        "ko": "{title} ({id}): {part} {minimum}점 이상, {lifts}",
        "en": "{title} ({id}): at least {minimum} points in {part}; {lifts}",
    },
}

TIES: Words = {
    "part": {"ko": "{part} 점수가 높은 팀이 앞섬", "en": "the team with more points in {part} is ahead"},
    "lot": {
        "ko": "추첨: 미리 SHA-256({seed_sha256})으로 약속한 씨앗값으로 정함",
        "en": "a lot from the seed that was committed to by SHA-256 {seed_sha256}",
    },
}

SOURCES: Words = {
    "sheets": {
        "ko": "{title} ({id}): 평가위원 {panel}이 매기는 {criteria}",
        "en": "{title} ({id}): {criteria}, scored by a panel of {panel}",
    },
    "measurements": {
        "ko": "{title} ({id}): {provider}에서 측정한 {criteria}",
        "en": "{title} ({id}): {criteria}, measured by {provider}",
    },
    "carried": {
        "ko": "{title} ({id}): 앞 단계 {stage}의 결정에서 가져온 {criteria}",
        "en": "{title} ({id}): {criteria}, carried over from the decision of {stage}",
    },
    "comparisons": {
        "ko": "{title} ({id}): 평가위원 {panel}의 둘씩 비교, 두 팀마다 {per_pair}번 이상",
        "en": "{title} ({id}): comparisons of two by a panel of {panel}, {per_pair} or more for every two teams",
    },
}

FIGURES: Words = {
    "winners": {"ko": "진출 팀", "en": "who goes on"},
    "order": {"ko": "진출 팀과 순서", "en": "who goes on, in order"},
    "ranks": {"ko": "모든 순위", "en": "every rank"},
    "eliminations": {"ko": "탈락 팀과 사유", "en": "who leaves and why"},
    "gates": {"ko": "관문 판정", "en": "verdicts of the gates"},
    "totals": {"ko": "모든 총점", "en": "every total"},
    "parts": {"ko": "부문별 점수({of})", "en": "points in parts ({of})"},
    "best": {"ko": "최고점({of})", "en": "best ({of})"},
    "mean": {"ko": "평균({of})", "en": "mean ({of})"},
    "gap": {"ko": "격차({of})", "en": "gap from first to last ({of})"},
    "formulas": {"ko": "계산식", "en": "formulas"},
    "own-points": {"ko": "자기 점수와 순위", "en": "its own points and rank"},
    "own-sheet": {"ko": "자기 평가표", "en": "its own sheets"},
    "own-gates": {"ko": "자기 관문 판정", "en": "its own verdicts"},
    "full": {"ko": "모든 자료", "en": "everything"},
}

VALUES: Words = {
    "criteria": {"ko": "항목", "en": "criteria"},
    "assessors": {"ko": "평가위원", "en": "assessors"},
    "population": {"ko": "모집단", "en": "of the population"},
    "sample": {"ko": "표본", "en": "of a sample"},
    "zero": {"ko": "0점", "en": "0"},
    "refuse": {"ko": "결정 거부", "en": "refused"},
    "average": {"ko": "등수 평균", "en": "average of the places"},
    "best": {"ko": "가장 좋은 등수", "en": "best of the places"},
    "worst": {"ko": "가장 나쁜 등수", "en": "worst of the places"},
    "strength": {"ko": "강도(합계 1)", "en": "strengths (adding up to 1)"},
    "win-share": {"ko": "평균 상대에 대한 승률", "en": "chance to win against the average other team"},
    "planned": {"ko": "계획 자리", "en": "planned"},
    "maximum": {"ko": "최대 자리", "en": "maximum"},
    "total": {"ko": "총점", "en": "the total"},
    "none": {"ko": "없음", "en": "none"},
    "nothing": {"ko": "없음", "en": "nothing"},
    "everyone": {"ko": "팀 전체에서 한 번", "en": "once over the field"},
    "lifts": {"ko": "떨어지면 다음 팀이 올라옴", "en": "failing it lifts the next team"},
    "lifts-nobody": {"ko": "떨어져도 다른 팀이 올라오지 않음", "en": "failing it lifts nobody"},
    "rank": {"ko": "순위", "en": "rank"},
    "gate": {"ko": "관문", "en": "gate"},
    "majority": {"ko": "과반 미달", "en": "no majority"},
    "passed": {"ko": "통과", "en": "passed"},
    "failed": {"ko": "탈락", "en": "failed"},
    "gpu": {"ko": "GPU", "en": "GPUs"},
    "data": {"ko": "데이터", "en": "data"},
    "talent": {"ko": "인재", "en": "talent"},
    "recorded": {"ko": "접수됨", "en": "recorded"},
    "published": {"ko": "공개됨", "en": "published"},
    "reconstructed": {"ko": "역산됨", "en": "reconstructed"},
    "synthetic": {"ko": "합성", "en": "synthetic"},
    "public": {"ko": "모두", "en": "everybody"},
    "team": {"ko": "각 팀", "en": "each team"},
    "panel": {"ko": "평가단", "en": "the panels"},
    "never": {"ko": "일찍 끝내지 않음", "en": "never closed early"},
    "all-parties-waive": {"ko": "모두 포기하면 일찍 끝남", "en": "closed early if all parties waive"},
    "all-entered-teams": {"ko": "참가한 모든 팀의 동의", "en": "the consent of all teams that entered"},
    "majority-of-entered-teams": {"ko": "참가한 팀 과반의 동의", "en": "the consent of most teams that entered"},
    "none-before-opening": {"ko": "시작 전에는 동의가 필요 없음", "en": "no consent before the opening"},
    "own-declared-target": {"ko": "팀이 정한 비교 모델", "en": "the target that a team declared for itself"},
    "best-in-window": {"ko": "기간 안에 나온 가장 좋은 모델", "en": "the best model released in the window"},
}


def item_words(value: Any, lang: Language) -> str:
    """An element of a list: a word, a title, a part with its points, a criterion with its scale."""
    if isinstance(value, str):
        return value_words(value, lang)
    if isinstance(value, Title):
        return title_words(value, lang)
    title = title_words(value.title, lang)
    if hasattr(value, "points"):
        return f"{title} {plain(value.points)}점" if lang == "ko" else f"{title}, {plain(value.points)} points"
    return f"{title} {plain(value.minimum)}–{plain(value.maximum)}"


def value_words(name: object, lang: Language) -> str:
    """A value of the document in words; what has none is shown as it stands."""
    if isinstance(name, Decimal):
        return plain(name)
    text = str(name.value if isinstance(name, Enum) else name)
    return VALUES.get(text, {}).get(lang, text)


def readable(number: str) -> str:
    """A number of a decision for a reader: a fraction also as a decimal."""
    return f"{number} ≈ {fixed(Fraction(number), _ABOUT_DIGITS)}" if "/" in number else number


def title_words(title: Title, lang: Language) -> str:
    """A title in one language."""
    return title.ko if lang == "ko" else title.en


def in_words(table: Words, kind: str, rule: BaseModel, lang: Language, titles: Mapping[str, str]) -> str:
    """The sentence of an operator, step, gate, tie or source; `titles` names parts, sources and gates by id.

    Of a kind that the table does not know, the name and its fields as they stand.
    """
    facts = {name: _fact(name, value, lang, titles) for name, value in rule}
    if kind not in table:
        return f"{kind} (" + ", ".join(f"{name} {fact}" for name, fact in facts.items() if fact != kind) + ")"
    return table[kind][lang].format(**facts)


def _fact(name: str, value: Any, lang: Language, titles: Mapping[str, str]) -> str:
    if made := _MADE.get(name):
        return made(value, lang)
    if value is None or value == ():
        return value_words("none", lang)
    if isinstance(value, tuple):
        return _several(value, lang)
    words = value_words(value, lang)
    return titles.get(value, words) if name in _NAMES_ANOTHER else words


def _several(values: tuple[Any, ...], lang: Language) -> str:
    """A list in words; of a long one its beginning and its length."""
    shown = ", ".join(item_words(each, lang) for each in values[:_SHOWN])
    if len(values) <= _SHOWN:
        return shown
    return f"{shown} 등 {len(values)}개" if lang == "ko" else f"{shown} and {len(values) - _SHOWN} more"


def _panel(value: Any, lang: Language) -> str:
    return (
        f"{value.planned}명(최소 {value.minimum}명)" if lang == "ko" else f"{value.planned} (at least {value.minimum})"
    )


def _weights(value: Any, _lang: Language) -> str:
    return ", ".join(f"{each.criterion} × {plain(each.weight)}" for each in value)


def _per(value: Any, lang: Language) -> str:
    if not value:
        return value_words("everyone", lang)
    axes = ", ".join(value_words(each, lang) for each in value)
    return f"{axes}마다" if lang == "ko" else f"for each of the {axes}"


def _lifts(value: Any, lang: Language) -> str:
    return value_words("lifts" if value else "lifts-nobody", lang)


_SHOWN = 7
_ABOUT_DIGITS = 4
_NAMES_ANOTHER = {"part", "source", "gate", "target"}
_MADE = {"title": title_words, "panel": _panel, "weights": _weights, "lifts": _lifts, "per": _per}
