"""What each code of a refusal means, in Korean; the rule itself is in English, with its figures, in the violation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rules.completeness import Missing
    from rules.explaining_words import Language

CODES: dict[str, str] = {
    "ASSESSOR_NOT_EXPECTED": "측정값과 판정에는 평가위원이 없습니다",
    "CARRIED_FROM_TWO_DECISIONS": "이어받는 점수는 한 결정에서 옵니다",
    "CARRIED_SCALE": "이어받는 점수의 척도가 앞 단계와 다릅니다",
    "COMPARED_WITH_ITSELF": "서로 다른 두 팀을 비교합니다",
    "COMPARISONS_DISCONNECTED": "모든 팀이 비교로 이어져야 합니다",
    "COMPARISONS_ONE_SIDED": "모두 이기거나 모두 진 팀의 강도는 정해지지 않습니다",
    "CRITERION_UNKNOWN": "출처에 선언된 항목이 아닙니다",
    "CRITERION_UNUSED": "어느 부문이나 과반에도 쓰이지 않는 항목입니다",
    "CSV_COLUMNS": "첫 줄의 열 이름이 맞지 않습니다",
    "CSV_MALFORMED": "표(CSV)의 형식이 잘못되었습니다",
    "CSV_NOT_UTF8": "파일이 UTF-8이 아닙니다. 스프레드시트에서 “CSV UTF-8”로 저장하세요",
    "CSV_ROW_LENGTH": "줄의 칸이 열보다 많습니다",
    "DATES_OUT_OF_ORDER": "날짜의 순서가 맞지 않습니다",
    "DATES_OVERLAP": "기간이 겹칩니다",
    "DATE_CYCLE": "날짜가 서로를 가리켜 돌고 있습니다",
    "DATE_DIFFERS_FROM_SCHEDULE": "일정표의 날짜와 다릅니다",
    "DATE_FORM": "날짜의 형식이 맞지 않습니다",
    "DATE_OUT_OF_RANGE": "날짜가 범위를 벗어났습니다",
    "DATE_UNKNOWN": "없는 날짜를 가리킵니다",
    "DECISION_MALFORMED": "결정 문서의 형식이 아닙니다",
    "DIGITS_TOO_MANY": "소수 자릿수가 너무 많습니다",
    "DOCUMENT_TOO_LONG": "문서가 너무 깁니다",
    "DUPLICATE": "한 번만 있어야 합니다",
    "ENTRANT_ELIMINATED": "탈락한 팀은 참가할 수 없습니다",
    "ENTRANT_FROM_ANOTHER_STAGE": "다른 단계에서 온 팀입니다",
    "ENTRANT_NEW": "새로운 팀은 참가할 수 없습니다",
    "FIELD_MISSING": "꼭 있어야 하는 칸이 비었습니다",
    "FIELD_UNKNOWN": "없는 칸입니다",
    "FORFEIT_AND_KEEP": "지원은 회수하거나 유지하거나 둘 중 하나입니다",
    "GATE_NOT_APPLIED_ONCE": "절차는 관문마다 한 번씩 적용합니다",
    "GATE_UNKNOWN": "선언된 관문이 아니거나 사람이 판정하는 관문이 아닙니다",
    "ID_MALFORMED": "id는 소문자, 숫자, 붙임표로 씁니다",
    "INPUTS_INCOMPLETE": "필요한 점수나 판정이 빠졌습니다. 빠진 것은 0점이 아닙니다",
    "INPUTS_MALFORMED": "점수 자료의 형식이 아닙니다",
    "KIND_UNKNOWN": "엔진이 모르는 종류입니다",
    "MOMENT_FORM": "시각의 형식이 맞지 않습니다",
    "NEWCOMERS_WITHOUT_FIGURE": "새로운 팀에게는 이어받을 점수가 없습니다",
    "NO_COMPARISON": "두 팀의 비교로 읽을 수 없습니다",
    "NOTHING_TO_COMPARE": "비교할 다른 팀이 없습니다",
    "NOT_CANONICAL": "정규형(RFC 8785)이 아닙니다",
    "NUMBER_NOT_EXACT": "88.5와 같은 십진수로 씁니다",
    "NUMBER_NOT_FINITE": "유한한 수여야 합니다",
    "OPERATOR_HAS_NO_ANSWER": "이 값으로는 연산을 할 수 없습니다",
    "OPERATOR_UNKNOWN": "엔진이 모르는 연산입니다",
    "PANEL_SIZE": "평가단은 1 ≤ 최소 ≤ 계획이어야 합니다",
    "PANEL_TOO_LARGE": "평가위원이 계획보다 많습니다",
    "PART_FORM": "부문에는 하위 부문이나 출처 중 하나만 있습니다",
    "PART_UNKNOWN": "없는 부문입니다",
    "PERIOD_EMPTY": "기간이 비었습니다",
    "POINTS_DO_NOT_ADD_UP": "배점의 합이 맞지 않습니다",
    "POINTS_NOT_POSITIVE": "배점은 0보다 큽니다",
    "PROCEDURE_ORDER": "절차에는 순위 하나와 그 뒤의 선발 하나가 있습니다",
    "PROVENANCE_UNKNOWN": "없는 출처 구분입니다",
    "QUORUM_MISSED": "판정한 사람이 정족수보다 적습니다",
    "REASON_MISSING": "판정에는 사유가 있어야 합니다",
    "RESULT_UNKNOWN": "비교 결과는 승, 패, 무입니다",
    "ROW_LENGTH": "줄의 길이가 맞지 않습니다",
    "SCALE_EMPTY": "최소는 최대보다 작아야 하고 배율은 0보다 커야 합니다",
    "SCORE_FILE_MALFORMED": "점수 파일의 형식이 아닙니다",
    "SEATS_OUT_OF_ORDER": "자리는 최소 ≤ 계획 ≤ 최대여야 합니다",
    "SEATS_OVER_MAXIMUM": "자리가 최대보다 많아질 수 있습니다",
    "SEED_NOT_COMMITTED": "씨앗값이 약속한 SHA-256과 다릅니다",
    "SHARE_OUT_OF_RANGE": "비율은 0 이상 1 미만입니다",
    "SOURCE_EMPTY": "출처에는 항목이 있어야 합니다",
    "SOURCE_UNKNOWN": "선언된 출처가 아닙니다",
    "SOURCE_UNUSED": "쓰이지 않는 출처입니다",
    "STAGE_CYCLE": "단계가 서로를 가리켜 돌고 있습니다",
    "STAGE_MISMATCH": "다른 단계의 점수입니다",
    "STEPS_AXIS_GONE": "이미 줄어든 축을 다시 줄입니다",
    "STAGE_UNKNOWN": "프로그램에 없는 단계입니다",
    "STEPS_COMPARISONS": "둘씩 비교한 결과에 쓸 수 없는 연산입니다",
    "STEPS_END_UNROUNDED": "마지막 단계는 반올림이어야 합니다",
    "STEPS_LEAVE_AXIS": "줄이지 않은 축이 남습니다",
    "STEPS_MISS_POINTS": "계산으로 얻을 수 있는 최고점이 배점과 다릅니다",
    "STRENGTHS_NOT_SETTLED": "강도 계산이 정해진 횟수 안에 끝나지 않았습니다",
    "SUM_OF_ASSESSORS": "평가위원 점수는 더하지 않고 평균합니다",
    "TARGET_MISMATCH": "비교 모델의 항목이나 값이 맞지 않습니다",
    "TEAM_UNKNOWN": "이 단계에 참가한 팀이 아닙니다",
    "TIE_CHAIN_WITHOUT_LOT": "동점 처리는 추첨 하나로 끝나야 합니다",
    "TIE_NOT_ALLOWED": "비김은 허용되지 않습니다",
    "TRIM_LEAVES_NONE": "빼고 나면 남는 값이 없습니다",
    "VALUES_ALL_EQUAL": "값이 모두 같아 편차가 없습니다",
    "VALUE_INVALID": "값이 맞지 않습니다",
    "VALUE_OFF_SCALE": "척도를 벗어난 값입니다",
    "VERDICT_UNKNOWN": "판정은 통과 또는 탈락입니다",
    "WEIGHTS_MISMATCH": "항목마다 0보다 큰 가중치가 하나씩 있어야 합니다",
    "WINDOW_DOES_NOT_FIT": "기간이 맞지 않습니다",
    "WINNER_UNKNOWN": "이긴 팀은 비교한 두 팀 중 하나입니다",
    "YAML_ANCHOR": "앵커와 별칭은 쓸 수 없습니다",
    "YAML_DOCUMENTS": "문서는 하나여야 합니다",
    "YAML_DUPLICATE_KEY": "같은 키가 두 번 있습니다",
    "YAML_KEY": "키는 글자여야 합니다",
    "YAML_MALFORMED": "UTF-8로 된 올바른 YAML이 아닙니다",
    "YAML_TAG": "태그는 쓸 수 없습니다",
}


_MISSING = {
    "assessors": "평가위원",
    "comparisons": "비교",
    "figure": "이어받는 점수",
    "measurement": "측정값",
    "score": "점수",
    "scores": "점수",
    "sheets": "평가표",
    "verdict": "판정",
}


def missing_words(missing: Missing, lang: Language) -> str:
    """What is missing, in words; of a kind without Korean words as it is."""
    if lang == "en" or missing.what not in _MISSING:
        return str(missing)
    return str(replace(missing, what=_MISSING[missing.what]))


def code_words(code: str) -> str | None:
    """The meaning of a code in Korean, None where the rule's own sentence must do."""
    return CODES.get(code)
