"""What the use cases need to remember, and how they tell others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from rules import Measurement, Score, Verdict

    from selection.domain.deciding import Evidence
    from selection.domain.events import DecisionRecord, SelectionEvent
    from selection.domain.rule_set import KeptRuleSet
    from selection.domain.stage import Stage

STAGE_PROCESS: Final = "stage"
"""Kind of the process manager; its id is the stage's."""


class Records(Protocol):
    """What the use cases need to remember, and how they tell others."""

    @property
    def now(self) -> datetime:
        """The instant of this transaction (UTC)."""

    async def rule_set(self, sha256: str) -> KeptRuleSet | None:
        """A rule set, locked against a change of its state; `None` where none has this hash."""

    async def rule_set_to_change(self, sha256: str) -> KeptRuleSet | None:
        """A rule set, locked for a change of its state; `None` where none has this hash."""

    async def versions(self, rule_set_id: str) -> list[KeptRuleSet]:
        """All versions of a rule set, locked."""

    async def add_rule_set(self, kept: KeptRuleSet) -> None:
        """Keep a new rule set."""

    async def save_rule_set(self, kept: KeptRuleSet) -> None:
        """Keep the state of a rule set; its document never changes."""

    async def governs_a_stage(self, sha256: str) -> bool:
        """Whether a stage was planned under the rule set."""

    async def stage(self, stage_id: str) -> Stage | None:
        """A stage, locked; `None` where there is none."""

    async def add_stage(self, stage: Stage) -> bool:
        """Keep a new stage; `False` where its id is taken."""

    async def save_stage(self, stage: Stage) -> None:
        """Keep a stage that changed."""

    async def waiting_for_call(self, call_id: str) -> list[str]:
        """Planned stages whose teams come from this call."""

    async def waiting_for_stage(self, stage_id: str) -> list[str]:
        """Planned stages whose teams come from this stage, among others."""

    async def schedule(self, stage: Stage, *, owner: str, wake_at: datetime | None, deadline: datetime | None) -> None:
        """Note who must act on a stage, when it wakes by itself and when it is overdue; a final one never again."""

    async def wake(self, stage_id: str) -> None:
        """Wake a stage now."""

    async def add_closed_call(self, call_id: str, teams: Sequence[str]) -> None:
        """Keep a call's list of applicants."""

    async def closed_call(self, call_id: str) -> tuple[str, ...] | None:
        """Applicants of a closed call; `None` while it is not known to be closed."""

    async def known_scores(
        self, stage_id: str, source: str, assessors: Collection[str]
    ) -> Mapping[tuple[str, str, str], Decimal]:
        """Values that these assessors gave (empty: measured ones), by assessor, team and criterion."""

    async def add_scores(self, stage_id: str, given: Sequence[Score | Measurement]) -> None:
        """Keep scores."""

    async def add_verdict(self, stage_id: str, verdict: Verdict) -> None:
        """Keep a verdict."""

    async def verdicts(self, stage_id: str) -> Sequence[Verdict]:
        """The verdicts given in a stage."""

    async def evidence(self, stage_id: str) -> Evidence:
        """Everything given to a stage."""

    async def add_decision(self, decision: DecisionRecord) -> None:
        """Keep a decision."""

    async def decision(self, stage_id: str) -> DecisionRecord | None:
        """The decision of a stage; `None` before it."""

    async def publish(self, event: SelectionEvent) -> None:
        """Tell others."""
