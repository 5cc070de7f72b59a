"""Use cases of rule sets: drafted, published, then frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selection.domain import rule_set
from selection.domain.events import RuleSetFrozen, RuleSetPublished
from selection.domain.refusal import DocumentSourceError, DraftUnknownError, RuleSetUnknownError
from selection.domain.rule_set import RuleSetState

if TYPE_CHECKING:
    from selection.domain.rule_set import Draft, KeptRuleSet
    from selection.handlers.records import Records


async def save_draft(draft_id: str, document: str, records: Records) -> Draft:
    """Keep a draft, defects and all. Raises `DraftInvalidError`."""
    draft = rule_set.draft(draft_id, document, records.now, records.actor)
    await records.save_draft(draft)
    return draft


async def discard_draft(draft_id: str, records: Records) -> None:
    """Forget a draft. Raises `DraftUnknownError`."""
    await _draft(draft_id, records)
    await records.delete_draft(draft_id)


async def publish_draft(draft_id: str, records: Records) -> KeptRuleSet:
    """Publish a draft, which then is one no more. Raises `DraftUnknownError` and what `publish_rule_set` raises."""
    draft = await _draft(draft_id, records)
    kept = await publish_rule_set(draft.document, records)
    await records.delete_draft(draft_id)
    return kept


async def publish(document: str, draft_id: str, records: Records) -> KeptRuleSet:
    """Publish a document or a draft. Raises `DocumentSourceError` where not exactly one of the two is given."""
    if bool(document) == bool(draft_id):
        raise DocumentSourceError("document", f"{len(document)} characters", "either a document or a draft is named")
    return await (publish_rule_set(document, records) if document else publish_draft(draft_id, records))


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
    superseded = [
        each
        for each in earlier
        if each.state is not RuleSetState.SUPERSEDED and not await records.governs_a_stage(each.sha256)
    ]
    for each in superseded:
        await records.save_rule_set(rule_set.supersede(each, records.now))
    await records.publish(RuleSetPublished(kept, tuple(each.sha256 for each in superseded)))
    return kept


async def freeze_rule_set(sha256: str, records: Records) -> KeptRuleSet:
    """Freeze a rule set. Raises `RuleSetUnknownError` and `RuleSetSupersededError`."""
    kept = await kept_rule_set_to_change(sha256, records)
    frozen = rule_set.freeze(kept, records.now)
    if frozen != kept:
        await records.save_rule_set(frozen)
        await records.publish(RuleSetFrozen(frozen))
    return frozen


async def kept_rule_set(sha256: str, records: Records) -> KeptRuleSet:
    """Return a rule set. Raises `RuleSetUnknownError`."""
    return _published(await records.rule_set(sha256), sha256)


async def kept_rule_set_to_change(sha256: str, records: Records) -> KeptRuleSet:
    """Return a rule set whose state may change. Raises `RuleSetUnknownError`."""
    return _published(await records.rule_set_to_change(sha256), sha256)


def _published(kept: KeptRuleSet | None, sha256: str) -> KeptRuleSet:
    if kept is None:
        raise RuleSetUnknownError("rule_set_sha256", sha256, "must be a published rule set")
    return kept


async def _draft(draft_id: str, records: Records) -> Draft:
    draft = await records.draft(draft_id)
    if draft is None:
        raise DraftUnknownError("draft_id", draft_id, "must be a draft")
    return draft
