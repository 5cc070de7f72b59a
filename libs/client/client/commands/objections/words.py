"""What a proceeding's words mean, in Korean and English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rules.explaining_words import Language

_WORDS: Final[dict[str, tuple[str, str]]] = {
    # kinds
    "objection": ("이의제기", "objection"),
    "case": ("조사 건", "case"),
    # states
    "filed": ("접수됨", "filed"),
    "reply": ("답변 기한", "waits for the reply"),
    "seating": ("심의위원회 구성 중", "a panel is to be seated"),
    "hearing": ("심리 중", "before its panel"),
    "found": ("판단됨, 조치 필요", "founded, to be remedied"),
    "rescoring": ("재평가 중", "being scored again"),
    "closed": ("종결", "closed"),
    # outcomes
    "inadmissible": ("각하", "not admitted"),
    "withdrawn": ("철회", "withdrawn"),
    "upheld": ("기각, 결정 유지", "not founded, the decision stands"),
    "recomputed": ("인용, 재계산", "founded, recomputed"),
    "rescored": ("인용, 재평가", "founded, scored again"),
    "noted": ("인정, 기록", "founded, noted"),
    # who must act
    "staff": ("담당자", "staff"),
    "applicant": ("제기한 쪽", "who brought it"),
    "respondent": ("상대방", "the other side"),
    "panel": ("심의위원회", "the panel"),
    # remedies
    "uphold": ("결정 유지", "the decision stands"),
    "recompute": ("재계산", "recompute"),
    "re-score": ("재평가", "score again"),
    "note": ("기록", "note"),
    # steps, where they are called otherwise than the state that they lead to
    "step_filed": ("접수", "filed"),
    "step_found": ("심의 결과", "the panel found"),
    "step_closed": ("종결", "closed"),
    "evidence": ("증거 추가", "evidence added"),
    "admitted": ("수리", "admitted"),
    "replied": ("답변", "replied"),
    "silent": ("답변 없음", "no reply"),
    "seated": ("심의위원회 구성", "panel seated"),
    "finding": ("위원 판단", "a member found"),
    "ordered": ("조치 명령", "remedy ordered"),
    "fresh-scores": ("재평가표 제출", "fresh scores handed in"),
    "held": ("보류", "held"),
    # headings
    "stage": ("단계", "stage"),
    "team": ("팀", "team"),
    "ground": ("사유", "ground"),
    "version": ("결정 판", "decision version"),
    "state": ("상태", "state"),
    "outcome": ("결과", "outcome"),
    "owner": ("담당", "must act"),
    "until": ("기한", "until"),
    "waits": ("대기", "waits for"),
    "statement": ("주장", "statement"),
    "admission": ("수리·각하 사유", "admission"),
    "answer": ("답변", "reply"),
    "members": ("위원", "members"),
    "quorum": ("정족수", "quorum"),
    "remedy": ("판단", "finding"),
    "remedy_reason": ("조치 사유", "order"),
    "withdrawal": ("철회 사유", "withdrawn because"),
    "result": ("새 결정 판", "new decision version"),
    "corrected": ("정정", "corrected"),
    "fresh": ("재평가 대상", "scored again"),
    "dissent": ("소수의견", "dissents"),
    "difference": ("달라진 것", "what differs"),
    "provenance": ("출처", "provenance"),
    "synthetic": ("합성", "synthetic"),
    "nothing": ("없음", "none"),
    "more": ("다음 쪽", "next page"),
    "request": ("요청 ID", "request id"),
    "unknown_originals": ("아직 알려지지 않은 평가자", "not known yet who stood behind"),
    "all_known": ("모든 평가자가 알려짐", "everybody is known"),
}


def step(name: str, language: Language) -> str:
    """What happened, in a word."""
    return word(f"step_{name}" if f"step_{name}" in _WORDS else name, language)


def word(name: str, language: Language) -> str:
    """The word in a language; one that is not known stays as it is: a newer service has more."""
    korean, english = _WORDS.get(name, (name, name))
    return korean if language == "ko" else english
