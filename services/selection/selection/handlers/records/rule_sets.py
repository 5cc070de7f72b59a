"""Rule sets, drafts, and changes of what governs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from selection.domain.change import Change
    from selection.domain.rule_set import Draft, KeptRuleSet


class RuleSetRecords(Protocol):
    """Rule sets on all their ways."""

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
        """Whether a stage was planned under the rule set, or is."""

    async def draft(self, draft_id: str) -> Draft | None:
        """A draft, locked; `None` where none has this id."""

    async def save_draft(self, draft: Draft) -> None:
        """Keep a draft in the place of the one with its id."""

    async def delete_draft(self, draft_id: str) -> None:
        """Forget a draft."""

    async def count_changes(self, stage_id: str) -> int:
        """How many changes were proposed for a stage."""

    async def add_change(self, change: Change) -> None:
        """Keep a new change."""

    async def change(self, change_id: str) -> Change | None:
        """A change with what was said to it; whoever changes it holds its stage. `None` where none has this id."""

    async def pending_change(self, stage_id: str) -> Change | None:
        """The pending change of a stage; `None` where there is none."""

    async def save_change(self, change: Change) -> None:
        """Keep the state of a change and what was said to it."""
