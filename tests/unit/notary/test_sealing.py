"""What of an arriving event is sealed in its entry, and with what."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest
from dokpamo.evaluation.v1.events_pb2 import ScoreSheetSubmitted
from dokpamo.evaluation.v1.service_pb2 import ScoreRow
from notary.domain.sealing import Recorded, sealed
from verify.entry import Unopened, decode
from verify.sealing import SealClass, check_opening

from tests.builders.public_record import LogBuilder

SHEET = ScoreSheetSubmitted(
    sheet_id="trial/panel/kim", stage_id="trial", source_id="panel", assessor_id="kim",
    rows=[ScoreRow(team_id="alpha", criterion="plan", value="41.7")],
)  # fmt: skip


def recorded() -> Recorded:
    log = LogBuilder()
    log.add(SHEET)
    return log.recorded[0]


def test_neither_the_score_nor_who_gave_it_is_in_the_leaf() -> None:
    leaf = recorded().entry.encode()
    for secret in (b"kim", b"41.7", b"alpha", b"staff"):
        assert secret not in leaf
    assert b"trial" in leaf


def test_every_secret_has_a_salt_of_its_own_and_is_opened_by_it() -> None:
    one = recorded()
    assert set(one.openings) == set(one.entry.sealed)
    assert len({opening.salt for opening in one.openings.values()}) == len(one.openings)
    for path, opening in one.openings.items():
        check_opening(opening, one.entry.sealed[path], event_id=one.entry.event_id, path=path)


def test_with_all_openings_the_event_is_whole_and_without_them_nothing_is_guessed() -> None:
    one = recorded()
    payload = one.entry.opened(one.openings)["payload"]
    assert payload["rows"] == [{"team_id": "alpha", "criterion": "plan", "value": "41.7"}]
    assert payload["assessor_id"] == "kim"
    assert one.entry.opened({})["payload"]["rows"] == Unopened(one.entry.event_id, "/payload/rows")


def test_a_sealed_key_takes_partition_and_offset_with_it() -> None:
    """Kafka chooses the partition by the key: who guesses a key could see whether it fits."""
    one = recorded()
    assert "place" not in one.entry.content
    assert one.entry.sealed["/place"].seal_class is SealClass.BLIND_PERSONAL
    assert one.openings["/place"].value == {"key": "key", "offset": 0, "partition": 0}


@pytest.mark.parametrize(
    ("actor", "is_open"), [("service:selection", True), ("", True), ("kim", False), ("staff", False)]
)
def test_an_actor_is_open_where_it_is_a_service_and_sealed_where_it_is_a_person(actor: str, is_open: bool) -> None:
    log = LogBuilder()
    log.add(SHEET)
    numbers = count()
    entry = sealed(replace(log.arrived[0], actor=actor), lambda: next(numbers).to_bytes(32, "big")).entry
    assert ("actor" in entry.content) == is_open
    assert ("/actor" in entry.sealed) == (not is_open)
    assert decode(entry.encode()) == entry
