"""Names of the document's fields and sentences of a comparison, in Korean and English."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rules.explaining_words import Language, Words

FIELDS: Words = {
    "advanced_from": {"ko": "통과해야 하는 단계", "en": "stages to come from"},
    "changes": {"ko": "변경", "en": "changes"},
    "closes": {"ko": "마감", "en": "closing"},
    "consent": {"ko": "동의", "en": "consent"},
    "consequences": {"ko": "결과", "en": "consequences"},
    "criteria": {"ko": "항목", "en": "criteria"},
    "dates": {"ko": "일정", "en": "dates"},
    "days": {"ko": "일수", "en": "days"},
    "decides": {"ko": "결정", "en": "decision"},
    "digits": {"ko": "소수 자릿수", "en": "digits"},
    "disclosure": {"ko": "공개 범위", "en": "disclosure"},
    "early_close": {"ko": "조기 종료", "en": "early close"},
    "eligibility": {"ko": "참가 자격", "en": "eligibility"},
    "eliminated_teams_may_apply": {"ko": "탈락 팀 참가", "en": "eliminated teams may apply"},
    "elimination": {"ko": "탈락", "en": "elimination"},
    "forfeits": {"ko": "회수", "en": "forfeits"},
    "gates": {"ko": "관문", "en": "gates"},
    "grounds": {"ko": "판정 근거", "en": "grounds"},
    "keeps": {"ko": "유지", "en": "keeps"},
    "late_picks": {"ko": "나중에 밝힐 선택", "en": "late picks"},
    "lifts": {"ko": "올림", "en": "lifting"},
    "maximum": {"ko": "최대", "en": "maximum"},
    "minimum": {"ko": "최소", "en": "minimum"},
    "newcomers_may_apply": {"ko": "새로운 팀 참가", "en": "newcomers may apply"},
    "objections": {"ko": "이의제기", "en": "objections"},
    "opens": {"ko": "시작", "en": "opening"},
    "panel": {"ko": "평가단", "en": "panel"},
    "part": {"ko": "부문", "en": "part"},
    "parts": {"ko": "부문", "en": "parts"},
    "planned": {"ko": "계획", "en": "planned"},
    "points": {"ko": "배점", "en": "points"},
    "procedure": {"ko": "절차", "en": "procedure"},
    "profile": {"ko": "유형", "en": "profile"},
    "provider": {"ko": "제공 기관", "en": "provider"},
    "published": {"ko": "공개일", "en": "publication"},
    "quorum": {"ko": "정족수", "en": "quorum"},
    "ratio": {"ko": "비율", "en": "ratio"},
    "references": {"ko": "근거", "en": "references"},
    "rounding": {"ko": "반올림", "en": "rounding"},
    "seats": {"ko": "자리", "en": "seats"},
    "source": {"ko": "출처", "en": "source"},
    "sources": {"ko": "출처", "en": "sources"},
    "stage": {"ko": "단계", "en": "stage"},
    "steps": {"ko": "계산 단계", "en": "steps"},
    "support": {"ko": "지원", "en": "support"},
    "targets": {"ko": "무빙타깃", "en": "moving target"},
    "ties": {"ko": "동점 처리", "en": "tie chain"},
    "title": {"ko": "이름", "en": "title"},
    "version": {"ko": "판", "en": "version"},
    "zone": {"ko": "시간대", "en": "time zone"},
}
"""Fields that have a word of their own; others are shown by their name."""

_CHANGED: Words = {
    "changed": {"ko": "{where}: {old} → {new}", "en": "{where}: {old} → {new}"},
    "added": {"ko": "{where}: 추가 {new}", "en": "{where}: added {new}"},
    "removed": {"ko": "{where}: 삭제 {old}", "en": "{where}: removed {old}"},
}


def field_words(name: str) -> dict[Language, str]:
    """A field's name in words."""
    return FIELDS.get(name, {"ko": name, "en": name})


def number_words(number: int) -> dict[Language, str]:
    """The place of an element in a list, from 1."""
    return {"ko": f"{number}번째", "en": f"no. {number}"}


def said(where: str, old: str | None, new: str | None, lang: Language) -> str:
    """The sentence of a change at a place; None is nothing."""
    kind = "added" if old is None else "removed" if new is None else "changed"
    return _CHANGED[kind][lang].format(where=where, old=old, new=new)
