"""The feed: the last events, in the words of people."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

_WORDS: dict[str, tuple[str, str]] = {
    "CallOpened": ("공고가 게시되었습니다", "Call announced"),
    "CallClosed": ("접수가 마감되었습니다", "Call closed"),
    "ApplicationSubmitted": ("신청서가 접수되었습니다", "Application received"),
    "EligibilityRecorded": ("자격 확인이 기록되었습니다", "Eligibility recorded"),
    "RuleSetPublished": ("평가기준이 공개되었습니다", "Rule set published"),
    "RuleSetFrozen": ("평가기준이 동결되었습니다", "Rule set frozen"),
    "StagePlanned": ("단계가 계획되었습니다", "Stage planned"),
    "StageTriggered": ("단계가 기다리던 외부 사건이 도착했습니다", "An event arrived that a stage waits for"),
    "StageCancelled": ("단계가 취소되었습니다", "Stage cancelled"),
    "StageOpened": ("단계가 시작되었습니다", "Stage opened"),
    "StageAdvanced": ("단계가 진행되었습니다", "Stage moved on"),
    "RuleSetChangeProposed": ("평가기준 변경이 제안되었습니다", "Change of rules proposed"),
    "RuleSetConsentRecorded": ("팀의 동의 여부가 기록되었습니다", "A team's consent recorded"),
    "RuleSetChanged": ("변경된 평가기준이 적용됩니다", "Changed rules in effect"),
    "RuleSetChangeDropped": ("평가기준 변경이 무산되었습니다", "Change of rules dropped"),
    "LatePickRevealed": ("봉인된 선정이 공개되었습니다", "Late pick revealed"),
    "LotSeedRevealed": ("추첨 시드가 공개되었습니다", "Seed of the lot revealed"),
    "ScoringClosed": ("평가표 제출이 마감되었습니다", "Scoring closed"),
    "GateJudgesSeated": ("관문 판정위원이 구성되었습니다", "Gate judges seated"),
    "GateConflictRecorded": ("이해충돌이 기록되었습니다", "Conflict of interest recorded"),
    "GateJudgementRecorded": ("판정위원의 판단이 기록되었습니다", "A judge's finding recorded"),
    "GateVerdictRecorded": ("관문 판정이 기록되었습니다", "Gate verdict recorded"),
    "DecisionProvisional": ("잠정 결정이 나왔습니다", "Decision computed"),
    "DecisionSuperseded": ("결정이 대체되었습니다", "Decision superseded"),
    "OverrideProposed": ("담당자 결정이 제안되었습니다", "Override proposed"),
    "OverrideDropped": ("담당자 결정 제안이 끝났습니다", "Override dropped"),
    "ObjectionWaived": ("이의제기를 포기하였습니다", "Objection waived"),
    "ObjectionFiled": ("이의제기가 접수되었습니다", "Objection filed"),
    "CaseOpened": ("조사 건이 개시되었습니다", "Case opened"),
    "ProceedingEvidenceAdded": ("증거가 제출되었습니다", "Evidence added"),
    "ProceedingAdmitted": ("이의제기·조사 건이 수리되었습니다", "Objection or case admitted"),
    "ProceedingReplied": ("답변이 제출되었거나 기한이 지났습니다", "Reply received, or its time is over"),
    "ProceedingPanelSeated": ("새 심의위원이 구성되었습니다", "Fresh panel seated"),
    "ProceedingFindingSubmitted": ("심의위원의 의견이 기록되었습니다", "A member's finding recorded"),
    "ProceedingFound": ("심의 결과가 나왔습니다", "The panel has found"),
    "ProceedingRemedyOrdered": ("시정 조치가 지시되었습니다", "Remedy ordered"),
    "ProceedingFreshScoresSubmitted": ("재평가 점수가 제출되었습니다", "Fresh scores received"),
    "ProceedingHeld": ("이의제기·조사 건이 대기 중입니다", "Objection or case waits"),
    "ProceedingClosed": ("이의제기·조사 건이 종결되었습니다", "Objection or case closed"),
    "OriginalAssessorsRecorded": ("원 평가위원이 기록되었습니다", "Original assessors recorded"),
    "DecisionFinalized": ("결정이 확정되었습니다", "Decision final"),
    "ResultsPublished": ("결과가 공표되었습니다", "Results published"),
    "ResultsReleased": ("평가 자료가 모두 공개되었습니다", "All documents of the decision open"),
    "EntitlementGranted": ("지원이 배정되었습니다", "Support granted"),
    "EntitlementEnded": ("지원이 끝났습니다", "Support ended"),
    "EntitlementWithdrawn": ("결정 정정으로 지원이 취소되었습니다", "Support withdrawn: decision corrected"),
    "EntitlementForfeited": ("지원이 회수되었습니다", "Support forfeited"),
    "TransactionPosted": ("원장에 기록되었습니다", "Ledger posting"),
    "HoldPosted": ("GPU 시간이 확보되었습니다", "GPU time held"),
    "HoldRefused": ("GPU 시간이 거절되었습니다", "GPU time refused"),
    "JobSubmitted": ("학습 작업이 제출되었습니다", "Training job submitted"),
    "JobStarted": ("학습이 시작되었습니다", "Training started"),
    "JobFinished": ("학습이 끝났습니다", "Training finished"),
    "CheckpointCommitted": ("체크포인트가 등록되었습니다", "Checkpoint committed"),
    "CheckpointNamed": ("MLflow에 등록되었습니다", "Named in MLflow"),
    "CheckpointExamined": ("체크포인트의 가중치를 비교 검사했습니다", "Checkpoint examined"),
    "ReferenceConfirmed": ("검사에서 비교할 알려진 모델이 추가되었습니다", "Known model to examine against added"),
    "ReferenceWithdrawn": ("비교할 알려진 모델이 목록에서 철회되었습니다", "Known model to examine against withdrawn"),
    "CheckpointReleased": ("체크포인트가 공개되었습니다", "Checkpoint released"),
    "CheckpointWithdrawn": ("체크포인트 공개가 철회되었습니다", "Release of a checkpoint withdrawn"),
    "TeamKeyRegistered": ("팀의 서명 열쇠가 등록되었습니다", "Signing key of a team registered"),
    "TeamKeyRetired": ("팀의 서명 열쇠가 폐기되었습니다", "Signing key of a team retired"),
    "PartDamaged": ("저장된 체크포인트에서 손상이 발견되었습니다", "Damage found in a stored checkpoint"),
    "PartHealed": ("손상된 부분이 온전해졌습니다", "A damaged part is whole again"),
    "RegistryDiffered": ("등록소 기록과 다른 점이 발견되었습니다", "Something differs from the registry's tables"),
    "PanelSeated": ("평가단이 구성되었습니다", "Panel seated"),
    "ComparisonSubmitted": ("비교 평가가 제출되었습니다", "Comparison received"),
    "ScoreSheetSubmitted": ("평가표가 제출되었습니다", "Score sheet received"),
    "MeasurementsRecorded": ("측정값이 기록되었습니다", "Measurements recorded"),
    "ReferenceModelsImported": ("비교 모델이 등록되었습니다", "Reference models imported"),
    "TargetPinned": ("무빙타깃이 고정되었습니다", "Moving target pinned"),
    "BenchmarkRunFinished": ("벤치마크가 끝났습니다", "Benchmark run finished"),
    "OpeningsReleased": ("봉인된 내용이 공개되었습니다", "Sealed content opened"),
    "OpeningsErased": ("봉인된 내용의 열쇠가 삭제되었습니다", "Openings of sealed content erased"),
    "WitnessRetired": ("로그의 증인이 물러났습니다", "Witness of the log retired"),
    "EntryWithheld": ("기록 내용이 비공개로 전환되었습니다", "Content of an entry withheld"),
    "EntryRestored": ("비공개된 기록 내용이 복원되었습니다", "Content of an entry restored"),
    "ProcessOverdue": ("기한이 지났습니다", "Process overdue"),
    "EventParked": ("이벤트가 보류되었습니다", "Event parked"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """One event as shown: when (UTC), its type without the package, what it is about."""

    number: int
    time: datetime
    type: str
    key: str

    def words(self, language: str) -> str:
        """The event in Korean ("ko") or English; the type itself where no words are known."""
        korean, english = _WORDS.get(self.type, (self.type, self.type))
        return korean if language == "ko" else english


class Feed:
    """The newest ``capacity`` events and the count of all. Not a record: that is the notary's log.

    Newest is by time: topics arrive side by side, and all of them from their beginning when the console starts.
    """

    def __init__(self, capacity: int = 200) -> None:
        self._capacity = capacity
        self._items: list[Item] = []
        self.total = 0

    def add(self, time: datetime, event_type: str, key: str) -> Item:
        """Add an event, whose type may be a full protobuf name."""
        self.total += 1
        item = Item(self.total, time, event_type.rpartition(".")[2], key)
        insort(self._items, item, key=_age)
        del self._items[: -self._capacity]
        return item

    def newest(self, count: int) -> tuple[Item, ...]:
        """At most ``count`` items, the latest first."""
        return tuple(self._items[::-1][:count])

    def after(self, number: int) -> Iterable[Item]:
        """The kept items that came after the given number, the earliest first."""
        return tuple(item for item in self._items if item.number > number)


def _age(item: Item) -> tuple[datetime, int]:
    return item.time, item.number
