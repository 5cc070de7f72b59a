"""Every event becomes an entry once, and its id stands for one content for ever."""

from __future__ import annotations

from dataclasses import replace

import pytest
from notary.domain.admission import EventRewrittenError, require_same_event
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
