"""The closed list of grounds: what can be objected, and what can be alleged.

Source: design page "Selection and notary", "Objections": ground from a closed list
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from selection.domain.objection_refusal import GroundUnknownError


class Kind(Enum):
    """What a proceeding is."""

    OBJECTION = "objection"
    CASE = "case"


@dataclass(frozen=True, slots=True)
class Ground:
    """A ground with its titles and where it comes from."""

    code: str
    kind: Kind
    title_ko: str
    title_en: str
    source: str


_COMPLAINTS: Final = 'programme facts, "What went wrong"'
_ORIGINALITY: Final = 'programme facts, "Stage-1 rule set": originality'
_CALL: Final = 'programme facts, "The call"'

GROUNDS: Final = tuple(
    Ground(code, kind, korean, english, source)
    for kind, code, korean, english, source in (
        (Kind.OBJECTION, "calculation", "계산 오류", "Calculation error", "design: a stranger recomputes a decision"),
        (Kind.OBJECTION, "rule", "평가기준 미준수", "A rule was not followed", f"{_COMPLAINTS}: criteria late"),
        (Kind.OBJECTION, "conflict", "이해충돌", "Conflict of interest", "programme facts: conflicts cleared"),
        (Kind.OBJECTION, "input", "입력값 누락 또는 오류", "Wrong or missing input", f"{_COMPLAINTS}: opaque scores"),
        (
            Kind.OBJECTION,
            "not-considered",
            "소명·증거 미반영",
            "Evidence or explanation not considered",
            f"{_COMPLAINTS}: a team's explanation not heard",
        ),
        (
            Kind.OBJECTION,
            "platform",
            "플랫폼 장애",
            "Fault of the platform",
            f"{_COMPLAINTS}: deadline day outage",
        ),
        (Kind.CASE, "technical", "독자성: 기술", "Originality, technical", f"{_ORIGINALITY}, technical"),
        (Kind.CASE, "policy", "독자성: 정책", "Originality, policy", f"{_ORIGINALITY}, policy"),
        (Kind.CASE, "ethical", "독자성: 윤리", "Originality, ethical", f"{_ORIGINALITY}, ethical"),
        (Kind.CASE, "licence", "라이선스 위반", "Licence broken", f"{_CALL}: no licensing issue"),
        (Kind.CASE, "false-statement", "허위 진술", "False statement", f"{_CALL}: what a team declares"),
        (Kind.CASE, "conduct", "부정 행위", "Misconduct in the evaluation", f"{_COMPLAINTS}: self-run benchmarks"),
    )
)


def ground_of(kind: Kind, code: str) -> Ground:
    """Return the ground. Raises `GroundUnknownError`."""
    known = {each.code: each for each in GROUNDS if each.kind is kind}
    if code not in known:
        raise GroundUnknownError("ground", code, f"must be one of {', '.join(known)}")
    return known[code]
