"""Every event becomes an entry once, and its id stands for one content for ever."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from dokpamo.evaluation.v1.events_pb2 import PanelSeated
from dokpamo.selection.v1.events_pb2 import GateVerdictRecorded
from notary.domain.admission import EventRewrittenError, require_same_event
from notary.domain.sealing import Recorded, Secret, sealed
from verify.sealing import SealClass

from tests.builders.public_record import LogBuilder

if TYPE_CHECKING:
    from notary.domain.sealing import Arrived

LOG = LogBuilder()
LOG.add(GateVerdictRecorded(stage_id="trial", team_id="alpha", gate="originality", passed=True, reason="own"))
LOG.add(PanelSeated(stage_id="trial", source_id="panel", assessor_ids=["kim", "lee"]))
VERDICT, SEATED = LOG.arrived
KNOWN, PANEL = LOG.recorded


def again(arrived: Arrived, **changes: Any) -> Recorded:
    """The same event once more, sealed with other salts."""
    return sealed(replace(arrived, **changes), lambda: b"s" * 32)


def without(recorded: Recorded, *paths: str) -> Recorded:
    """An entry of which openings were erased."""
    return replace(recorded, openings={p: o for p, o in recorded.openings.items() if p not in paths})


def test_an_event_that_a_killed_relay_sends_again_is_the_same_event_although_its_salts_are_others() -> None:
    moved = again(VERDICT, place={"key": "key", "partition": 2, "offset": 99})
    assert moved.entry.sealed != KNOWN.entry.sealed
    require_same_event(moved, KNOWN)


@pytest.mark.parametrize(
    "change",
    [
        {"payload": {"stage_id": "trial", "team_id": "beta", "gate": "originality"}},
        {"type": "x"},
        {"place": {"key": "x", "partition": 0, "offset": 0}},
        {"actor": "x"},
        {"source": "x"},
        {"topic": "x"},
        {"secrets": {**VERDICT.secrets, "/payload/passed": Secret(None, SealClass.BLIND)}},
        {"secrets": {**VERDICT.secrets, "/payload/reason": Secret("other", SealClass.BLIND)}},
    ],
)
def test_an_event_id_with_another_content_is_refused_also_where_it_is_sealed(change: dict[str, object]) -> None:
    with pytest.raises(EventRewrittenError) as refused:
        require_same_event(again(VERDICT, **change), KNOWN)
    assert refused.value.event_id == KNOWN.entry.event_id


def test_what_was_erased_cannot_be_compared_and_the_rest_is() -> None:
    erased = without(PANEL, "/payload/assessor_ids/0")
    require_same_event(again(SEATED), erased)
    lee = {**SEATED.secrets, "/payload/assessor_ids/1": Secret("park", SealClass.BLIND_PERSONAL)}
    with pytest.raises(EventRewrittenError):
        require_same_event(again(SEATED, secrets=lee), erased)
    fewer = {path: secret for path, secret in SEATED.secrets.items() if not path.endswith("/1")}
    with pytest.raises(EventRewrittenError):
        require_same_event(again(SEATED, secrets=fewer), erased)


def test_a_field_that_a_later_contract_seals_is_the_same_open_and_sealed() -> None:
    """An event recorded before an update may arrive again after it."""
    before = replace(VERDICT, payload={**(VERDICT.payload or {}), "passed": True, "reason": "own"}, secrets={})
    require_same_event(again(VERDICT), again(before))
    with pytest.raises(EventRewrittenError):
        require_same_event(again(VERDICT), again(before, payload={**(before.payload or {}), "reason": "no"}))
