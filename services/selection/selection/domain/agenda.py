"""What a stage's state asks for: who must act, when it goes on by itself, when it is overdue, and what it waits for.

Source: design page "Selection and notary", "Stages and gates": each state has a deadline, an owner and a reason
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, assert_never

from selection.domain.stage import StageState
from selection.domain.trigger import missing
from selection.domain.waits import Wait, WaitCode, wait

if TYPE_CHECKING:
    from datetime import datetime

    from selection.domain.stage import Stage

DECISION_GRACE: Final = timedelta(days=3)
"""How long a stage may stay undecided after its date before people are told."""

FINAL_GRACE: Final = timedelta(days=1)
"""How long after the objection window a decision may stay provisional before people are told."""

HELD_GRACE: Final = timedelta(days=60)
"""The same where objections or cases hold it, each of which has deadlines of its own."""

# What these codes name comes by itself from evaluation; everything else needs a person.
_ON_THE_WAY: Final = frozenset({WaitCode.SCORING_NOT_CLOSED, WaitCode.SCORES_UNDERWAY})

_FROM_OUTSIDE: Final = frozenset({WaitCode.TRIGGER_MISSING})


@dataclass(frozen=True, slots=True)
class Agenda:
    """`wake_at` is `None` where something that comes wakes the stage; all is empty once it is final or cancelled."""

    owner: str
    wake_at: datetime | None
    deadline: datetime | None
    waits: tuple[Wait, ...]


def trigger_waits(stage: Stage) -> tuple[Wait, ...]:
    """Return the events from outside that a planned stage still waits for."""
    return tuple(
        wait(WaitCode.TRIGGER_MISSING, trigger=each.id, pipeline=each.pipeline) for each in missing(stage.triggers)
    )


def agenda(stage: Stage) -> Agenda:
    """Return what `stage` asks for. Instants are UTC."""
    match stage.state:
        case StageState.PLANNED:
            if stage.waits:
                owner = "pipeline" if all(each.code in _FROM_OUTSIDE for each in stage.waits) else "staff"
                return Agenda(owner, None, stage.closes_at, stage.waits)
            waits = (wait(WaitCode.OPENING, opens_at=stage.opens_at), *trigger_waits(stage))
            return Agenda("selection", stage.opens_at, stage.closes_at, waits)
        case StageState.COLLECTING:
            waits = stage.waits or (wait(WaitCode.SCORING, closes_at=stage.closes_at, decides_at=stage.decides_at),)
            comes = all(each.code in _ON_THE_WAY for each in stage.waits)
            wake_at = None if stage.waits else stage.decides_at
            return Agenda("evaluation" if comes else "staff", wake_at, stage.decides_at + DECISION_GRACE, waits)
        case StageState.OBJECTION:
            final_at = stage.final_at or stage.decides_at
            if stage.waits:
                return Agenda("staff", None, final_at + HELD_GRACE, stage.waits)
            return Agenda("selection", final_at, final_at + FINAL_GRACE, (wait(WaitCode.OBJECTIONS, until=final_at),))
        case StageState.FINAL | StageState.CANCELLED:
            return Agenda("", None, None, ())
        case _:
            assert_never(stage.state)
