"""The sentences of refusals in Korean, by the English sentence with a pair of braces for each figure in it.

A violation's rule is English, in the log and in JSON alike; who reads Korean gets the sentence from here. A test looks
at every sentence that this library can refuse with, and fails for one that has no Korean.
"""

from __future__ import annotations

from rules.completeness import Lacking

KOREAN: dict[str, str] = {
    # the text itself
    "at most {} bytes": "최대 {0}바이트까지 읽습니다",
    "the file is UTF-8 text; a spreadsheet saves it as “CSV UTF-8”": (
        "파일은 UTF-8 글이어야 합니다. 스프레드시트에서는 “CSV UTF-8”로 저장합니다"
    ),
    "the text is well-formed YAML": "올바른 YAML이 아닙니다",
    "the text is well-formed YAML: mapping values are not allowed here": (
        "올바른 YAML이 아닙니다. 들여쓰기가 맞지 않거나 한 줄에 ‘:’이 두 번 있습니다"
    ),
    "the text is well-formed YAML: found character '\\t' that cannot start any token": (
        "올바른 YAML이 아닙니다. 탭이 아니라 빈칸으로 들여 씁니다"
    ),
    "the text is well-formed YAML: could not find expected ':'": "올바른 YAML이 아닙니다. ‘키: 값’의 ‘:’이 빠졌습니다",
    "the text is well-formed YAML: expected <block end>, but found {}": (
        "올바른 YAML이 아닙니다. 들여쓰기가 윗줄과 맞지 않습니다"
    ),
    "the text is well-formed YAML: {}": "올바른 YAML이 아닙니다. 들여쓰기, 따옴표, 괄호를 확인하세요 ({0})",
    "the text is well-formed JSON": "올바른 JSON이 아닙니다",
    "at most {} levels": "최대 {0}단계까지 들여 씁니다",
    "anchors and aliases are not allowed": "앵커와 별칭은 쓸 수 없습니다",
    "tags are not allowed": "태그는 쓸 수 없습니다",
    "exactly one document": "문서는 하나여야 합니다",
    "a key is plain text": "키는 글자여야 합니다",
    "a key stands once in its mapping": "같은 키는 한 번만 씁니다",
    "a number is finite": "유한한 수여야 합니다",
    "text is Unicode without lone surrogates": "글은 짝이 맞는 유니코드여야 합니다",
    # the shape of a document
    "this field is required": "꼭 있어야 하는 칸입니다",
    "no such field exists here": "여기에는 없는 칸입니다",
    "the field that names the kind is required": "종류를 밝히는 칸이 있어야 합니다",
    "{} is one of {}": "{0}은(는) 다음 중 하나입니다: {1}",
    "one of {}": "다음 중 하나입니다: {0}",
    "text": "글자여야 합니다",
    "an integer, without quotes": "따옴표 없는 정수여야 합니다",
    "true or false": "true 또는 false입니다",
    "fields with values": "칸과 값으로 이루어져야 합니다",
    "a list": "목록이어야 합니다",
    "at least {} characters": "{0}자 이상이어야 합니다",
    "at most {} characters": "최대 {0}자입니다",
    "at least {}": "{0} 이상이어야 합니다",
    "at most {}": "최대 {0}입니다",
    "in the form {}": "{0} 꼴이어야 합니다",
    "small letters and digits, parts joined by single hyphens": "id는 영문 소문자와 숫자를 붙임표(-)로 이어 씁니다",
    "an id of small letters, digits and single hyphens, at most {}": "영문 소문자, 숫자, 붙임표(-)로 최대 {0}자입니다",
    "64 digits of lower-case hex": "SHA-256은 소문자 16진수 64자리입니다",
    "a zone of the IANA database, such as Asia/Seoul": "시간대는 Asia/Seoul처럼 IANA 이름으로 씁니다",
    "the IANA time zone database has no such zone": "IANA 시간대에 없는 이름입니다. Asia/Seoul처럼 씁니다",
    "an instant is a day of the calendar, a time and an offset: 2026-08-03T09:00:00+09:00": (
        "시각은 2026-08-03T09:00:00+09:00처럼 달력에 있는 날짜, 시각, UTC 차이를 모두 씁니다"
    ),
    "an instant lies in the years {} to {}": "시각은 {0}년부터 {1}년까지입니다",
    "a plain decimal number, at most {} digits before and {} after the point": (
        "쉼표, %, 단위가 없는 십진수로 씁니다. 소수점 앞 최대 {0}자리, 뒤 최대 {1}자리"
    ),
    "a plain decimal number such as 88.5": "쉼표, %, 단위가 없는 88.5와 같은 십진수로 씁니다",
    "each {} stands once": "같은 것은 한 번만 씁니다",
    # rule sets: dates, stages, sources
    "{} is not after {}": "{0}은(는) {1}보다 늦을 수 없습니다",
    "a support ends after it begins": "지원은 시작한 뒤에 끝나야 합니다",
    "nothing is carried over in a stage that newcomers may enter: they have no earlier figure": (
        "새로운 팀이 참가할 수 있는 단계에서는 점수를 이어받을 수 없습니다. 새로운 팀에게는 앞 단계의 점수가 없습니다"
    ),
    "an earlier stage, not this one": "이 단계가 아니라 앞 단계여야 합니다",
    "1 ≤ minimum ≤ planned": "평가단은 1 ≤ 최소 ≤ 계획이어야 합니다",
    "a source has a criterion": "출처에는 항목이 있어야 합니다",
    "minimum < maximum": "최소는 최대보다 작아야 합니다",
    # rule sets: parts and steps
    "a part has either parts of its own or a source": "부문에는 하위 부문이나 출처 중 하나만 있습니다",
    "a part with parts is their sum and has no steps or criteria": (
        "하위 부문이 있는 부문은 그 합이며, 계산 단계나 항목이 없습니다"
    ),
    "the source is declared in sources": "sources에 선언된 출처여야 합니다",
    "the criterion is declared by {}": "{0}에 선언된 항목이어야 합니다",
    "points are above zero": "배점은 0보다 큽니다",
    "the points of the parts add up to {}": "부문 배점의 합은 {0}이어야 합니다",
    "every source is used by a part": "모든 출처는 부문에 쓰여야 합니다",
    "every criterion is used by a part or a majority": "모든 항목은 부문이나 과반에 쓰여야 합니다",
    "a kind of support is either forfeited or kept": "지원은 회수하거나 유지하거나 둘 중 하나입니다",
    "the steps reduce every axis": "계산 단계가 항목과 평가위원을 모두 하나의 수로 줄여야 합니다",
    "the last step rounds to at most {} digits": "마지막 계산은 소수점 아래 {0}자리 이하로 반올림입니다",
    "the greatest score that the steps can give is the part's points, {}": (
        "계산으로 얻을 수 있는 최고점은 부문의 배점 {0}과(와) 같아야 합니다"
    ),
    "bradley_terry, and nothing else, makes one value a team of comparisons": (
        "둘씩 비교한 결과에는 bradley_terry만 쓰고, 다른 값에는 쓰지 않습니다"
    ),
    "prior wins are not below zero": "사전 승수는 0보다 작을 수 없습니다",
    "points and scale are above zero": "배점과 척도는 0보다 큽니다",
    "the axis is there and not yet reduced": "아직 줄이지 않은 축만 줄일 수 있습니다",
    "fewer than {} values are dropped": "빼는 값은 {0}개보다 적어야 합니다. 빼고 나면 남는 값이 없습니다",
    "assessors are averaged, since their number may vary": (
        "평가위원 수는 달라질 수 있으므로 점수를 더하지 않고 평균합니다"
    ),
    "one weight for each of {}": "항목마다 가중치가 하나씩 있어야 합니다: {0}",
    "a weight is above zero": "가중치는 0보다 큽니다",
    "teams are compared after every axis is reduced": "팀끼리는 항목과 평가위원을 모두 줄인 뒤에 비교합니다",
    "per names the axes still there: {}": "per에는 남아 있는 축을 적습니다: {0}",
    "from 0 to the points": "0부터 배점까지입니다",
    "{} is above zero": "{0}은(는) 0보다 큽니다",
    "the target is a declared source of measurements": "비교 모델은 선언된 측정값 출처여야 합니다",
    "the target measures the same criteria, and the ratio is taken of each measurement": (
        "비교 모델은 같은 항목을 측정해야 하고, 비율은 측정값마다 구합니다"
    ),
    "a target's score is above zero": "비교 모델의 값은 0보다 커야 합니다",
    "the cap is above zero": "상한은 0보다 큽니다",
    # rule sets: seats, gates, procedure, ties
    "minimum ≤ planned ≤ maximum": "자리는 최소 ≤ 계획 ≤ 최대여야 합니다",
    "the part exists": "이 평가기준에 있는 부문이어야 합니다",
    "one rank and, after it, one cut": "절차에는 순위 하나와 그 뒤의 선발 하나가 있습니다",
    "the gate is declared in gates": "gates에 선언된 관문이어야 합니다",
    "the procedure applies each gate once": "절차는 관문마다 한 번씩 적용합니다",
    "only after the cut is there somebody to take back": "다시 올릴 팀은 선발 뒤에만 있습니다",
    "cut and wildcards keep at most {} teams": "선발과 와일드카드로 남는 팀은 최대 {0}팀입니다",
    "a majority is of a declared panel's sheets": "과반은 선언된 평가단의 평가표로 구합니다",
    "a majority has a criterion": "과반에는 항목이 있어야 합니다",
    "0 ≤ share < 1": "비율은 0 이상 1 미만입니다",
    "the chain ends in its one lot": "동점 처리는 추첨 하나로 끝나야 합니다",
    # disclosure
    "everything is open at the latest when the decision is final: the log opens what it rests on then": (
        "모든 자료는 늦어도 결정이 확정될 때 공개합니다. 그때 로그가 근거를 엽니다"
    ),
    "a part of this rule set": "이 평가기준에 있는 부문이어야 합니다",
    'a part of this rule set, or "{}"': '이 평가기준에 있는 부문이나 "{0}"이어야 합니다',
    "a policy widens one that stands before it": "공개 범위는 앞에 있는 것만 넓힐 수 있습니다",
    "what is shown beyond an earlier policy has a reason, and a reason names the policy that it widens": (
        "앞의 공개 범위보다 더 보이려면 사유가 있어야 하고, 사유에는 넓히는 공개 범위를 밝힙니다"
    ),
    "a policy shows something": "공개 범위는 무언가를 보여야 합니다",
    "only a team is shown what is its own": "자기 것은 그 팀에게만 보입니다",
    "the figure is of at least one part": "수치는 적어도 한 부문의 것이어야 합니다",
    "at most {} digits": "소수점 아래 최대 {0}자리입니다",
    "the rule set has a gate": "평가기준에 관문이 있어야 합니다",
    "exactly one of `after` and `at`": "`after`와 `at` 중 하나만 씁니다",
    "days are counted from `after`, not from `at`": "일수는 `at`이 아니라 `after`부터 셉니다",
    "nothing is published before the decision": "결정 전에는 아무것도 공개하지 않습니다",
    # a programme and its schedule
    "the stage is one of the programme's": "프로그램에 있는 단계여야 합니다",
    "it opens when {} is decided, {}": "{0}이(가) 결정된 뒤({1})에 시작합니다",
    "{} is final before this stage is decided, {}": "{0}은(는) 이 단계가 결정되기 전에 확정되어야 합니다: {1}",
    "the part exists in {}": "{0}에 있는 부문이어야 합니다",
    "the maximum is the part's points in {}, {}": "최대는 {0}의 그 부문 배점 {1}과(와) 같아야 합니다",
    "the digits are those of {}, {}": "소수 자릿수는 {0}과(와) 같이 {1} 이상이어야 합니다",
    "no stage depends on itself": "단계가 돌아서 자기에게 달려 있을 수 없습니다",
    "the schedule has {}": "일정표에는 {0}입니다",
    "a date has either at, or after and by with or without time": (
        "날짜에는 at만 쓰거나, after와 by를 쓰고 time을 더할 수 있습니다"
    ),
    "the date is one of dates": "dates에 있는 날짜여야 합니다",
    "no date depends on itself": "날짜가 돌아서 자기에게 달려 있을 수 없습니다",
    "it begins when {} has ended, {}": "{0}이(가) 끝난 뒤({1})에 시작합니다",
    "a period ends after it begins": "기간은 시작한 뒤에 끝나야 합니다",
    "a window has a length": "개발 기간에는 길이가 있어야 합니다",
    "days are lost for a reason": "잃은 날에는 사유가 있어야 합니다",
    "every entrant has the whole window by {}, {}": "모든 팀이 {0}({1})까지 개발 기간을 다 가져야 합니다",
    "the day lies beyond the years 1 to 9999": "날짜는 1년부터 9999년까지입니다",
    "a span is text": "기간은 P10D처럼 글자로 씁니다",
    "a span is an ISO 8601 duration of years, months, weeks, days, hours and minutes: P6M, P10D": (
        "기간은 P6M, P10D처럼 ISO 8601로 씁니다(년, 월, 주, 일, 시, 분)"
    ),
    # who may enter
    "newcomers may not enter this stage": "새로운 팀은 이 단계에 참가할 수 없습니다",
    "this stage takes the teams that went on from {}; this one is in the programme by another": (
        "이 단계에는 {0} 통과 팀이 참가합니다. 이 팀은 다른 단계로 프로그램에 있습니다"
    ),
    "eliminated teams may not enter this stage": "탈락한 팀은 이 단계에 참가할 수 없습니다",
    # scores
    "the inputs are of stage {}": "{0} 단계의 점수여야 합니다",
    "the rule set declares this panel": "평가기준에 선언된 평가단이어야 합니다",
    "at most {} assessors": "평가위원은 최대 {0}명입니다",
    "the rule set declares this criterion": "평가기준에 선언된 항목이어야 합니다",
    "from {} to {} with at most {} digits": "{0}부터 {1}까지, 소수점 아래 최대 {2}자리입니다",
    "the rule set declares this source of measurements": "평가기준에 선언된 측정값 출처여야 합니다",
    "the rule set carries figures over by this source": "평가기준에서 점수를 이어받는 출처여야 합니다",
    "the figures are of stage {}": "{0} 단계의 점수여야 합니다",
    "all figures are of one decision": "이어받는 점수는 모두 한 결정의 것이어야 합니다",
    "the rule set declares this source of comparisons": "평가기준에 선언된 비교 출처여야 합니다",
    "one of the two is better: the rule set allows no tie": "둘 중 하나가 나아야 합니다. 비김은 없습니다",
    "two different teams are compared": "서로 다른 두 팀을 비교합니다",
    "the winner is {} or {}, or nobody": "이긴 팀은 {0}, {1} 중 하나이거나 없습니다",
    "the rule set declares this gate as judged by people": "평가기준에 사람이 판정하는 것으로 선언된 관문이어야 합니다",
    "at least {} people judge": "{0}명 이상이 판정해야 합니다",
    "a verdict has a reason": "판정에는 사유가 있어야 합니다",
    "the team entered this stage": "이 단계에 참가한 팀이어야 합니다",
    "a score is given once; a correction replaces it before": "점수는 한 번만 줍니다. 고친 점수는 앞의 것을 대신합니다",
    "each is given once": "한 번만 있어야 합니다",
    "the seed's SHA-256 is the committed {}": "씨앗값의 SHA-256은 약속한 {0}이어야 합니다",
    # files of scores
    "{} values": "값이 {0}개여야 합니다",
    "{} blocks of {} values": "값 {1}개씩 {0}묶음이어야 합니다",
    "one > other, one < other or one = other": "팀 > 팀, 팀 < 팀, 팀 = 팀 가운데 하나로 씁니다",
    "the text is a well-formed table (RFC 4180): {}": "올바른 표(CSV)가 아닙니다. 따옴표의 짝을 확인하세요: {0}",
    "at most {} fields": "칸은 최대 {0}개입니다",
    "each column stands once": "같은 열은 한 번만 씁니다",
    "a column is one of {}": (
        "열은 다음 중 하나입니다: 출처, 평가위원, 팀, 항목, 점수, 상대, 사유, 판정인원, 증거, 출처구분, 비고 (또는 {0})"
    ),
    "the first line names the columns {}": "첫 줄에 출처, 평가위원, 팀, 항목, 점수 열이 있어야 합니다 (또는 {0})",
    "{} has one value a team: there is no assessor": "{0}은(는) 팀마다 값이 하나이므로 평가위원을 적지 않습니다",
    "verdict": "관문의 항목은 판정입니다",
    "win, loss or tie (승, 패, 무)": "승, 패, 무 중 하나입니다",
    "pass or fail (통과 or 탈락)": "통과 또는 탈락입니다",
    "a score is given once; it stands in line {} already": "점수는 한 번만 줍니다. {0}번째 줄에 이미 있습니다",
    "a gate that people judge; this one follows from the scores": "이 관문은 점수로 정해지므로 판정을 적지 않습니다",
    # canonical documents
    "the bytes are in canonical form": "정규형(RFC 8785)이어야 합니다",
    "the bytes are the document's RFC 8785 form with decimals as text": (
        "문서의 정규형(RFC 8785, 십진수는 글자)이어야 합니다"
    ),
    "the bytes are the policy's RFC 8785 form": "공개 범위의 정규형(RFC 8785)이어야 합니다",
    "the bytes are inputs in the form {}": "{0} 형식의 점수 자료여야 합니다",
    "the bytes are a decision in the form {}": "{0} 형식의 결정이어야 합니다",
    "the bytes are a view in the form {}": "{0} 형식의 공개 자료여야 합니다",
    # operators without an answer
    "there is no value": "값이 없습니다",
    "dropping {} and {} of {} values leaves none": "값 {2}개에서 {0}개와 {1}개를 빼면 남는 값이 없습니다",
    "{} values have {} weights": "값은 {0}개인데 가중치는 {1}개입니다",
    "the scale is above zero": "척도는 0보다 커야 합니다",
    "the target's score is above zero": "비교 모델의 값은 0보다 커야 합니다",
    "the leader's score is above zero": "가장 높은 값은 0보다 커야 합니다",
    "all values are equal, so there is no deviation": "값이 모두 같아 편차가 없습니다",
    "there is no other team to compare with": "비교할 다른 팀이 없습니다",
    "two groups of teams were never compared with each other": "서로 한 번도 비교되지 않은 두 무리의 팀이 있습니다",
    "one group of teams won every comparison with the others": (
        "한 무리의 팀이 나머지를 모두 이겨 강도가 정해지지 않습니다"
    ),
    "the strengths still move after {} rounds": "{0}회 반복한 뒤에도 강도가 정해지지 않습니다",
}

FOUND: dict[str, str] = {
    "nothing": "없음",
    "none": "없음",
    "neither": "둘 다 없음",
    "a tie": "비김",
    "no reason": "사유 없음",
    "no greatest score": "최고점이 없음",
    "a key that is no text": "글자가 아닌 키",
    "an empty header": "빈 머리글",
    "{}, {} times": "{0}, {1}번",
    "{} applied {} times": "{0}, {1}번 적용",
    "{} bytes": "{0}바이트",
    "{} documents": "문서 {0}개",
    "{} fields": "칸 {0}개",
    "{} days later": "{0}일 뒤",
}
"""What stands in the place of a value where there is none, or a count of them."""

MISSING: dict[Lacking, str] = {
    Lacking.ASSESSORS: "평가위원",
    Lacking.COMPARISONS: "비교",
    Lacking.FIGURE: "이어받는 점수",
    Lacking.MEASUREMENT: "측정값",
    Lacking.SCORE: "점수",
    Lacking.SCORES: "점수",
    Lacking.SEED: "추첨의 씨앗값",
    Lacking.SHEETS: "평가표",
    Lacking.VERDICT: "판정",
}
"""Kinds of what has not come."""
