"""Whether a ledger balances, in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grants.domain.ledger import Account, Unit, is_pool

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class LedgerFigures:
    """What a check looks at: sums that were added up from the postings, beside the balances that are kept.

    `sums` maps (account, unit) to the sum of its postings, `kept` to the balance in use, `unbalanced` a transaction's
    id to the sum of its postings where that is not zero or there are fewer than two.
    """

    transactions: int
    sums: Mapping[tuple[Account, Unit], int]
    kept: Mapping[tuple[Account, Unit], int]
    unbalanced: Mapping[str, int]


def findings(figures: LedgerFigures) -> list[str]:
    """Return each breach in words, sorted; none means that the ledger balances."""
    found = [f"transaction {name} sums to {total}" for name, total in figures.unbalanced.items()]
    totals: Counter[Unit] = Counter()
    for (account, unit), total in figures.sums.items():
        totals[unit] += total
        if total < 0 and not is_pool(account):
            found.append(f"{account} is below zero: {total} {unit.value}")
    found += [f"all postings in {unit.value} sum to {total}" for unit, total in totals.items() if total]
    for account, unit in {*figures.sums, *figures.kept}:
        total, kept = figures.sums.get((account, unit), 0), figures.kept.get((account, unit), 0)
        if total != kept:
            found.append(f"{account} is kept as {kept} {unit.value}, its postings sum to {total}")
    return sorted(found)
