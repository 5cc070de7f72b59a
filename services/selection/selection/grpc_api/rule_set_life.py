"""dokpamo.selection.v1.RuleSetLifeService."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from common.paging import page_size
from dokpamo.selection.v1 import rule_set_life_pb2 as pb

from selection import handlers, wire
from selection.domain.refusal import DraftUnknownError, StageUnknownError
from selection.grpc_api.opening import ReadingApi

if TYPE_CHECKING:
    from datetime import datetime

    from common.grpc import Call

    from selection.domain.change import Change
    from selection.domain.rule_set import Draft
    from selection.domain.stage import Stage

_STAFF = "staff"


class Views(Protocol):
    """What the reading RPCs need."""

    async def draft(self, draft_id: str) -> Draft | None:
        """A draft; `None` where none has this id."""

    async def drafts(self, after: str, limit: int) -> tuple[list[Draft], str]:
        """Up to `limit` drafts after an id, by id, and where the next page begins; "" on the last."""

    async def changes(self, stage_id: str) -> list[Change]:
        """The changes of a stage's rule set, oldest first."""

    async def stage(self, stage_id: str, as_of: datetime | None = None) -> tuple[int, Stage] | None:
        """A stage with its place in the order of planning; `None` where there is none."""


class RuleSetLifeApi(ReadingApi[Views]):
    """One method for each RPC of the contract."""

    async def SaveDraft(self, request: pb.SaveDraftRequest, call: Call) -> pb.SaveDraftResponse:
        """Keep a draft."""
        draft = await handlers.save_draft(request.draft_id, request.document, self._records(call.tx))
        return pb.SaveDraftResponse(draft=wire.draft_message(draft))

    async def GetDraft(self, request: pb.GetDraftRequest, call: Call) -> pb.GetDraftResponse:
        """One draft."""
        draft = await self._views(call.tx).draft(request.draft_id)
        if draft is None:
            raise DraftUnknownError("draft_id", request.draft_id, "must be a draft")
        return pb.GetDraftResponse(draft=wire.draft_message(draft))

    async def ListDrafts(self, request: pb.ListDraftsRequest, call: Call) -> pb.ListDraftsResponse:
        """Drafts by id, without documents."""
        found, following = await self._views(call.tx).drafts(request.page_token, page_size(request.page_size))
        return pb.ListDraftsResponse(
            drafts=[wire.draft_message(draft, with_document=False) for draft in found], next_page_token=following
        )

    async def DiscardDraft(self, request: pb.DiscardDraftRequest, call: Call) -> pb.DiscardDraftResponse:
        """Throw a draft away."""
        await handlers.discard_draft(request.draft_id, self._records(call.tx))
        return pb.DiscardDraftResponse()

    async def ProposeRuleSetChange(
        self, request: pb.ProposeRuleSetChangeRequest, call: Call
    ) -> pb.ProposeRuleSetChangeResponse:
        """Propose that a newer version governs a stage."""
        change = await handlers.propose_change(
            request.stage_id, request.rule_set_sha256, request.reason, self._records(call.tx)
        )
        return pb.ProposeRuleSetChangeResponse(change=wire.change_message(change))

    async def RecordConsent(self, request: pb.RecordConsentRequest, call: Call) -> pb.RecordConsentResponse:
        """Record what a team says to a change."""
        change = await handlers.record_consent(
            request.change_id,
            request.team_id,
            request.agreed,
            tuple(request.evidence),
            self._records(call.tx),
            # Somebody who is both speaks as staff, and so with evidence.
            by_team=_STAFF not in call.actor.roles,
        )
        return pb.RecordConsentResponse(change=wire.change_message(change, whole=_STAFF in call.actor.roles))

    async def WithdrawRuleSetChange(
        self, request: pb.WithdrawRuleSetChangeRequest, call: Call
    ) -> pb.WithdrawRuleSetChangeResponse:
        """Take a pending change back."""
        change = await handlers.withdraw_change(request.change_id, request.reason, self._records(call.tx))
        return pb.WithdrawRuleSetChangeResponse(change=wire.change_message(change))

    async def ListRuleSetChanges(
        self, request: pb.ListRuleSetChangesRequest, call: Call
    ) -> pb.ListRuleSetChangesResponse:
        """The changes of a stage's rule set; persons and evidence are for staff."""
        views = self._views(call.tx)
        if await views.stage(request.stage_id) is None:
            raise StageUnknownError("stage_id", request.stage_id, "must be a planned stage")
        whole = _STAFF in call.actor.roles
        return pb.ListRuleSetChangesResponse(
            changes=[wire.change_message(change, whole=whole) for change in await views.changes(request.stage_id)]
        )

    async def RevealLatePick(self, request: pb.RevealLatePickRequest, call: Call) -> pb.RevealLatePickResponse:
        """Reveal a late pick."""
        await handlers.reveal_late_pick(
            request.stage_id, request.pick_id, request.salt, request.content, self._records(call.tx)
        )
        return pb.RevealLatePickResponse()

    async def RevealLotSeed(self, request: pb.RevealLotSeedRequest, call: Call) -> pb.RevealLotSeedResponse:
        """Reveal the seed of a lot."""
        await handlers.reveal_lot_seed(request.stage_id, request.seed, self._records(call.tx))
        found = await self._views(call.tx).stage(request.stage_id)
        assert found is not None
        return pb.RevealLotSeedResponse(stage=wire.stage_message(*found, None))
