"""The help of the command, and what it answers to a question that it cannot understand, in Korean."""

from __future__ import annotations

COMMAND: dict[str, str] = {
    "Check the public record of a programme.": "사업의 공개 기록을 확인합니다.",
    "a folder that an export wrote, or its address on a web server": "내보낸 폴더, 또는 웹 서버에 있는 그 주소",
    "fingerprint of the notary's key, known from elsewhere: 64 digits of hex": (
        "다른 경로로 아는 기록 열쇠의 지문, 16진수 64자리"
    ),
    "key of a witness that must have cosigned": "함께 서명했어야 하는 증인의 열쇠",
    "how many of the witnesses are enough; default: all": "몇 명의 증인이면 충분한지, 기본값은 모두",
    "size, or file of a head that was kept: the log must extend it": (
        "보관해 둔 머리의 크기나 파일, 기록이 그것을 이어야 합니다"
    ),
    "size or file of a later head; default: the newest": "그 뒤 머리의 크기나 파일, 기본값은 가장 새로운 머리",
    "a receipt that was kept": "보관해 둔 접수증",
    "print the report as JSON": "보고서를 JSON으로 출력",
    "language of the report": "보고서의 언어",
    "must be 64 digits of lower-case hex": "소문자 16진수 64자리여야 합니다",
    "must be keys for cosignatures, each of another witness": "서로 다른 증인의, 함께 서명하는 열쇠여야 합니다",
    "must be 1 to {}, as many as there are witnesses": "1부터 증인의 수인 {0}까지여야 합니다",
    "needs --from: the head that it must extend": "이어야 할 머리를 --from으로 지정해야 합니다",
    "cannot be used: {}": "쓸 수 없습니다: {0}",
    "{} cannot be read: {}": "{0}을(를) 읽을 수 없습니다: {1}",
}
