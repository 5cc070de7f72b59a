"""Stages as selection announces them, panels, score sheets and measurements."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from common.errors import AwaitedError, NotFoundError

from evaluation.domain.comparison import already_submitted, check_comparison
from evaluation.domain.completeness import Completeness, completeness
from evaluation.domain.refusal import require_text
from evaluation.domain.sheet import (
    Measurements,
    Row,
    Sheet,
    read_rows,
    require_new,
    require_provider,
    require_seat,
    require_whole,
)
from evaluation.domain.stage import (
    AssessorId,
    Panel,
    ScoringClosed,
    SourceId,
    SourceKind,
    Stage,
    StageId,
    StageState,
    TeamId,
    check_panel,
    open_source,
    require_in_time,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from evaluation.domain.comparison import Comparison
    from evaluation.domain.provenance import Provenance
    from evaluation.domain.stage import Source

SCORING_PROCESS: Final = "scoring"
"""Kind of the process that ends the scoring of a stage at its last instant; its id is the stage's."""


class Panels(Protocol):
    """Stages, panels and scores, in one transaction."""

    @property
    def now(self) -> datetime:
        """The instant of this transaction (UTC)."""
        ...

    async def stage(self, stage_id: StageId, *, locked: bool = False) -> Stage | None:
        """Return a stage; `locked` keeps its state until the transaction ends."""
        ...

    async def hold_source(self, stage_id: StageId, source_id: SourceId) -> None:
        """Let nobody else add to this source until the transaction ends."""
        ...

    async def keep_stage(self, stage: Stage) -> None:
        """Keep what is known of a stage now."""
        ...

    async def close_scoring(self, stage_id: StageId) -> datetime | None:
        """Take no more scores for an open stage whose last instant has come; return it, `None` where it has not."""
        ...

    async def close_at(self, stage_id: StageId, closes_at: datetime) -> None:
        """Have the scoring of a stage closed when its last instant has come."""
        ...

    async def seated(self, stage_id: StageId, source_id: SourceId) -> frozenset[AssessorId]:
        """Return who sits in the panel of a source."""
        ...

    async def submitted(self, stage_id: StageId, source_id: SourceId) -> frozenset[AssessorId]:
        """Return who has handed in a sheet."""
        ...

    async def recorded(self, stage_id: StageId, source_id: SourceId) -> frozenset[tuple[TeamId, str]]:
        """Return the teams and criteria whose value is recorded."""
        ...

    async def present(self, stage_id: StageId) -> dict[SourceId, int]:
        """Return how many sheets, values or comparisons each source has."""
        ...

    async def add_panel(self, panel: Panel) -> None:
        """Keep a panel."""
        ...

    async def add_sheet(self, sheet: Sheet) -> None:
        """Keep a sheet."""
        ...

    async def add_measurements(self, measurements: Measurements) -> None:
        """Keep measured values."""
        ...

    async def add_comparison(self, comparison: Comparison) -> bool:
        """Keep a comparison; `False` where the assessor has compared the two on this item before."""
        ...

    async def publish(self, event: Panel | Sheet | Measurements | Comparison | ScoringClosed) -> object:
        """Say `event` to everyone."""
        ...


async def plan_stage(stage: Stage, panels: Panels) -> None:
    """Take note of a planned stage; one that has gone on stays where it is."""
    if await panels.stage(stage.stage_id, locked=True) is None:
        await panels.keep_stage(stage)


async def open_stage(stage: Stage, panels: Panels) -> None:
    """Take note of an opened stage: its entrants and what is scored. A decided one takes no scores ever again."""
    known = await panels.stage(stage.stage_id, locked=True)
    if known is None or known.state is not StageState.DECIDED:
        await panels.keep_stage(stage)
        if stage.closes_at is not None:
            await panels.close_at(stage.stage_id, stage.closes_at)


async def change_rule_set(changed: Stage, panels: Panels) -> None:
    """Score an open stage by another version of its rule set, until its last instant; a planned one opens under it.

    Scoring that had ended goes on where the new version has a later instant.
    """
    known = await panels.stage(changed.stage_id, locked=True)
    if known is None:
        message = f"the rule set of stage {changed.stage_id} changed; its StagePlanned has not arrived yet"
        raise AwaitedError(message)
    if known.state is StageState.PLANNED:
        await panels.keep_stage(replace(known, rule_set_sha256=changed.rule_set_sha256))
    elif known.state is StageState.OPEN:
        ended = known.scoring_closed and changed.closes_at == known.closes_at
        await panels.keep_stage(replace(changed, team_ids=known.team_ids, scoring_closed=ended))
        if changed.closes_at is not None:
            await panels.close_at(changed.stage_id, changed.closes_at)


