"""Who may not sit in the panel of a proceeding, as far as selection knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules import Score

from selection.domain.objection_panel import barred, originals

if TYPE_CHECKING:
    from selection.domain.objection_panel import Barred, Originals
    from selection.domain.objection_proceeding import Proceeding
    from selection.domain.stage import Stage
    from selection.handlers.records import Records


async def known_people(stage: Stage, records: Records) -> Originals:
    """Return who scored, measured or judged in a stage, also where a later version of its decision reads it."""
    evidence = await records.evidence(stage, "")
    later = await records.corrections(stage.id)
    scores = [
        Score(change.source, change.assessor, change.team, change.criterion, change.value, change.provenance)
        for corrections in later
        for change in corrections.scores
        if change.assessor and change.value is not None
    ]
    verdicts = [verdict for corrections in later for verdict in corrections.verdicts]
    return originals(
        [*evidence.scores, *evidence.comparisons, *scores],
        evidence.measurements,
        [*evidence.verdicts, *verdicts],
        evidence.bench,
        await records.original_assessors(stage.id),
    )


async def bars_of(found: Proceeding, stage: Stage, records: Records) -> Barred:
    """Return who may not sit in the panel of a proceeding."""
    return barred(found, await known_people(stage, records), await records.team_people(stage.id))
