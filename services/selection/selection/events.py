"""What selection hears, and what it does when an instant is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.consumer import Subscriptions
from dokpamo.evaluation.v1.events_pb2 import (
    ComparisonSubmitted,
    MeasurementsRecorded,
    ScoreSheetSubmitted,
    ScoringClosed,
)
from dokpamo.intake.v1.events_pb2 import CallClosed
from dokpamo.selection.v1.events_pb2 import DecisionFinalized, DecisionProvisional

from selection import handlers, wire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from common.consumer import Received
    from common.database import Transaction
    from common.processes import Process

    Open = Callable[[Transaction], handlers.Records]
    OpenPublications = Callable[[Transaction], handlers.PublicationRecords]


def subscriptions(records: Open, publications: OpenPublications) -> Subscriptions:
    """Return the events that stages wait for; everything is kept in what `records` opens."""

    async def call_closed(event: Received[CallClosed], tx: Transaction) -> None:
        await handlers.close_call(event.message.call_id, list(event.message.team_ids), records(tx))

    async def sheet(event: Received[ScoreSheetSubmitted], tx: Transaction) -> None:
        message = event.message
        scores = wire.scores_of(message)
        await handlers.take_scores(message.stage_id, message.source_id, scores, event.time, records(tx))

    async def measured(event: Received[MeasurementsRecorded], tx: Transaction) -> None:
        message = event.message
        values = wire.measurements_of(message)
        await handlers.take_scores(message.stage_id, message.source_id, values, event.time, records(tx))

    async def compared(event: Received[ComparisonSubmitted], tx: Transaction) -> None:
        message = event.message
        comparison = wire.comparison_of(message)
        await handlers.take_scores(message.stage_id, message.source_id, [comparison], event.time, records(tx))

    async def closed(event: Received[ScoringClosed], tx: Transaction) -> None:
        message = event.message
        await handlers.close_scoring(message.stage_id, wire.scoring_close_of(message), records(tx))

    # Selection hears itself: whatever led to a decision, its publications are planned.
    async def decided(event: Received[DecisionProvisional], tx: Transaction) -> None:
        await handlers.plan_publications(event.message.stage_id, publications(tx))

    async def final(event: Received[DecisionFinalized], tx: Transaction) -> None:
        await handlers.plan_publications(event.message.stage_id, publications(tx))

    heard = Subscriptions("selection")
    heard.on(CallClosed, call_closed)
    heard.on(ScoreSheetSubmitted, sheet)
    heard.on(MeasurementsRecorded, measured)
    heard.on(ComparisonSubmitted, compared)
    heard.on(ScoringClosed, closed)
    heard.on(DecisionProvisional, decided)
    heard.on(DecisionFinalized, final)
    return heard


def timers(
    records: Open, publications: OpenPublications
) -> Mapping[str, Callable[[Process, Transaction], Awaitable[None]]]:
    """Return what to do when a process of selection wakes, by kind."""

    async def step(process: Process, tx: Transaction) -> None:
        await handlers.step(process.id, records(tx))

    async def expire(process: Process, tx: Transaction) -> None:
        await handlers.expire_override(process.id, records(tx))

    async def reach(process: Process, tx: Transaction) -> None:
        await handlers.expire_proceeding(process.id, records(tx))

    async def publish(process: Process, tx: Transaction) -> None:
        await handlers.publish_due(process.id, publications(tx))

    return {
        handlers.STAGE_PROCESS: step,
        handlers.OVERRIDE_PROCESS: expire,
        handlers.PROCEEDING_PROCESS: reach,
        handlers.PUBLICATION_PROCESS: publish,
    }
