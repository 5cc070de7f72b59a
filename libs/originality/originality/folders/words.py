"""The words of a report in English and Korean: each sentence that a finding may carry has both."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from originality.finding import EXACT, MOVED, NONE, Finding
from originality.folders import part

if TYPE_CHECKING:
    from collections.abc import Mapping

    Language = Literal["en", "ko"]

FINDINGS: Final[Mapping[Finding, tuple[str, str, str, str]]] = {
    Finding.IDENTICAL: (
        "identical",
        "동일",
        "The exact test rejects independence, and every value is equal.",
        "정확 검정에서 두 모델이 독립이라는 가정이 기각되고, 모든 값이 같습니다.",
    ),
    Finding.DERIVED: (
        "derived",
        "파생",
        "Independence is rejected, and at least 90 % of the units compared have their partner in the other model.",
        "독립이라는 가정이 기각되고, 비교한 단위의 90 % 이상이 다른 모델에 짝을 가집니다.",
    ),
    Finding.PARTLY_DERIVED: (
        "partly derived",
        "일부 파생",
        "Independence is rejected, and some of the units compared have their partner in the other model.",
        "독립이라는 가정이 기각되고, 비교한 단위의 일부가 다른 모델에 짝을 가집니다.",
    ),
    Finding.SHARED_INITIALISATION: (
        "shared initialisation",
        "초깃값 공유",
        "Both models match the initialisation made again from its seed, and lie nearer to it than to each other.",
        "두 모델이 기록된 시드로 다시 만든 초깃값과 맞고, 서로보다 초깃값에 더 가깝습니다.",
    ),
    Finding.NO_EVIDENCE: (
        "no evidence",
        "증거 없음",
        "A test was made and did not reject independence. That is no proof of independence.",
        "검정을 했으나 독립이라는 가정이 기각되지 않았습니다. 독립이라는 증명은 아닙니다.",
    ),
    Finding.NOT_TESTABLE: (
        "not testable",
        "검정 불가",
        "No test has a meaning here; nothing is said either way.",
        "이 부분에 의미 있는 검정이 없어, 어느 쪽으로도 말하지 않습니다.",
    ),
}

KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "mlp.gate": ("MLP, gate", "MLP 게이트"),
    "mlp.up": ("MLP, in", "MLP 입력"),
    "mlp.down": ("MLP, out", "MLP 출력"),
    # Of reports of the form before; an axis that was turned is now put back.
    "mlp.in by tokens": ("MLP, what it reads of tokens", "MLP가 토큰에서 읽는 것"),
    "attention.q": ("attention, queries", "어텐션 질의"),
    "attention.k": ("attention, keys", "어텐션 키"),
    "attention.v": ("attention, values", "어텐션 값"),
    "attention.o": ("attention, output", "어텐션 출력"),
    "attention.q heads": ("attention, query heads", "어텐션 질의 헤드"),
    "attention.k heads": ("attention, key heads", "어텐션 키 헤드"),
    "attention.q_a": ("attention, query rank", "어텐션 질의 저차원"),
    "attention.kv_a": ("attention, key and value rank", "어텐션 키·값 저차원"),
    "attention.kv_b values": ("attention, values from rank", "어텐션 저차원의 값"),
    "attention.kv_b keys": ("attention, keys from rank", "어텐션 저차원의 키"),
    "router": ("expert router", "전문가 라우터"),
    "embedding": ("token embedding", "토큰 임베딩"),
    "head": ("output head", "출력 헤드"),
    "patches": ("patch embedding", "패치 임베딩"),
    "positions": ("position table", "위치 표"),
    "gains": ("gains of norms", "정규화 이득"),
    "gains along the residual axis": ("gains of norms, side by side", "정규화 이득(층을 나란히)"),
    "buffers": ("computed buffers", "계산된 버퍼"),
    "chain": ("layer of a chain", "이어진 층"),
}
TOWERS: Final[Mapping[str, tuple[str, str]]] = {
    "main": ("language", "언어"),
    "vision": ("vision", "시각"),
    "audio": ("audio", "음성"),
    "encoder": ("encoder", "인코더"),
    "decoder": ("decoder", "디코더"),
}

_KOREAN: Final[Mapping[str, str]] = {
    EXACT.name: "제자리 짝짓기",
    MOVED.name: "옮겨진 단위의 일치",
    NONE.name: "없음",
    EXACT.assumption: "두 모델이 독립이고, 적어도 한 모델에서는 단위의 모든 순서가 똑같이 있을 법하다",
    MOVED.assumption: (
        "제자리 짝짓기의 가정에 더해, 단위로 들어오는 가중치와 나가거나 맞물리는 가중치가 독립이고,"
        " 잔차 축은 각 모델의 초깃값이 스스로 뽑은 것이다."
        " 학습은 이 둘을 묶으므로 p값은 명목값이며 정확하지 않다"
    ),
    part.HIDDEN: "MLP의 은닉 단위: 순서를 바꾸어도 함수가 같다",
    part.WITHIN_HEADS: "헤드 안의 채널: 값이 들여오는 것을 출력이 어떤 순서로도 받는다",
    part.PAIRS_WITHIN_HEADS: "헤드 안의 채널: 질의와 키는 채널끼리 만나므로 순서를 바꾸어도 같다",
    part.HEADS: "층 안의 헤드(키를 함께 쓰는 무리 안): 순서를 바꾸어도 함수가 같다",
    part.RANK: "저차원 병목의 채널: 순서를 바꾸어도 함수가 같다",
    part.EXPERTS: "층의 전문가: 순서를 바꾸어도 함수가 같다",
    part.RESIDUAL: (
        "잔차 축의 채널, 모델 전체에 순서가 하나: 순서를 바꾸어도 함수가 같다."
        " 다른 모델의 임베딩을 가져왔다면 이 축의 모든 부분에 나타난다"
    ),
    part.CHAIN: "이어진 두 층 사이의 은닉 단위: 그 사이에 단위마다의 함수만 있다고 본다",
    "every value is equal": "모든 값이 같다",
    "the initialisation made again matches both models, and they are nearer to it than to one another": (
        "다시 만든 초깃값이 두 모델과 맞고, 두 모델은 서로보다 초깃값에 더 가깝다"
    ),
    "units have their own partners, and the initialisation made again does not explain it": (
        "단위가 제짝을 가지며, 다시 만든 초깃값으로는 설명되지 않는다"
    ),
    "units have their own partners; a shared initialisation would look the same, and was not made again to compare": (
        "단위가 제짝을 가진다. 초깃값을 함께 썼어도 같게 보이며, 비교할 초깃값은 다시 만들지 않았다"
    ),
    (
        "one partner by input and by output weights, elsewhere; not exact, and a shared initialisation would look the"
        " same"
    ): (
        "들어오는 가중치로도 나가는 가중치로도 짝이 하나이며 다른 자리에 있다."
        " 정확하지 않고, 초깃값을 함께 썼어도 같게 보인다"
    ),
    "the shapes differ, so only the test that is not exact was made, and it found no agreement of units": (
        "모양이 달라 정확하지 않은 검정만 했고, 단위의 일치를 찾지 못했다"
    ),
    "the matching is as that of independent models; this is no proof of independence": (
        "짝짓기가 독립인 모델들의 것과 같다. 독립이라는 증명은 아니다"
    ),
    "a deterministic buffer: every model that uses the formula has it": (
        "식으로 정해진 버퍼: 그 식을 쓰는 모든 모델에 있다"
    ),
    "a structured initialisation ties units to their places, in independent models too": (
        "구조화된 초기화가 독립인 모델에서도 단위를 자리에 묶는다"
    ),
    "one number a unit: gains that begin alike stay alike in independent models": (
        "단위마다 수가 하나: 같게 시작한 이득은 독립인 모델에서도 비슷하다"
    ),
    "one input: a unit has no direction to compare": "입력이 하나라 비교할 방향이 없다",
    "the units of a model are all alike, and nothing tells them apart": "한 모델의 단위가 모두 같아 구별되지 않는다",
    "the order of units can be read from each model alone, so the axis is not exchangeable": (
        "단위의 순서를 각 모델만 보고도 알 수 있어, 바꿀 수 있는 축이 아니다"
    ),
    "blocks of units repeat one another in each model, so that their orders are one order and not several": (
        "단위의 묶음이 각 모델 안에서 되풀이되어, 순서가 여럿이 아니라 하나다"
    ),
    "the number of heads and their width are not known, so nothing tells which rows belong together": (
        "헤드의 수와 너비를 몰라 어느 행이 함께인지 알 수 없다"
    ),
    "one head shared by all: there is nothing to change places with": "모두가 헤드 하나를 함께 써서 바꿀 자리가 없다",
    (
        "the name says that it belongs to an MLP, and the shapes do not say which axis are its hidden units"
    ): "이름은 MLP의 것이나, 모양으로는 어느 축이 은닉 단위인지 알 수 없다",
    (
        "rows of the last layer of a chain are its outputs, and those have their places by what they mean"
    ): "마지막 층의 행은 출력이며, 그 자리는 뜻으로 정해져 있다",
    "positions have an order of their own, and may be made by a formula": (
        "위치에는 순서가 있고, 식으로 만들었을 수 있다"
    ),
    (
        "it is not proven that the channels of the residual axis can change places: tensors whose use is not known, or"
        " positions that may be made by a formula, lie on it"
    ): (
        "잔차 축의 채널을 바꿀 수 있음이 증명되지 않았다:"
        " 쓰임을 모르는 텐서나 식으로 만들었을 수 있는 위치가 그 위에 있다"
    ),
    "Holm; valid under any dependence, and layers that share the residual axis are dependent": (
        "홀름 보정. 어떤 의존 관계에서도 유효하며, 잔차 축을 함께 쓰는 층들은 서로 의존한다"
    ),
    "weights only: logs, data and checkpoints are not examined here, and a panel judges": (
        "가중치만 봅니다. 기록, 데이터, 체크포인트는 여기서 검사하지 않으며, 판단은 심사위원회가 합니다"
    ),
}
_PATTERNS: Final = (
    (
        re.compile(r"(\d+) units are too few for (\d+) tests at this level(; every value is equal)?"),
        "단위 {0}개는 이 수준에서 검정 {1}건에 너무 적다{2}",
    ),
    (re.compile(r"the shapes differ: (.+) and (.+)()"), "모양이 다르다: {0}, {1}{2}"),
)


class UntranslatedError(LookupError):
    """A sentence of a report has no Korean."""


def said(sentence: str, language: Language) -> str:
    """Return a sentence of a finding in a language. Raises `UntranslatedError`."""
    if language == "en" or not sentence:
        return sentence
    if sentence in _KOREAN:
        return _KOREAN[sentence]
    for pattern, korean in _PATTERNS:
        if found := pattern.fullmatch(sentence):
            first, second, equal = found.groups()
            return korean.format(first, second, "; 모든 값은 같다" if equal else "")
    raise UntranslatedError(sentence)


def kind_said(kind: str, language: Language) -> str:
    """Return the name of a kind of component."""
    return KINDS[kind][language == "ko"] if kind in KINDS else kind


def tower_said(tower: str, language: Language) -> str:
    """Return the name of a tower; the second of a kind keeps its number, and a chain its own name."""
    name, _, number = tower.partition(" ")
    return " ".join(word for word in (TOWERS[name][language == "ko"] if name in TOWERS else name, number) if word)


def finding_said(finding: Finding, language: Language) -> str:
    """Return the name of a finding."""
    return FINDINGS[finding][language == "ko"]


def finding_explained(finding: Finding, language: Language) -> str:
    """Return what a finding means."""
    return FINDINGS[finding][2 + (language == "ko")]
