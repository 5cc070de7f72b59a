"""The fixed texts of the page, in English and Korean."""

from __future__ import annotations

from typing import Final

TEXTS: Final = {
    "title": ("Examination of two models' weights", "두 모델 가중치의 독자성 검사"),
    "lead": (
        "Whether the weights of two models are independent of one another, component by component, with stated error.",
        "두 모델의 가중치가 서로 독립인지, 부분마다, 오류의 한계를 밝혀 검사했습니다.",
    ),
    "never": (
        (
            "Whatever stands here, it never says that a model is its makers' own. That also needs logs, data and"
            " checkpoints, and a panel that judges. “No evidence” proves nothing."
        ),
        (
            "여기에 무엇이 적혀 있든, 모델이 독자적으로 개발되었다고 말하지 않습니다. 그것에는 학습 기록, 데이터, 중간"
            " 체크포인트와 심사위원회의 판단이 더 필요합니다. “증거 없음”은 아무것도 증명하지 않습니다."
        ),
    ),
    "models": ("The models", "모델"),
    "first": ("first (reference)", "첫째 (참조)"),
    "second": ("second (examined)", "둘째 (검사 대상)"),
    "name": ("name", "이름"),
    "type": ("type", "종류"),
    "parameters": ("parameters", "매개변수"),
    "tensors": ("tensors", "텐서"),
    "covered": ("in parts that have a test", "검정이 있는 부분의 비율"),
    "headers": (
        "SHA-256 of the file headers (names, shapes; no values)",
        "파일 머리의 SHA-256 (이름, 모양, 값은 아님)",
    ),
    "findings": ("What was found", "검사 결과"),
    "map": ("Layer by layer", "층별로 보기"),
    "map_note": (
        "Each square is one component; letters are those of the list above. Columns are layers of the second model.",
        "사각형 하나가 한 부분이며, 글자는 위 목록의 것입니다. 열은 둘째 모델의 층입니다.",
    ),
    "component": ("component", "부분"),
    "finding": ("finding", "판정"),
    "layer": ("layer", "층"),
    "layers": ("{count} layers", "{count}개 층"),
    "expert": ("expert {number}", "전문가 {number}"),
    "test": ("test", "검정"),
    "exact": ("exact", "정확"),
    "not_exact": ("not exact", "정확하지 않음"),
    "matched": ("matched", "맞은 단위"),
    "p": ("p at most", "p 상한"),
    "corrected": ("corrected", "보정한 p"),
    "notes": ("notes", "주"),
    "all": ("All components", "모든 부분"),
    "notes_title": ("Notes", "주"),
    "tests": ("Tests and what they assume", "검정과 그 가정"),
    "settings": ("How it was done, and how to do it again", "방법과 재현"),
    "settings_text": (
        (
            "Level {level}, for all {family} exact tests together. Up to {units} units of each component and {inputs}"
            " of their inputs, drawn by seed {seed}; {moved} layers were searched for moved units. The same folders"
            " and the same seed give this report again, to the byte."
        ),
        (
            "유의수준 {level}, 정확 검정 {family}건 전체에 대한 값입니다."
            " 부분마다 단위 {units}개, 입력 {inputs}개까지를 시드 {seed}로 뽑았고,"
            " 옮겨진 단위는 {moved}개 층에서 찾았습니다. 같은 폴더와 같은 시드는 같은 보고서를"
            " 바이트까지 똑같이 냅니다."
        ),
    ),
    "by_fingerprints": (
        (
            "The first model was known by a fingerprint only: some units, projected by a public matrix. The test is as"
            " exact, and sees less; “identical”, moved heads and moved units of experts cannot be found by it."
        ),
        (
            "첫째 모델은 지문으로만 알았습니다. 지문은 일부 단위를 공개된 행렬로 사영한 것입니다."
            " 검정은 똑같이 정확하지만 덜 보며,"
            " “동일”, 옮겨진 헤드, 옮겨진 전문가의 단위는 찾을 수 없습니다."
        ),
    ),
    "experts": (
        "Of each layer with more experts, {most} were drawn by the seed; {count} were left out.",
        "전문가가 더 많은 층에서는 {most}개를 시드로 뽑았으며, {count}개는 검사하지 않았습니다.",
    ),
    "comparisons": (
        "This is one of {count} comparisons, and the correction is for all of them.",
        "이것은 비교 {count}건 가운데 하나이며, 보정은 그 전체에 대한 것입니다.",
    ),
    "moved_note": (
        (
            "Where units were moved, the exact test is blind. A component found by moved-unit agreement stands for its"
            " whole MLP (MLP, in), its values and outputs (values), or its queries and keys (keys), also where these"
            " show no evidence. That test is not exact: its p is nominal."
        ),
        (
            "단위를 옮기면 정확 검정은 보지 못합니다. 옮겨진 단위의 일치로 찾은 부분은 그 MLP 전체(MLP 입력), 값과"
            " 출력(값), 질의와 키(키)를 뜻하며, 그 행렬들이 증거 없음이어도 그렇습니다."
            " 이 검정은 정확하지 않으며, p값은 명목값입니다."
        ),
    ),
    "axes_put_back": (
        (
            "The residual axis of these towers was moved or turned, and was put back by the embeddings before all else"
            " was compared: {towers}. Exact tests stay exact by that. Embeddings, head and gains are compared as they"
            " stand."
        ),
        (
            "다음 부분의 잔차 축은 옮겨졌거나 회전되어 있어, 비교에 앞서 임베딩으로 되돌렸습니다: {towers}."
            " 정확 검정은 그래도 정확합니다. 임베딩, 출력 헤드, 이득은 있는 그대로 비교했습니다."
        ),
    ),
    "heads": ("heads moved", "헤드 옮겨짐"),
    "context": ("Beside the findings, and no finding", "판정이 아닌 참고 사항"),
    "context_note": (
        "Likeness of these has many causes. None of it enters a finding.",
        "이것들이 닮는 데에는 까닭이 많습니다. 판정에는 전혀 쓰이지 않습니다.",
    ),
    "tokens": ("tokens of the tokenizers", "토크나이저의 토큰"),
    "tokens_text": (
        "{first} and {second}; {both} in both, {same_row} of these at the same row",
        "{first}개와 {second}개, 둘 다에 {both}개, 그중 같은 행에 {same_row}개",
    ),
    "settings_equal": ("settings that are equal", "같은 설정"),
    "settings_differ": ("settings that differ", "다른 설정"),
    "licences": ("texts of licences", "라이선스 문서"),
    "none": ("none found", "없음"),
    "gains": ("gains of norms, flattened", "정규화 이득(한 줄로)"),
    "gains_text": (
        "cosine {cosine}, Pearson {pearson} (gains begin as ones, so a cosine near 1 says nothing)",
        "코사인 {cosine}, 피어슨 {pearson} (이득은 1에서 시작하므로 1에 가까운 코사인은 아무 뜻이 없습니다)",
    ),
    "not_examined": ("Tensors that were not examined", "검사하지 않은 텐서"),
    "not_examined_note": (
        "Their use is not known by their names, they are biases (one number a unit), or packed whole numbers.",
        "이름으로 쓰임을 알 수 없거나, 단위마다 수가 하나인 편향이거나, 정수로 묶여 저장되어 있습니다.",
    ),
    "only": ("Tensors without a partner in the other model", "다른 모델에 짝이 없는 텐서"),
    "more": ("… and {count} more", "… 그 밖에 {count}개"),
    "nothing_compared": (
        "No component of the one has a partner in the other.",
        "서로 짝이 되는 부분이 없습니다.",
    ),
}
