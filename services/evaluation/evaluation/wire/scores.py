"""What is handed in → evaluation's own shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from common.errors import FieldInvalidError

from evaluation.domain.comparison import Comparison
from evaluation.domain.sheet import Row
from evaluation.domain.stage import AssessorId, Panel, SourceId, StageId, TeamId
from evaluation.wire.marks import to_provenance

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dokpamo.evaluation.v1 import service_pb2

_TWO: Final = 2


def to_panel(message: service_pb2.SeatPanelRequest) -> Panel:
    """Return the panel that is to be seated."""
    assessors = tuple(AssessorId(each) for each in message.assessor_ids)
    return Panel(StageId(message.stage_id), SourceId(message.source_id), assessors)


def to_rows(rows: Iterable[service_pb2.ScoreRow]) -> tuple[Row, ...]:
    """Return `rows` as they came."""
    return tuple(Row(TeamId(row.team_id), row.criterion, row.value) for row in rows)


def to_comparison(message: service_pb2.SubmitComparisonRequest) -> Comparison:
    """Return the comparison, its two teams in order of their names; raise `FieldInvalidError` for another number."""
    if len(message.team_ids) != _TWO:
        raise FieldInvalidError("team_ids", ", ".join(message.team_ids), "names two teams")
    first, second = sorted(TeamId(each) for each in message.team_ids)
    return Comparison(
        stage_id=StageId(message.stage_id),
        source_id=SourceId(message.source_id),
        assessor_id=AssessorId(message.assessor_id),
        item=message.item,
        team_ids=(first, second),
        preferred=TeamId(message.preferred_team_id) if message.preferred_team_id else None,
        provenance=to_provenance(message.provenance),
    )
