"""What reaches evaluation without a caller: events of selection and the registry, and benchmark runs to be done."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from common.consumer import Subscriptions
from common.errors import TransientError
from dokpamo.registry.v1.events_pb2 import CheckpointCommitted
from dokpamo.selection.v1.events_pb2 import DecisionProvisional, RuleSetChanged, StageOpened, StagePlanned

from evaluation import wire
from evaluation.domain.run import RunFailedError, RunId, RunState
from evaluation.domain.stage import StageId, TeamId
from evaluation.handlers import panels, runs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from common.consumer import Received
    from common.database import Database, Transaction
    from common.processes import Process
    from common.tasks import Task

    from evaluation.handlers.panels import Panels
    from evaluation.handlers.runs import Bench, Runs


@dataclass(frozen=True, slots=True)
class Events:
    """What to do with each event; what is kept is opened on its transaction."""

    panels: Callable[[Transaction], Panels]
    runs: Callable[[Transaction], Runs]

    def subscriptions(self) -> Subscriptions:
        """Return what evaluation listens to."""
        subscriptions = Subscriptions(service="evaluation")
        subscriptions.on(StagePlanned, self.on_stage_planned)
        subscriptions.on(StageOpened, self.on_stage_opened)
        subscriptions.on(RuleSetChanged, self.on_rule_set_changed)
        subscriptions.on(DecisionProvisional, self.on_decision)
        subscriptions.on(CheckpointCommitted, self.on_checkpoint)
        return subscriptions

    async def on_stage_planned(self, event: Received[StagePlanned], tx: Transaction) -> None:
        """Take note of a planned stage."""
        await panels.plan_stage(wire.to_planned_stage(event.message), self.panels(tx))

    async def on_stage_opened(self, event: Received[StageOpened], tx: Transaction) -> None:
        """Take scores for a stage from now on."""
        await panels.open_stage(wire.to_open_stage(event.message), self.panels(tx))

    async def on_rule_set_changed(self, event: Received[RuleSetChanged], tx: Transaction) -> None:
        """Score a stage by another version of its rule set."""
        await panels.change_rule_set(wire.to_changed_stage(event.message), self.panels(tx))

    async def on_decision(self, event: Received[DecisionProvisional], tx: Transaction) -> None:
        """Take no more scores for a stage."""
        await panels.close_stage(StageId(event.message.stage_id), self.panels(tx))

    async def on_checkpoint(self, event: Received[CheckpointCommitted], tx: Transaction) -> None:
        """Have a committed checkpoint measured."""
        checkpoint = event.message.checkpoint
        await runs.queue_run(
            event.message.checkpoint_digest,
            TeamId(checkpoint.team_id),
            checkpoint.declaration.period,
            self.runs(tx),
        )


@dataclass(frozen=True, slots=True)
class Tasks:
    """Long work: benchmark runs."""

    database: Database
    bench: Bench
    runs: Callable[[Transaction], Runs]

    def handlers(self) -> Mapping[str, Callable[[Task], Awaitable[None]]]:
        """Return what to do by kind of task."""
        return {runs.TASK: self.do_run}

    def on_failed(self) -> Mapping[str, Callable[[Task, str, Transaction], Awaitable[None]]]:
        """Return what to do when a task's attempts are used up, by kind."""
        return {runs.TASK: self.give_up_run}

    async def do_run(self, task: Task) -> None:
        """Measure a checkpoint and keep the figures, or why there are none."""
        run_id = RunId(task.id)
        async with self.database.transaction() as tx:
            run = await runs.begin_run(run_id, self.runs(tx))
        if run.state is not RunState.RUNNING:
            async with task.finish():
                return
        try:
            measured = await runs.see_through(run, self.bench, partial(self._tell, run_id))
        except RunFailedError as error:
            async with task.finish() as tx:
                await runs.fail_run(run_id, error.reason, self.runs(tx))
            return
        async with task.finish() as tx:
            await runs.complete_run(run_id, measured, self.runs(tx))

    async def _tell(self, run_id: RunId, reason: str) -> None:
        # It may be the database that is away: then there is nobody to tell.
        with suppress(TransientError):
            async with self.database.transaction() as tx:
                await runs.tell_waiting(run_id, reason, self.runs(tx))

    async def give_up_run(self, task: Task, last_error: str, tx: Transaction) -> None:
        """Say that a run failed for a reason that nobody foresaw."""
        await runs.fail_run(RunId(task.id), last_error, self.runs(tx))


def timers(
    open_panels: Callable[[Transaction], Panels],
) -> Mapping[str, Callable[[Process, Transaction], Awaitable[None]]]:
    """Return what to do when a process of evaluation wakes, by kind."""

    async def close_scoring(process: Process, tx: Transaction) -> None:
        await panels.close_scoring(StageId(process.id), open_panels(tx))

    return {panels.SCORING_PROCESS: close_scoring}
