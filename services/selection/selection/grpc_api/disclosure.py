"""dokpamo.selection.v1.DisclosureService."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Protocol

from common.instants import stamp
from common.paging import page_size, position, token
from dokpamo.selection.v1 import disclosure_pb2 as pb

from selection import handlers, wire
from selection.domain.disclosure import Acceptance, asked_viewer
from selection.domain.disclosure_refusal import InstantFutureError
from selection.domain.refusal import StageUnknownError
from selection.grpc_api.disclosed import viewer_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from common.database import Transaction
    from common.grpc import Call

    from selection.domain.disclosure import Publication, Shown, Viewer


class Publications(handlers.PublicationRecords, Protocol):
    """What the RPCs of disclosure need beside the use cases."""

    async def page(self, stage_id: str, after: int, limit: int) -> tuple[list[tuple[Publication, bytes]], int | None]:
        """Up to `limit` publications after a position with the public's views, and where the next page begins."""

    async def public_view(self, publication_id: str) -> bytes:
        """What the public was shown by a publication."""

    async def shown(
        self, stage_id: str, viewer: Viewer, as_of: datetime, decision_sha256: str | None = None
    ) -> list[tuple[Publication, Shown]]:
        """What an audience was shown of a stage up to an instant, in order."""

    async def first_release(self, stage_id: str) -> datetime | None:
        """When a decision of the stage was first opened to everybody."""

    async def released(self, stage_id: str, decision_sha256: str) -> datetime | None:
        """Since when everything about a decision is open to everybody; `None` while it is not."""

    async def sat(self, stage_id: str, person: str) -> bool:
        """Whether somebody scored or judged in a stage."""

    async def knows(self, stage_id: str) -> bool:
        """Whether there is such a stage."""


class DisclosureApi:
    """One method for each RPC of the contract."""

    def __init__(self, publications: Callable[[Transaction], Publications]) -> None:
        """Work on what `publications` opens."""
        self._publications = publications

    async def PublishResults(self, request: pb.PublishResultsRequest, call: Call) -> pb.PublishResultsResponse:
        """Publish the results of a stage."""
        store = self._publications(call.tx)
        await _require_stage(request.stage_id, store)
        given = Acceptance(tuple(request.accept_leaks), request.accept_reason)
        made = await handlers.publish_results(
            request.stage_id, request.policy_id, request.policy_document, given, store
        )
        return pb.PublishResultsResponse(publication=wire.publication_message(made, await store.public_view(made.id)))

    async def PreviewPublication(
        self, request: pb.PreviewPublicationRequest, call: Call
    ) -> pb.PreviewPublicationResponse:
        """What would be published, and what could be found out."""
        store = self._publications(call.tx)
        await _require_stage(request.stage_id, store)
        policy, views, leaks, limits = await handlers.preview_publication(
            request.stage_id, request.policy_id, request.policy_document, store
        )
        return pb.PreviewPublicationResponse(
            views=[wire.shown_message(shown, policy) for shown in views],
            leaks=[wire.leak_message(leak) for leak in leaks],
            limits=[limit.name for limit in limits],
        )

    async def ListPublications(self, request: pb.ListPublicationsRequest, call: Call) -> pb.ListPublicationsResponse:
        """Publications in order."""
        size = page_size(request.page_size)
        found, following = await self._publications(call.tx).page(request.stage_id, position(request.page_token), size)
        return pb.ListPublicationsResponse(
            publications=[wire.publication_message(made, view) for made, view in found],
            next_page_token=token(following),
        )

    async def GetView(self, request: pb.GetViewRequest, call: Call) -> pb.GetViewResponse:
        """What an audience was shown up to an instant."""
        store = self._publications(call.tx)
        await _require_stage(request.stage_id, store)
        own = await viewer_in(request.stage_id, store, call)
        viewer = asked_viewer(own, request.audience, request.team_id)
        as_of = request.as_of.ToDatetime(UTC) if request.HasField("as_of") else store.now
        if as_of > store.now:
            raise InstantFutureError("as_of", as_of.isoformat(), f"must not be after {store.now.isoformat()}")
        released = await store.first_release(request.stage_id)
        return pb.GetViewResponse(
            audience=viewer.audience,
            team_id=viewer.team,
            as_of=stamp(as_of),
            views=[
                wire.shown_message(shown, made.policy, made)
                for made, shown in await store.shown(request.stage_id, viewer, as_of)
            ],
            released=released is not None and released <= as_of,
        )


async def _require_stage(stage_id: str, store: Publications) -> None:
    if not await store.knows(stage_id):
        raise StageUnknownError("stage_id", stage_id, "must be a planned stage")
