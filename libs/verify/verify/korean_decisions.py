"""The sentences of findings in Korean, about rules, entrants, scores, decisions and what was published.

By the English sentence, with a pair of braces for each figure in it; see `rules.sentences`.
"""

from __future__ import annotations

DECISIONS: dict[str, str] = {
    # documents
    "its SHA-256 is {}": "SHA-256이 {0}입니다",
    "the log has no publication of this rule set": "이 평가기준을 공표한 기록이 없습니다",
    "is not the document that was logged when the rule set was published": (
        "평가기준을 공표할 때 기록된 문서가 아닙니다"
    ),
    "the rule set was published and is missing": "공표된 평가기준이 없습니다",
    "the rule set in it has the SHA-256 {}": "그 안의 평가기준은 SHA-256이 {0}입니다",
    "the log has no final decision of this stage": "기록에 이 단계의 확정 결정이 없습니다",
    "its SHA-256 is not the one in the event of the final decision, entry {}": (
        "SHA-256이 확정 결정({0}번 항목)의 것이 아닙니다"
    ),
    "the log has no provisional decision of this hash and version": "기록에 이 해시와 판의 잠정 결정이 없습니다",
    "is not the decision in entry {}": "{0}번 항목의 결정이 아닙니다",
    "cannot be computed again: {}": "다시 계산할 수 없습니다: {0}",
    "cannot be read as inputs: {}": "입력 자료로 읽을 수 없습니다: {0}",
    "is not what its rule set and inputs give": "평가기준과 입력 자료에서 나오는 결과가 아닙니다",
    "{}; entries are withheld, and one of them might say it": "{0}. 감추어진 항목 가운데 그것이 있을 수 있습니다",
    "is not that of the decision: everything else is as in the log": (
        "결정의 것이 아닙니다. 그 밖에는 모두 기록과 같습니다"
    ),
    "{} here, {} expected": "여기는 {0}, 나와야 할 것은 {1}",
    "nothing": "없음",
    # inputs
    "stage: {} here, {} in the log": "단계: 여기는 {0}, 기록은 {1}",
    "entrants: the stage opened for other teams, entry {}": "참가팀: 단계가 다른 팀들로 열렸습니다({0}번 항목)",
    "{}: is in the log and was left out": "{0}: 기록에 있는데 빠졌습니다",
    "{}: is not in the log": "{0}: 기록에 없습니다",
    "{}: {} here, {} in the log": "{0}: 여기는 {1}, 기록은 {2}",
    "provenance of {}: {} here, {} in the log": "{0}의 출처 표시: 여기는 {1}, 기록은 {2}",
    "score of {}": "{0}의 점수",
    "measurement of {}": "{0}의 측정값",
    "verdict of {}": "{0}의 판정",
    "comparison of {}": "{0}의 비교",
    "carried figure of {}": "{0}의 이월값",
    "unknown mark {}": "알 수 없는 표시 {0}",
    # what is said once
    "says otherwise of {} than entry {}": "{0}에 대해 {1}번 항목과 다르게 말합니다",
    "application {} version {}": "접수 {0} 제{1}판",
    "the teams of call {}": "공모 {0}의 팀",
    "the opening of stage {}": "단계 {0}의 시작",
    "the sheet of {}": "{0}의 평가표",
    "the measurement of {}": "{0}의 측정값",
    "the comparison of {}": "{0}의 비교",
    "the verdict of {}": "{0}의 판정",
    "version {} of the decision of stage {}": "단계 {1}의 결정 제{0}판",
    "who goes on by version {} of stage {}": "단계 {1} 제{0}판으로 나아가는 팀",
    # rules that govern, and who agreed
    "the log does not say that stage {} opened before it was decided": (
        "단계 {0}이(가) 결정 전에 열렸다는 기록이 없습니다"
    ),
    "changes rule set {}, and {} governed stage {}": (
        "평가기준 {0}을(를) 바꾸는데 단계 {2}에는 {1}이(가) 적용되고 있었습니다"
    ),
    "stage {} opened under rule set {}": "단계 {0}은(는) 평가기준 {1}(으)로 열렸습니다",
    "stage {} was changed to rule set {}": "단계 {0}은(는) 평가기준 {1}(으)로 바뀌었습니다",
    "the rule set was not frozen when stage {} opened": "단계 {0}이(가) 열릴 때 평가기준이 확정되어 있지 않았습니다",
    "the rule set was not frozen when stage {} was changed to it": (
        "단계 {0}에 적용될 때 평가기준이 확정되어 있지 않았습니다"
    ),
    "change {} of the rules of stage {}": "단계 {1} 평가기준의 변경 {0}",
    "{} came after the decision": "{0}: 결정 뒤에 있었습니다",
    "{} has no reason": "{0}: 사유가 없습니다",
    "{} is to a rule set that was not frozen": "{0}: 확정되지 않은 평가기준으로 바꿉니다",
    "{}: the log has no rule set {}, which says whose consent it needs": (
        "{0}: 누구의 동의가 필요한지 정한 평가기준 {1}이(가) 기록에 없습니다"
    ),
    "{}: the former rule set demands {}, not {}": "{0}: 앞의 평가기준이 요구하는 동의는 {2}이(가) 아니라 {1}입니다",
    "{} did not ask the teams that entered: {}": "{0}: 참가팀에게 묻지 않았습니다: {1}",
    "{} did not ask the teams that might enter then: {}": "{0}: 그때 참가할 수 있던 팀에게 묻지 않았습니다: {1}",
    "{} asked teams whose consent is not demanded: {}": "{0}: 동의가 필요 없는 팀에게 물었습니다: {1}",
    "{} was not proposed in the log": "{0}: 제안한 기록이 없습니다",
    "{} is not what was proposed, entry {}": "{0}: 제안된 것({1}번 항목)과 다릅니다",
    "{}: team {}, whose consent is in entry {}, was not asked": "{0}: {2}번 항목에서 답한 팀 {1}에게는 묻지 않았습니다",
    "{}: the consent of team {} is not in the log": "{0}: 팀 {1}의 동의가 기록에 없습니다",
    "{} leaves out the consent of team {}": "{0}: 팀 {1}의 동의를 빠뜨렸습니다",
    "{}: {} of {} teams agreed, which is no majority": "{0}: {2}팀 가운데 {1}팀만 동의하여 과반이 아닙니다",
    "{}: team {} did not agree, and the former rule set demands {}": (
        "{0}: 팀 {1}이(가) 동의하지 않았습니다. 앞의 평가기준이 요구하는 동의는 {2}입니다"
    ),
    # who entered
    "no call of the log has all the teams that entered stage {}": (
        "단계 {0}에 참가한 팀이 모두 있는 공모가 기록에 없습니다"
    ),
    "team {} entered stage {}, and by the rule set and the log it may not": (
        "팀 {0}이(가) 단계 {1}에 참가했으나 평가기준과 기록에 따르면 참가할 수 없습니다"
    ),
    "team {} was left out of stage {}, which by the rule set and the log it may enter": (
        "팀 {0}이(가) 단계 {1}에서 빠졌으나 평가기준과 기록에 따르면 참가할 수 있습니다"
    ),
    "team {} entered stage {} by a call for which the log has no application of it": (
        "팀 {0}이(가) 공모로 단계 {1}에 참가했으나 그 공모에 접수한 기록이 없습니다"
    ),
    # gates
    "the verdict of gate {} on team {}": "팀 {1}에 대한 관문 {0}의 판정",
    "{} rests on two judgements of {}": "{0}: {1}의 판단이 둘입니다",
    "{} is said to be found in {}, and the log has no such remedy of it": (
        "{0}: {1}에서 나온 판단이라고 하나 기록에 그런 조치가 없습니다"
    ),
    "{} counts {} judges for it, and the log has no judgement": "{0}: 찬성 {1}명이라고 하나 기록에 판단이 없습니다",
    "{} counts {} judges for it, and the log has {}": "{0}: 찬성 {1}명이라고 하나 기록에는 {2}명입니다",
    "{} counts {} judges, and the log has {}": "{0}: 판단한 사람이 {1}명이라고 하나 기록에는 {2}명입니다",
    "{} is a pass: {} of {} judges found for the team": "{0}: 통과라고 하나 {2}명 가운데 {1}명이 찬성했습니다",
    "{} is a failure: {} of {} judges found for the team": "{0}: 탈락이라고 하나 {2}명 가운데 {1}명이 찬성했습니다",
    "{} gives another reason than its judges": "{0}: 판단한 사람들과 다른 사유를 듭니다",
    "{} rests on other evidence than its judges'": "{0}: 판단한 사람들과 다른 증거를 듭니다",
    # the objection window
    "the objection window of stage {} ends at {}, and by the rule set at {}": (
        "단계 {0}의 이의제기 기간이 {1}에 끝난다고 하나 평가기준으로는 {2}에 끝납니다"
    ),
    "the objection window of stage {} was closed early, which its rule set does not allow": (
        "단계 {0}의 이의제기 기간을 일찍 마쳤으나 평가기준이 이를 허용하지 않습니다"
    ),
    "the objection window of stage {} was closed early, and team {} has not waived": (
        "단계 {0}의 이의제기 기간을 일찍 마쳤으나 팀 {1}이(가) 이의제기를 포기하지 않았습니다"
    ),
    "the decision of stage {} was final before its objection window ended at {}": (
        "단계 {0}의 결정이 이의제기 기간이 끝나는 {1}보다 먼저 확정되었습니다"
    ),
    # versions
    "version {} of the decision of stage {} cannot be computed again: {}": (
        "단계 {1}의 결정 제{0}판을 다시 계산할 수 없습니다: {2}"
    ),
    "version {} of the decision of stage {} was made by other rules than the final one": (
        "단계 {1}의 결정 제{0}판은 확정된 판과 다른 평가기준으로 만들어졌습니다"
    ),
    "version {} of the decision of stage {} has other inputs than the log gives": (
        "단계 {1}의 결정 제{0}판은 입력 자료가 기록과 다릅니다"
    ),
    "version {} of the decision of stage {} is not what its rule set and inputs give": (
        "단계 {1}의 결정 제{0}판은 평가기준과 입력 자료에서 나오는 결과가 아닙니다"
    ),
    "the names of assessors are sealed or erased, and it is not known which sheet is whose": (
        "평가위원의 이름이 봉인되었거나 지워져 어느 평가표가 누구의 것인지 알 수 없습니다"
    ),
    "version {} of the decision of stage {} is in the log after version {}": (
        "단계 {1}의 결정 제{0}판이 제{2}판 뒤에 기록되었습니다"
    ),
    "version {} of the decision of stage {} became final, and the log has {}": (
        "단계 {1}의 결정 제{0}판이 확정되었는데 기록에는 {2}개 판이 있습니다"
    ),
    "version {} of the decision of stage {} is in the log twice": "단계 {1}의 결정 제{0}판이 기록에 두 번 있습니다",
    "the log does not say what version {} of stage {} changed": "단계 {1} 제{0}판이 무엇을 바꾸었는지 기록에 없습니다",
    "what version {} of stage {} changed is in the log twice": "단계 {1} 제{0}판이 바꾼 것이 기록에 두 번 있습니다",
    "stage {} was decided again without a reason": "단계 {0}이(가) 사유 없이 다시 결정되었습니다",
    "version {} of stage {} has another reason than the override that it is": (
        "단계 {1} 제{0}판의 사유가 그 판을 이루는 직권 결정의 사유와 다릅니다"
    ),
    "version {} of stage {} took the place of {}, and {} became final": (
        "단계 {1} 제{0}판이 제{2}판을 대신했고 제{3}판이 확정되었습니다"
    ),
    "version {} of stage {}: {}": "단계 {1} 제{0}판: {2}",
    "its cause is said to be {}, and it was computed": "계기가 {0}(이)라고 하나 계산한 것입니다",
    "its cause is said to be {}, and it was decided by officers": "계기가 {0}(이)라고 하나 담당관이 결정한 것입니다",
    "{} is that of another decision": "{0}이(가) 다른 결정의 것입니다",
    "what differs cannot be read: {}": "달라진 것을 읽을 수 없습니다: {0}",
    "what differs, {}: {}": "달라진 것, {0}: {1}",
    # overrides
    "the override is not the one of the provisional decision, entry {}": (
        "직권 결정이 잠정 결정({0}번 항목)의 것과 다릅니다"
    ),
    "entry {} of the log names other teams that go on": "기록의 {0}번 항목은 다른 팀이 나아간다고 합니다",
    "entry {} of the log says otherwise who leaves": "기록의 {0}번 항목은 탈락한 팀을 다르게 말합니다",
    "override {} was not proposed by anybody": "직권 결정 {0}: 제안한 사람이 없습니다",
    "override {} was not confirmed by a second officer": "직권 결정 {0}: 다른 담당관이 확인하지 않았습니다",
    "override {} has one officer twice, {}": "직권 결정 {0}: 같은 담당관 {1}이(가) 두 번 나옵니다",
    "override {} has no reason": "직권 결정 {0}: 사유가 없습니다",
    "override {} stands beside another computed decision": "직권 결정 {0}: 곁에 있는 계산된 결정이 다릅니다",
    "override {} is of version {}, and made no later one": "직권 결정 {0}: 제{1}판에 대한 것인데 뒤의 판이 없습니다",
    "override {} lets team {} go on, which did not enter": "직권 결정 {0}: 참가하지 않은 팀 {1}을(를) 나아가게 합니다",
    "override {} names a team twice": "직권 결정 {0}: 한 팀을 두 번 적었습니다",
    "override {} was not proposed in the log": "직권 결정 {0}: 제안한 기록이 없습니다",
    "override {} is not what was proposed, entry {}": "직권 결정 {0}: 제안된 것({1}번 항목)과 다릅니다",
    # consequences
    "team {} loses {}, by the rule set {}": "팀 {0}이(가) 잃는 지원: {1}. 평가기준으로는 {2}",
    "team {} is given {} of {} from {} until {}, and by the rule set it is not": (
        "팀 {0}에 {2} {1}을(를) {3}부터 {4}까지 주는데 평가기준에는 없습니다"
    ),
    "team {} is not given {} of {} from {} until {}, which it is by the rule set": (
        "평가기준에 있는 {2} {1}을(를) 팀 {0}에 {3}부터 {4}까지 주지 않습니다"
    ),
    # publications and release
    "its policy is none of the stage's: {}": "공개 방침이 이 단계의 것이 아닙니다: {0}",
    "names another policy than the one that it holds": "담긴 것과 다른 공개 방침을 가리킵니다",
    "gives another reason than its policy": "공개 방침과 다른 사유를 듭니다",
    "was published before the instant that its policy names": "공개 방침이 정한 때보다 일찍 공표되었습니다",
    "the contract knows no audience {}": "{0}은(는) 없는 공개 대상입니다",
    "is not exactly one view, open for the public and sealed for others": (
        "자료가 하나여야 하며 국민에게는 열리고 그 밖에는 봉인되어야 합니다"
    ),
    "team {} did not enter the stage": "팀 {0}은(는) 단계에 참가하지 않았습니다",
    "shows other figures than decision and policy give": "결정과 공개 방침에서 나오는 것과 다른 값을 보여 줍니다",
    "the rule set's policy {} is another": "평가기준의 공개 방침 {0}은(는) 이것이 아닙니다",
    "its policy is not in the rule set and widens none that was published before": (
        "공개 방침이 평가기준에 없고 앞서 공표한 것을 넓히지도 않습니다"
    ),
    "one audience was shown one publication twice": "같은 대상에게 같은 공표를 두 번 했습니다",
    "it is final since {}, and its results are not released": "{0}에 확정되었고 결과가 아직 공개되지 않았습니다",
    "it is final since {}, and its results are not released: by its rule set they are at {}": (
        "{0}에 확정되었고 결과가 아직 공개되지 않았습니다. 평가기준으로는 {1}에 공개됩니다"
    ),
    "the results of stage {} were released before the instant that the rule set names": (
        "단계 {0}의 결과가 평가기준이 정한 때보다 일찍 공개되었습니다"
    ),
    "the results of stage {} were due to be released at {}, and were not": (
        "단계 {0}의 결과는 {1}에 공개되어야 했으나 공개되지 않았습니다"
    ),
    "a decision of stage {} was released that the log does not have": "기록에 없는 단계 {0}의 결정이 공개되었습니다",
    # what was asked
    "{} is no size of a log and no file: {}": "{0}은(는) 기록의 크기도 파일도 아닙니다: {1}",
    "{} is smaller than {}: a log only grows": "{0}이(가) {1}보다 작습니다. 기록은 늘기만 합니다",
    "{}: the log that is here has 1 to {} entries, not {}": "{0}: 여기 있는 기록은 1~{1}건이며 {2}건은 없습니다",
    "the log forked: {}; the log that is here gives {} ({})": (
        "기록이 갈라졌습니다. {0}. 여기 있는 기록에서는 {1}이(가) 나옵니다 ({2})"
    ),
    "{} says {}": "{0}은(는) {1}(이)라고 합니다",
}
