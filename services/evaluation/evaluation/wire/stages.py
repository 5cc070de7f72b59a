"""Stages as selection tells them → evaluation's own shape."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from evaluation.domain import number, stage
from evaluation.domain.stage import Criterion, Source, SourceId, SourceKind, Stage, StageId, StageState, TeamId

if TYPE_CHECKING:
    from datetime import datetime

    from dokpamo.selection.v1 import events_pb2 as selection
    from google.protobuf.message import Message


def to_planned_stage(message: selection.StagePlanned) -> Stage:
    """Return the stage that was planned."""
    return Stage(StageId(message.stage_id), StageState.PLANNED, message.rule_set_sha256)


def to_open_stage(message: selection.StageOpened) -> Stage:
    """Return the stage that opened; raise `RuleBrokenError` for a scale or kind that cannot be read."""
    return Stage(
        stage_id=StageId(message.stage_id),
        state=StageState.OPEN,
        rule_set_sha256=message.rule_set_sha256,
        team_ids=tuple(TeamId(team) for team in sorted(message.team_ids)),
        sources=tuple(_to_source(f"sources[{at}]", each) for at, each in enumerate(message.sources)),
        closes_at=_to_instant(message, "closes_at"),
    )


def to_changed_stage(message: selection.RuleSetChanged) -> Stage:
    """Return a stage as another version of its rule set has it, without its teams; raise `RuleBrokenError`."""
    return Stage(
        stage_id=StageId(message.stage_id),
        state=StageState.OPEN,
        rule_set_sha256=message.new_sha256,
        sources=tuple(_to_source(f"sources[{at}]", each) for at, each in enumerate(message.sources)),
        closes_at=_to_instant(message, "closes_at"),
    )


def _to_instant(message: Message, field: str) -> datetime | None:
    if not message.HasField(field):
        return None
    return getattr(message, field).ToDatetime(UTC)  # type: ignore[no-any-return] # of whatever field, a Timestamp


def _to_source(field: str, message: selection.ScoreSource) -> Source:
    try:
        kind = SourceKind(message.kind)
    except ValueError:
        raise stage.SourceKindError(
            f"{field}.kind", message.kind, "must be sheets, measurement or comparisons"
        ) from None
    return Source(
        source_id=SourceId(message.source_id),
        kind=kind,
        criteria=() if kind is SourceKind.COMPARISONS else _to_criteria(field, message),
        panel_size=message.panel_size,
        provider=message.provider,
        ties_allowed=message.ties_allowed,
        per_pair=message.per_pair,
    )


def _to_criteria(field: str, message: selection.ScoreSource) -> tuple[Criterion, ...]:
    """Return the scale of each criterion; an event from before scales were told has one range for all."""
    if not message.scales:
        lowest = number.decimal(f"{field}.minimum", message.minimum)
        highest = number.decimal(f"{field}.maximum", message.maximum)
        return tuple(Criterion(name, lowest, highest, number.MOST_DIGITS) for name in message.criteria)
    return tuple(
        Criterion(
            each.criterion,
            number.decimal(f"{field}.scales[{at}].minimum", each.minimum),
            number.decimal(f"{field}.scales[{at}].maximum", each.maximum),
            each.digits,
        )
        for at, each in enumerate(message.scales)
    )
