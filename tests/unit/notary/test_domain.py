"""The notary's rules."""

from __future__ import annotations

from dataclasses import replace

import pytest
from notary.domain.admission import EventRewrittenError, require_same_event
from notary.domain.cadence import PATIENCE, LogState, head_is_due
from notary.domain.extent import NotLoggedError, extent, require_leaf, require_order
from verify.entry import decode

from tests.builders.public_record import small_record

ENTRY = decode(next(iter(small_record().entries)))


def test_an_event_that_a_killed_relay_sends_again_is_the_same_event() -> None:
    require_same_event(replace(ENTRY, partition=2, offset=99), ENTRY)


@pytest.mark.parametrize("change", [{"payload": b"x"}, {"type": "x"}, {"key": "x"}, {"actor": "x"}, {"source": "x"}])
def test_an_event_id_with_another_content_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(EventRewrittenError) as refused:
        require_same_event(replace(ENTRY, **change), ENTRY)  # type: ignore[arg-type] # each is a field of its type
    assert refused.value.event_id == ENTRY.event_id


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


def test_no_size_means_that_of_the_newest_head() -> None:
    assert extent("tree_size", 0, grown=9, signed=7) == 7
    assert extent("tree_size", 9, grown=9, signed=7) == 9


def test_what_the_log_does_not_have_is_refused() -> None:
    for refused in (
        lambda: extent("tree_size", 0, grown=9, signed=None),
        lambda: extent("tree_size", 10, grown=9, signed=7),
        lambda: require_leaf(7, 7),
        lambda: require_order(0, 5),
        lambda: require_order(6, 5),
    ):
        with pytest.raises(NotLoggedError):
            refused()
