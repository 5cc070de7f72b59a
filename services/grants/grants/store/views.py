"""What is read only, in PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.errors import FieldInvalidError

from grants.domain.ledger import Account, TeamId, Unit
from grants.store.rows import ENTITLEMENT_COLUMNS, TRANSACTION_COLUMNS, entitlement_of, posted_of

if TYPE_CHECKING:
    from common.database import Transaction

    from grants.domain.entitlement import Entitlement
    from grants.domain.ledger import PostedTransaction


class GrantsViews:
    """Pages of entitlements and transactions, and balances; never locked."""

    def __init__(self, tx: Transaction) -> None:
        """Read in `tx`."""
        self._tx = tx

    async def page_of_entitlements(self, team: str, after: str, limit: int) -> tuple[list[Entitlement], str]:
        """Up to `limit` entitlements of `team` (empty: all) after the one with id `after`, by team, kind and start.

        And the id after which the next page begins, empty where there is none. Raises `FieldInvalidError` where no
        entitlement has the id `after`.
        """
        if after and not await self._tx.fetchval("SELECT true FROM entitlement WHERE id = $1", after):
            raise FieldInvalidError("page_token", after, "must be the next_page_token of the page before")
        rows = await self._tx.fetch(
            f"""SELECT {ENTITLEMENT_COLUMNS} FROM entitlement
            WHERE ($1 = '' OR team_id = $1) AND ($2 = '' OR (team_id, kind, valid_from, id)
                > (SELECT team_id, kind, valid_from, id FROM entitlement WHERE id = $2))
            ORDER BY team_id, kind, valid_from, id LIMIT $3""",
            team,
            after,
            limit + 1,
        )
        return [entitlement_of(row) for row in rows[:limit]], rows[limit - 1]["id"] if len(rows) > limit else ""

    async def balances(self, team: TeamId) -> list[tuple[Account, Unit, int]]:
        """Balances of a team's accounts, by account and unit."""
        rows = await self._tx.fetch(
            "SELECT name, unit, balance FROM account WHERE starts_with(name, $1) ORDER BY name, unit", f"{team}:"
        )
        return [(Account(row["name"]), Unit(row["unit"]), row["balance"]) for row in rows]

    async def page_of_transactions(
        self, team: str, after: int, limit: int
    ) -> tuple[list[PostedTransaction], int | None]:
        """Up to `limit` transactions of `team` (all where empty) after a position, and where the next page begins."""
        rows = await self._tx.fetch(
            f"""SELECT {TRANSACTION_COLUMNS} FROM ledger_transaction t
            WHERE ($1 = '' OR t.team_id = $1) AND t.position > $2 ORDER BY t.position LIMIT $3""",
            team,
            after,
            limit + 1,
        )
        return [posted_of(row) for row in rows[:limit]], rows[limit - 1]["position"] if len(rows) > limit else None
