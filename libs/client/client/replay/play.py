"""Play a programme's beats: move the clock to each, settle, make its calls, settle again at the end."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from dokpamo.notary.v1 import service_pb2 as notary
from dokpamo.selection.v1 import service_pb2 as selection

from client.replay.beats import Beats
from client.session import Caller

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from client.replay.clockwork import Clockwork
    from client.replay.programme import Programme
    from client.session import Session

_VIEWER = Caller.staff("replay")
# Beyond the last beat: objection windows close and the last decision becomes final.
_EPILOGUE = timedelta(days=1)


class StackInUseError(Exception):
    """The stack has recorded events and no replay has begun: a replay would move live data back in time."""

    def __init__(self, entries: int) -> None:
        super().__init__(
            f"the log holds {entries} entries and the clock follows the system clock: "
            "a replay needs a stack of its own (`dokpamo reset` makes this one empty)"
        )
        self.entries = entries


async def finished(programme: Programme, session: Session, clockwork: Clockwork) -> bool:
    """Whether the replay has already been played to its end."""
    now = clockwork.now()
    if now is None or now < end_of(programme):
        return False
    answer = await session.call(_VIEWER, "selection", "ListStages", selection.ListStagesRequest(page_size=500))
    final = {stage.stage_id for stage in answer.stages if stage.state == "final"}
    return all(stage.stage_id in final for stage in programme.stages)


async def play(
    programme: Programme, session: Session, clockwork: Clockwork, progress: Callable[[int, int, datetime, str], None]
) -> None:
    """Play all beats; one that was played before changes nothing. ``progress`` gets done, all, instant and what.

    Raises StackInUseError on a stack with live data, UnsettledError where a service does not settle, and Refused
    where a call is refused.
    """
    if clockwork.now() is None:
        head = await session.call(_VIEWER, "notary", "GetHead", notary.GetHeadRequest())
        if head.tree_size:
            raise StackInUseError(head.tree_size)
    beats = Beats(programme, session).in_order()
    for number, beat in enumerate(beats):
        progress(number, len(beats), beat.at, beat.what)
        await clockwork.advance_to(beat.at)
        await beat.play()
    progress(len(beats), len(beats), end_of(programme), "the end")
    await clockwork.advance_to(end_of(programme))


def end_of(programme: Programme) -> datetime:
    """The instant at which the replay stops."""
    return programme.last_instant() + _EPILOGUE
