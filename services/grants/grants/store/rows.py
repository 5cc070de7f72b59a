"""Rows of the tables as what grants means by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from grants.domain.entitlement import Entitlement, EntitlementState, SupportKind
from grants.domain.ledger import Account, PostedTransaction, Posting, TeamId, Transaction, TransactionKind, Unit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asyncpg import Record

ENTITLEMENT_COLUMNS: Final = (
    "id, team_id, kind, amount, valid_from, valid_to, stage_id, decision_sha256, granted_at, state, lost_in, version,"
    " restores"
)
TRANSACTION_COLUMNS: Final = """t.position, t.kind, t.unit, t.team_id, t.cause_id, t.entitlement_id, t.posted_at,
    (SELECT jsonb_agg(jsonb_build_array(p.account, p.amount) ORDER BY p.amount, p.account)
     FROM posting p WHERE p.transaction_id = t.id) AS postings"""


def entitlement_of(row: Record) -> Entitlement:
    """The entitlement of a row."""
    return Entitlement(
        team=TeamId(row["team_id"]),
        kind=SupportKind(row["kind"]),
        amount=row["amount"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        stage=row["stage_id"],
        decision_sha256=row["decision_sha256"],
        granted_at=row["granted_at"],
        state=EntitlementState(row["state"]),
        lost_in=row["lost_in"],
        version=row["version"],
        restores=row["restores"],
    )


def posted_of(row: Record) -> PostedTransaction:
    """The transaction of a row with its postings."""
    transaction = Transaction(
        kind=TransactionKind(row["kind"]),
        unit=Unit(row["unit"]),
        team=TeamId(row["team_id"]),
        cause=row["cause_id"],
        entitlement=row["entitlement_id"],
        postings=tuple(Posting(Account(account), amount) for account, amount in row["postings"]),
    )
    return PostedTransaction(transaction, row["posted_at"])


def balances_of(rows: Iterable[Record]) -> dict[tuple[Account, Unit], int]:
    """Balances by account and unit."""
    return {(Account(row["name"]), Unit(row["unit"])): row["balance"] for row in rows}
