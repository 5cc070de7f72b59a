"""What the page says, in Korean first and English second."""

from __future__ import annotations

from typing import Literal

Language = Literal["ko", "en"]

WORDS: dict[str, tuple[str, str]] = {
    "title": ("독파모 · 독자 AI 파운데이션 모델 프로젝트", "Dokpamo · Sovereign AI Foundation Model programme"),
    "board": ("팀과 단계", "Teams and stages"),
    "standings": ("현재 순위", "Current standings"),
    "events": ("이벤트", "Events"),
    "scale_model": ("축소 모델 실측", "Scale model, really trained and measured"),
    "scale_note": (
        "각 팀의 작업이 Ray에서 실제로 학습한 작은 바이트 언어 모델의 측정값입니다. 공개된 점수가 아닙니다.",
        "A small byte-level language model that each team's job really trained on Ray. Not the published scores.",
    ),
    "scale_cells": (
        "칸마다 다음 바이트 정확도(높을수록 좋음) · 바이트당 비트(낮을수록 좋음).",
        "In each cell: next-byte accuracy (higher is better) · bits per byte (lower is better).",
    ),
    "queued": ("대기 중", "queued"),
    "running": ("측정 중", "running"),
    "failed": ("실패", "failed"),
    "targets": ("무빙타깃", "Moving target"),
    "ledger": ("GPU 원장", "GPU ledger"),
    "verify": ("검증", "Verification"),
    "team": ("팀", "Team"),
    "rank": ("순위", "Rank"),
    "total": ("총점", "Total"),
    "outcome": ("결과", "Outcome"),
    "advanced": ("진출", "advanced"),
    "eliminated": ("탈락", "eliminated"),
    "entered": ("평가 중", "in evaluation"),
    "planned": ("예정", "planned"),
    "collecting": ("평가 중", "collecting"),
    "objection": ("이의제기 기간", "objection window"),
    "final": ("확정", "final"),
    "cancelled": ("취소", "cancelled"),
    "by_rank": ("순위", "by rank"),
    "by_gate": ("관문", "by gate"),
    "by_majority": ("과반 미달", "no majority"),
    "by_override": ("담당자 결정", "by officers"),
    "published_results": ("공표된 결과", "Published results"),
    "published_note_all": (
        "단계마다 공개 규칙에 따라 공표된 수치입니다. 공표되지 않은 값은 전체 자료가 공개될 때까지 보이지 않습니다.",
        "Figures published by each stage's disclosure policy; what was not stays hidden until all is opened.",
    ),
    "not_published": ("미공개", "not published"),
    "part": ("항목", "Part"),
    "best": ("최고", "Best"),
    "mean": ("평균", "Mean"),
    "gap": ("1위와 꼴찌의 격차", "Gap first to last"),
    "lineage": ("계보", "Lineage"),
    "lineage_graph": ("계보 그래프", "Graph of lineage"),
    "lineage_note": (
        "각 팀이 제출할 때 신고한 내용입니다. 신고가 맞는지는 독자성 검사와 패널이 따로 봅니다.",
        "As each team declared it when it pushed. Whether that is so is for the examination and a panel to say.",
    ),
    "lineage_truncated": ("일부만 표시합니다.", "Only a part is shown."),
    "lineage_legend": (
        "점선: 동결(학습하지 않음) · 붉은 선: 제3자의 것 · 점선 상자: 등록소 밖에 있는 것.",
        "Dashed line: kept frozen · red line: of a third party · dashed box: not held by the registry.",
    ),
    "lineage_links": ("신고된 출처", "Declared origins"),
    "external": ("등록소 밖", "not in the registry"),
    "version": ("버전", "Version"),
    "versions": ("버전", "Versions"),
    "component": ("구성 요소", "Component"),
    "kind": ("종류", "Kind"),
    "kind_weights": ("가중치", "weights"),
    "kind_architecture": ("구조", "architecture"),
    "kind_code": ("코드", "code"),
    "kind_tokenizer": ("토크나이저", "tokenizer"),
    "kind_data": ("데이터", "data"),
    "owner": ("소유", "Owner"),
    "owner_own": ("자체", "own"),
    "owner_third-party": ("제3자", "third party"),
    "owner_none": ("없음", "none"),
    "comes_from": ("출처", "Comes from"),
    "share": ("비율", "Share"),
    "frozen": ("동결", "Frozen"),
    "evidence": ("근거", "Evidence"),
    "yes": ("예", "yes"),
    "committed": ("등록", "Committed"),
    "parameters": ("매개변수", "Parameters"),
    "seed": ("시드", "Seed"),
    "training_job": ("학습 작업", "Training job"),
    "training_log": ("학습 로그 SHA-256", "Training log SHA-256"),
    "initialisation": ("초기화 코드 SHA-256", "Initialisation code SHA-256"),
    "digest": ("다이제스트", "Digest"),
    "proceedings": ("이의제기와 조사 건", "Objections and cases"),
    "proceedings_note": (
        "누가 무엇을 주장했는지는 공개되지 않습니다. 종결되기 전에는 결정이 확정되지 않습니다.",
        "Who said what is not shown. A decision is not final before what is open about it is closed.",
    ),
    "proceeding_objection": ("이의제기", "Objection"),
    "proceeding_case": ("조사 건", "Case"),
    "proceeding_filed": ("접수됨", "filed"),
    "proceeding_reply": ("답변 대기", "waits for the reply"),
    "proceeding_seating": ("심의위원회 구성 중", "a panel is to be seated"),
    "proceeding_hearing": ("심의 중", "before its panel"),
    "proceeding_found": ("인용, 조치 대기", "founded, to be remedied"),
    "proceeding_rescoring": ("재평가 중", "being scored again"),
    "proceeding_inadmissible": ("각하", "not admitted"),
    "proceeding_withdrawn": ("철회", "withdrawn"),
    "proceeding_upheld": ("기각, 결정 유지", "not founded, the decision stands"),
    "proceeding_recomputed": ("인용, 다시 계산됨", "founded, decided again"),
    "proceeding_rescored": ("인용, 다시 평가됨", "founded, scored again"),
    "proceeding_noted": ("인정, 값은 그대로", "founded, no value follows"),
    "proceeding_silent": ("답변 없음", "no reply came"),
    "owner_staff": ("담당자", "staff"),
    "owner_applicant": ("제기한 쪽", "who brought it"),
    "owner_respondent": ("상대방", "the other side"),
    "owner_panel": ("심의위원회", "the panel"),
    "ground": ("사유", "Ground"),
    "filed_on": ("접수", "Filed"),
    "stage": ("단계", "Stage"),
    "state": ("상태", "State"),
    "new_version": ("새 결정 판", "new decision, version"),
    "made_up_note": (
        "‘합성’: 재현에서 절차를 보이기 위해 만든 건으로, 실제로 있었던 일이 아닙니다.",
        "“synthetic”: made up so that the replay shows the procedure; it did not happen.",
    ),
    "why_more": ("추가 공개 사유", "Why more is shown"),
    "formulas": ("산식", "Formulas"),
    "synthetic": ("합성", "synthetic"),
    "reconstructed": ("재구성", "reconstructed"),
    "published": ("공표", "published"),
    "short_synthetic": ("합", "s"),
    "short_reconstructed": ("재", "r"),
    "short_published": ("공", "p"),
    "reconstructed_note": (
        "‘재구성’: 공표된 수치에서 계산으로 얻은 값입니다.",
        "“reconstructed”: follows from published figures by arithmetic.",
    ),
    "published_note": (
        "‘공표’: 부처나 지수 발행처가 공표한 값입니다.",
        "“published”: printed by the ministry or the publisher of an index.",
    ),
    "synthetic_note": (
        "‘합성’: 이 값의 계산에 쓰인 평가표 등 일부는 공개된 적이 없어 재현을 위해 만든 것입니다.",
        "“synthetic”: some of what this was computed from, such as single sheets, was never published and is made up.",
    ),
    "development": (
        "개발용 내장 환경입니다. 로그인과 서명 열쇠는 시험용이며 실제 서비스에 쓸 수 없습니다.",
        "Embedded development stack: its sign-in and signing keys are for trying out only, never for service.",
    ),
    "clock": ("가상 시각", "Virtual clock"),
    "clock_live": ("시각", "Clock"),
    "no_decision": ("아직 결정이 없습니다.", "No decision yet."),
    "unknown_now": ("지금은 알 수 없습니다.", "Not known at the moment."),
    "nothing": ("아직 없습니다.", "Nothing yet."),
    "best_in_window": ("기간 내 최고", "Best in window"),
    "threshold": ("기준선", "Threshold"),
    "window": ("기간", "Window"),
    "ratio_best": ("최고 대비", "To best"),
    "ratio_declared": ("자체 목표 대비", "To own target"),
    "log_size": ("로그에 남은 이벤트", "Events in the log"),
    "root": ("루트 해시", "Root hash"),
    "integrity": ("등록소 무결성", "Registry integrity"),
    "stored_parts": ("보관된 조각", "Stored parts"),
    "oldest_reading": ("가장 오래전에 다시 읽은 때", "Longest since a reading"),
    "damaged_parts": ("손상된 조각", "Damaged parts"),
    "healed": ("복구됨", "healed"),
    "check_names": ("MLflow 이름과 다른 점", "Differences from the names in MLflow"),
    "check_objects": ("저장소 목록과 다른 점", "Differences from the list of objects"),
    "of": ("확인한 수", "of"),
    "not_checked_yet": ("아직 확인하지 않았습니다", "not checked yet"),
    "integrity_note": (
        "모든 조각을 주기적으로 다시 읽어 SHA-256과 비교하고, MLflow 이름과 저장소 목록을 등록소 기록과 비교합니다.",
        "Every part is read back by schedule and held against its SHA-256, names and objects against the tables.",
    ),
    "verify_how": ("누구나 서버 없이 확인할 수 있습니다:", "Anyone can check this without a server:"),
    "balanced": ("원장이 맞습니다", "The ledger balances"),
    "unbalanced": ("원장이 맞지 않습니다", "The ledger does not balance"),
    "transactions": ("거래", "transactions"),
    "rule_set": ("평가기준", "Rule set"),
    "decision": ("결정", "Decision"),
    "skip": ("본문으로 건너뛰기", "Skip to content"),
    "unreachable": ("지금 닿지 않는 서비스", "Services out of reach now"),
    "waits_for": ("대기", "Waits for"),
    "live": ("실시간", "live"),
    "lost": ("연결 끊김", "disconnected"),
}


def say(word: str, language: Language) -> str:
    """The words for a key. Raises KeyError for an unknown one: a page may not show a key to people."""
    korean, english = WORDS[word]
    return korean if language == "ko" else english


def language_of(asked: str | None, accepted: str) -> Language:
    """The language to answer in: what was asked for, else the browser's first of the two, else Korean."""
    if asked in ("ko", "en"):
        return "ko" if asked == "ko" else "en"
    for entry in accepted.split(","):
        tag = entry.split(";")[0].strip().lower()
        if tag.startswith("ko"):
            return "ko"
        if tag.startswith("en"):
            return "en"
    return "ko"