async def close_scoring(stage_id: StageId, panels: Panels) -> None:
    """End the scoring of a stage and say what it has; called when it wakes. A date that was moved wakes it again."""
    closes_at = await panels.close_scoring(stage_id)
    if closes_at is not None:
        present = await panels.present(stage_id)
        await panels.publish(ScoringClosed(stage_id, closes_at, tuple(sorted(present.items()))))


async def close_stage(stage_id: StageId, panels: Panels) -> None:
    """Take no more scores for a stage that was decided; raise `AwaitedError` where its opening has not arrived yet."""
    stage = await panels.stage(stage_id, locked=True)
    if stage is None or stage.state is StageState.PLANNED:
        message = f"stage {stage_id} was decided; its StageOpened has not arrived yet"
        raise AwaitedError(message)
    await panels.keep_stage(replace(stage, state=StageState.DECIDED))


async def seat_panel(panel: Panel, panels: Panels) -> None:
    """Seat the assessors of a source. Raises `RuleBrokenError`."""
    _, source = await _held(panel.stage_id, panel.source_id, panels, SourceKind.SHEETS, SourceKind.COMPARISONS)
    check_panel(panel, source, await panels.seated(panel.stage_id, panel.source_id))
    panel = replace(panel, assessor_ids=tuple(sorted(panel.assessor_ids)))
    await panels.add_panel(panel)
    await panels.publish(panel)


async def submit_sheet(
    stage_id: StageId,
    source_id: SourceId,
    assessor_id: AssessorId,
    rows: Sequence[Row],
    panels: Panels,
    *,
    provenance: Provenance,
) -> Sheet:
    """Take one assessor's sheet, whole and for good. Raises `RuleBrokenError`."""
    stage, source = await _held(stage_id, source_id, panels, SourceKind.SHEETS)
    require_seat(assessor_id, await panels.seated(stage_id, source_id), await panels.submitted(stage_id, source_id))
    scores = read_rows(rows, source, stage.team_ids)
    require_whole(scores, source, stage.team_ids)
    sheet = Sheet(stage_id, source_id, assessor_id, scores, provenance)
    await panels.add_sheet(sheet)
    await panels.publish(sheet)
    return sheet


async def record_measurements(
    stage_id: StageId,
    source_id: SourceId,
    rows: Sequence[Row],
    origin: str,
    panels: Panels,
    *,
    provenance: Provenance,
    pipeline: str | None = None,
) -> None:
    """Record measured values, each once; a `pipeline` only where the rule set names it. Raises `RuleBrokenError`."""
    stage, source = await _held(stage_id, source_id, panels, SourceKind.MEASUREMENT)
    if pipeline is not None:
        require_provider(pipeline, source)
    require_text("origin", origin)
    scores = read_rows(rows, source, stage.team_ids)
    require_new(scores, await panels.recorded(stage_id, source_id))
    measurements = Measurements(stage_id, source_id, scores, provenance, origin)
    await panels.add_measurements(measurements)
    await panels.publish(measurements)


async def submit_comparison(given: Comparison, panels: Panels) -> None:
    """Take which of two teams an assessor prefers on an item, once and for good. Raises `RuleBrokenError`."""
    stage, source = await _held(given.stage_id, given.source_id, panels, SourceKind.COMPARISONS)
    check_comparison(given, stage, source, await panels.seated(given.stage_id, given.source_id))
    if not await panels.add_comparison(given):
        raise already_submitted(given)
    await panels.publish(given)


async def stage_completeness(stage_id: StageId, panels: Panels) -> tuple[Completeness, ...]:
    """Return how complete a stage is; raise `NotFoundError` for one that is unknown."""
    stage = await panels.stage(stage_id)
    if stage is None:
        raise NotFoundError("stage_id", stage_id)
    return completeness(stage, await panels.present(stage_id))


async def _held(stage_id: StageId, source_id: SourceId, panels: Panels, *kinds: SourceKind) -> tuple[Stage, Source]:
    """Return an open stage and its source, both held until the transaction ends."""
    stage = await panels.stage(stage_id, locked=True)
    source = open_source(stage_id, stage, source_id, *kinds)
    assert stage is not None
    require_in_time(stage, panels.now)
    await panels.hold_source(stage_id, source_id)
    return stage, source
