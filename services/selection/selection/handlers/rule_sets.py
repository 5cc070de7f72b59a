"""Use cases of rule sets: published, then frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selection.domain import rule_set
from selection.domain.events import RuleSetFrozen, RuleSetPublished
from selection.domain.refusal import RuleSetUnknownError

if TYPE_CHECKING:
    from selection.domain.rule_set import KeptRuleSet
    from selection.handlers.records import Records


async def publish_rule_set(document: str, records: Records) -> KeptRuleSet:
    """Keep a valid rule set; earlier versions that govern no stage are superseded.

    Raises `RuleSetRefusedError` and `VersionNotNewError`.
    """
    rules = rule_set.read(document)
    earlier = await records.versions(rules.id)
    kept = rule_set.publish(rules, earlier, records.now)
    if kept in earlier:
        return kept
    await records.add_rule_set(kept)
    for each in earlier:
        if not await records.governs_a_stage(each.sha256):
            await records.save_rule_set(rule_set.supersede(each))
    await records.publish(RuleSetPublished(kept))
    return kept


async def freeze_rule_set(sha256: str, records: Records) -> KeptRuleSet:
    """Freeze a rule set. Raises `RuleSetUnknownError` and `RuleSetSupersededError`."""
    kept = _published(await records.rule_set_to_change(sha256), sha256)
    frozen = rule_set.freeze(kept, records.now)
    if frozen != kept:
        await records.save_rule_set(frozen)
        await records.publish(RuleSetFrozen(frozen))
    return frozen


async def kept_rule_set(sha256: str, records: Records) -> KeptRuleSet:
    """Return a rule set. Raises `RuleSetUnknownError`."""
    return _published(await records.rule_set(sha256), sha256)


def _published(kept: KeptRuleSet | None, sha256: str) -> KeptRuleSet:
    if kept is None:
        raise RuleSetUnknownError("rule_set_sha256", sha256, "must be a published rule set")
    return kept
