"""How an objection is filed, and a case opened: by whom, against what, until when.

Source: design page "Selection and notary", "The stage-gate pipeline": objection window (10 days, KST end);
release of 2026-01-15: objections within 10 days
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rules import Provenance

from selection.domain.objection_grounds import Kind, ground_of
from selection.domain.objection_proceeding import Proceeding, State, due_after, require_text, utc_text
from selection.domain.objection_refusal import (
    AllegerUnknownError,
    ObjectionRepeatedError,
    ObjectionWaivedError,
    WindowClosedError,
)
from selection.domain.refusal import TeamUnknownError, VersionUnknownError
from selection.domain.stage import StageState, require_decided

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from selection.domain.stage import Stage

LONGEST_STATEMENT: Final = 20_000


def file_objection(
    stage: Stage,
    zone: str,
    number: int,
    *,
    team: str,
    version: int,
    ground: str,
    statement: str,
    actor: str,
    now: datetime,
    waived: Collection[str],
    others: Iterable[Proceeding],
    provenance: Provenance = Provenance.RECORDED,
) -> Proceeding:
    """Return an objection of `team` to the decision that counts; `others` are the stage's proceedings.

    The last instant of the window is not in it, as the decision is final then. Raises the refusal of the first rule
    that it breaks.
    """
    ground_of(Kind.OBJECTION, ground)
    require_decided(stage)
    if team not in stage.entrants:
        raise TeamUnknownError("team_id", team, f"must have entered {stage.id}")
    if stage.final_at is not None and (now >= stage.final_at or stage.state is StageState.FINAL):
        raise WindowClosedError(stage.id, utc_text(stage.final_at))
    if version != stage.decision_version:
        raise VersionUnknownError("decision_version", version, f"must be the one that counts, {stage.decision_version}")
    if team in waived:
        raise ObjectionWaivedError("team_id", team, f"waived its objections to version {version}")
    same = (Kind.OBJECTION, team, version, ground)
    if any((each.kind, each.team, each.version, each.ground) == same and each.is_open for each in others):
        raise ObjectionRepeatedError("ground", ground, f"{team} has an open objection on it against this version")
    require_text("statement", statement, LONGEST_STATEMENT)
    return Proceeding(
        id=f"{stage.id}-objection-{number}",
        kind=Kind.OBJECTION,
        stage=stage.id,
        number=number,
        ground=ground,
        team=team,
        version=version,
        statement=statement,
        filed_by=actor,
        filed_at=now,
        due=due_after(State.FILED, now, zone),
        provenance=provenance,
    )


def open_case(
    stage: Stage,
    zone: str,
    number: int,
    *,
    team: str,
    ground: str,
    statement: str,
    actor: str,
    now: datetime,
    assessor: str,
    known: Collection[str],
    provenance: Provenance = Provenance.RECORDED,
) -> Proceeding:
    """Return a case about `team`, opened by staff or by an `assessor` (empty for staff) whom the stage knows."""
    ground_of(Kind.CASE, ground)
    if stage.state is StageState.PLANNED:
        raise TeamUnknownError("team_id", team, f"{stage.id} has not opened: nobody has entered")
    if team not in stage.entrants:
        raise TeamUnknownError("team_id", team, f"must have entered {stage.id}")
    if assessor and assessor not in known:
        raise AllegerUnknownError("alleged_by", assessor, f"must have scored in {stage.id}, or judge a gate of it")
    require_text("statement", statement, LONGEST_STATEMENT)
    return Proceeding(
        id=f"{stage.id}-case-{number}",
        kind=Kind.CASE,
        stage=stage.id,
        number=number,
        ground=ground,
        team=team,
        version=stage.decision_version,
        statement=statement,
        filed_by=assessor or actor,
        filed_at=now,
        due=due_after(State.FILED, now, zone),
        provenance=provenance,
    )
