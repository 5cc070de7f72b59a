"""What has happened to stages, and what is scored in them → the events that others hear."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from common.instants import stamp
from dokpamo.selection.v1 import events_pb2
from rules.exact import plain
from rules.sources import CarriedSource, ComparisonSource, MeasurementSource

from selection.domain import events
from selection.wire.messages import refused_messages, transition_message, trigger_messages

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from rules import RuleSet
    from rules.sources import SheetSource


def of_stages(  # noqa: PLR0911 - one case an event reads best
    event: events.StagePlanned
    | events.StageTriggered
    | events.StageCancelled
    | events.StageOpened
    | events.StageAdvanced
    | events.LatePickRevealed
    | events.LotSeedRevealed,
) -> Message:
    """Return what has happened to stages, as others hear it."""
    match event:
        case events.StagePlanned(stage, reason):
            return events_pb2.StagePlanned(
                stage_id=stage.id,
                rule_set_sha256=stage.rule_set_sha256,
                opens_at=stamp(stage.opens_at),
                decides_at=stamp(stage.decides_at),
                closes_at=stamp(stage.closes_at),
                reopens_stage_id=stage.reopens,
                reason=reason,
                triggers=trigger_messages(stage.triggers),
            )
        case events.StageTriggered(stage, trigger, evidence, brought_by):
            return events_pb2.StageTriggered(
                stage_id=stage.id, trigger_id=trigger, evidence=evidence, brought_by=brought_by
            )
        case events.StageCancelled(stage):
            return events_pb2.StageCancelled(
                stage_id=stage.id, rule_set_sha256=stage.rule_set_sha256, reason=stage.cancel_reason
            )
        case events.StageOpened(stage, rules):
            return events_pb2.StageOpened(
                stage_id=stage.id,
                rule_set_sha256=stage.rule_set_sha256,
                team_ids=stage.entrants,
                sources=sources_of(rules),
                closes_at=stamp(stage.closes_at),
                refused=refused_messages(stage.refused),
            )
        case events.StageAdvanced(stage, at, cause, actor):
            return events_pb2.StageAdvanced(stage_id=stage.id, transition=transition_message(stage, at, cause, actor))
        case events.LatePickRevealed(stage, revealed):
            return events_pb2.LatePickRevealed(
                stage_id=stage.id,
                rule_set_sha256=stage.rule_set_sha256,
                pick_id=revealed.pick,
                sha256=revealed.sha256,
                salt=revealed.salt,
                content=revealed.content,
            )
        case events.LotSeedRevealed(stage, seed_sha256, seed):
            return events_pb2.LotSeedRevealed(
                stage_id=stage.id, rule_set_sha256=stage.rule_set_sha256, seed_sha256=seed_sha256, seed=seed
            )
        case _:
            assert_never(event)


def sources_of(rules: RuleSet) -> list[events_pb2.ScoreSource]:
    """Return what is scored by whom, as others hear it."""
    return [_source(source) for source in rules.sources if not isinstance(source, CarriedSource)]


def _source(source: SheetSource | MeasurementSource | ComparisonSource) -> events_pb2.ScoreSource:
    panel = None if isinstance(source, MeasurementSource) else source.panel
    told = events_pb2.ScoreSource(
        source_id=source.id,
        # The contract's word for the document's "measurements".
        kind="measurement" if isinstance(source, MeasurementSource) else source.kind,
        provider=source.provider,
        panel_size=panel.planned if panel else 0,
        panel_minimum=panel.minimum if panel else 0,
    )
    if isinstance(source, ComparisonSource):
        told.ties_allowed, told.per_pair = source.ties_allowed, source.per_pair
        return told
    told.criteria.extend(each.id for each in source.criteria)
    told.minimum = plain(min(each.minimum for each in source.criteria))
    told.maximum = plain(max(each.maximum for each in source.criteria))
    told.scales.extend(
        events_pb2.CriterionScale(
            criterion=each.id, minimum=plain(each.minimum), maximum=plain(each.maximum), digits=each.digits
        )
        for each in source.criteria
    )
    return told
