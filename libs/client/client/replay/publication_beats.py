"""The beats of publications that no rule set planned; the planned ones are made by the platform itself."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from dokpamo.selection.v1 import disclosure_pb2 as disclosure

from client.replay.score import Beat, request_id
from client.session import Caller

if TYPE_CHECKING:
    from collections.abc import Iterator

    from client.replay.programme import Programme, PublicationPlan
    from client.session import Session

_STAFF = Caller.staff()


class PublicationBeats:
    """What staff publish of a programme, over a session."""

    def __init__(self, programme: Programme, session: Session) -> None:
        self._programme = programme
        self._session = session

    def in_order(self) -> Iterator[Beat]:
        """Each publication at its instant."""
        for plan in self._programme.publications:
            yield Beat(plan.entry.at, f"publication {plan.entry.policy}", partial(self._publish, plan))

    async def _publish(self, plan: PublicationPlan) -> None:
        entry = plan.entry
        request = disclosure.PublishResultsRequest(
            request_id=request_id("publication", entry.stage_id, entry.policy),
            stage_id=entry.stage_id,
            policy_document=plan.document,
            accept_leaks=entry.accept_leaks,
            accept_reason=entry.accept_reason,
        )
        await self._session.call(_STAFF, "selection", "PublishResults", request)
