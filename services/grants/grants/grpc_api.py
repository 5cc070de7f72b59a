"""dokpamo.grants.v1.GrantsService: only reads, for only final decisions and jobs change the books."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from common.paging import page_size, position, token
from dokpamo.grants.v1 import service_pb2 as pb

from grants import handlers, wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.database import Transaction
    from common.grpc import Call

    from grants.domain.entitlement import Entitlement
    from grants.domain.ledger import Account, PostedTransaction, TeamId, Unit


class Views(Protocol):
    """What the reading RPCs need."""

    async def page_of_entitlements(self, team: str, after: str, limit: int) -> tuple[list[Entitlement], str]:
        """Up to `limit` entitlements of `team` (empty: all) after the one with id `after`, by team, kind and start.

        And the id after which the next page begins, empty where there is none.
        """

    async def balances(self, team: TeamId) -> list[tuple[Account, Unit, int]]:
        """Balances of a team's accounts, by account and unit."""

    async def page_of_transactions(
        self, team: str, after: int, limit: int
    ) -> tuple[list[PostedTransaction], int | None]:
        """Up to `limit` transactions of `team` (all where empty) after a position, and where the next page begins."""


class GrantsApi:
    """One method for each RPC of the contract."""

    def __init__(self, books: Callable[[Transaction], handlers.Books], views: Callable[[Transaction], Views]) -> None:
        """Check what `books` opens, read from what `views` opens."""
        self._books = books
        self._views = views

    async def ListEntitlements(self, request: pb.ListEntitlementsRequest, call: Call) -> pb.ListEntitlementsResponse:
        """Entitlements, by team, kind and start."""
        size = page_size(request.page_size)
        views = self._views(call.tx)
        found, following = await views.page_of_entitlements(request.team_id, request.page_token, size)
        return pb.ListEntitlementsResponse(
            entitlements=[wire.entitlement_message(each) for each in found], next_page_token=following
        )

    async def GetBalances(self, request: pb.GetBalancesRequest, call: Call) -> pb.GetBalancesResponse:
        """Balances of a team's accounts."""
        found = await self._views(call.tx).balances(wire.team_of("team_id", request.team_id))
        return pb.GetBalancesResponse(
            balances=[pb.Balance(account=account, unit=unit.value, amount=amount) for account, unit, amount in found]
        )

    async def ListTransactions(self, request: pb.ListTransactionsRequest, call: Call) -> pb.ListTransactionsResponse:
        """Ledger transactions in order of posting."""
        size = page_size(request.page_size)
        views = self._views(call.tx)
        found, following = await views.page_of_transactions(request.team_id, position(request.page_token), size)
        return pb.ListTransactionsResponse(
            transactions=[wire.transaction_message(each) for each in found],
            next_page_token=token(following),
        )

    async def CheckLedger(self, request: pb.CheckLedgerRequest, call: Call) -> pb.CheckLedgerResponse:  # noqa: ARG002 - it asks nothing
        """Whether the whole ledger balances, and its size."""
        transactions, found = await handlers.check(self._books(call.tx))
        return pb.CheckLedgerResponse(balanced=not found, transactions=transactions, findings=found)
