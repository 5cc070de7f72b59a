"""When the head is signed."""

from __future__ import annotations

from notary.domain.cadence import PATIENCE, LogState, head_is_due


def due(tree: int, signed: int, pending: int, waited: float) -> bool:
    return head_is_due(LogState(tree, signed, pending), waited_seconds=waited, interval_seconds=2.0)


def test_a_log_that_did_not_grow_is_not_signed_again() -> None:
    assert not due(5, 5, 0, 100)


def test_a_grown_log_is_signed_after_the_interval_and_not_before() -> None:
    assert not due(6, 5, 0, 1.9)
    assert due(6, 5, 0, 2.0)


def test_signing_waits_for_pending_entries_but_not_for_ever() -> None:
    assert not due(6, 5, 1, 2.0)
    assert due(6, 5, 1, 2.0 * PATIENCE)
