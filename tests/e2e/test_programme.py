"""The replayed programme: its outcome, its books, its log, and what it refused on the way."""

from __future__ import annotations

import json
import shutil
import urllib.request
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from client.session import Caller
from client.stack.parts import NAMES
from common.received import Received, read_any
from common.settings import PlatformSettings
from common.topics import all_topics
from dokpamo.common.v1 import platform_pb2
from dokpamo.grants.v1 import service_pb2 as grants
from dokpamo.notary.v1 import openings_pb2
from dokpamo.notary.v1 import service_pb2 as notary
from dokpamo.training.v1 import service_pb2 as training

from tests.builders.bad_input import UNDECODABLE
from tests.builders.listening import listening_of
from tests.builders.outcome import computed_outcome

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Replayed

pytestmark = pytest.mark.timeout(1200)
STAFF = Caller.staff()
PARTITIONS = PlatformSettings.model_fields["topic_partitions"].default


def test_the_outcome_is_the_published_one(replayed: Replayed) -> None:
    stages = {stage["id"]: stage for stage in replayed.outcome["stages"]}
    assert list(stages) == ["written-review", "presentation", "stage-1", "added-call", "stage-2"]
    assert [len(stage["entered"]) for stage in stages.values()] == [15, 10, 5, 2, 4]
    assert stages["stage-1"]["advanced"] == ["lg-ai-research", "sk-telecom", "upstage"]
    assert {each["team"]: (each["reason"], each.get("gate")) for each in stages["stage-1"]["eliminated"]} == {
        "nc-ai": ("rank", None),
        "naver-cloud": ("gate", "originality"),
    }
    assert stages["added-call"]["advanced"] == ["motif-technologies"]
    assert stages["stage-2"]["totals"] == {
        "sk-telecom": "70.6",
        "upstage": "69.9",
        "lg-ai-research": "69.0",
        "motif-technologies": "65.8",
    }
    assert replayed.outcome["final"] == ["sk-telecom", "upstage", "lg-ai-research"]


def test_the_services_decide_what_the_rules_alone_compute_also_where_parts_are_killed(replayed: Replayed) -> None:
    assert {"kafka", "postgres"} < set(replayed.planned_kills)
    assert replayed.kills == replayed.planned_kills
    assert replayed.outcome == computed_outcome()


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("late", "APPLICATION_LATE"),
        ("duplicate", "APPLICATION_DUPLICATE"),
        ("nan", "SCORE_NOT_A_NUMBER"),
        ("unknown team", "TEAM_UNKNOWN"),
        ("weights", "RULE_SET_INVALID"),
        ("truncated", "CHECKPOINT_FILE_TRUNCATED"),
    ],
)
def test_bad_input_is_refused_with_field_value_rule_and_code(replayed: Replayed, what: str, code: str) -> None:
    refusal = replayed.refusals[what]
    assert refusal.code == code, refusal
    assert {"field", "value", "rule"} <= refusal.facts.keys(), refusal


async def test_an_undecodable_event_is_parked_whole_and_the_programme_goes_on(replayed: Replayed) -> None:
    async with replayed.session() as session:
        parked = [item for service in replayed.addresses.services for item in await _parked(session, service)]
    assert [item.payload for item in parked if item.payload == UNDECODABLE]
    assert [item.reason for item in parked if item.payload != UNDECODABLE] == []


async def test_everything_is_settled_and_the_outboxes_are_empty(replayed: Replayed) -> None:
    async with replayed.session() as session:
        for service, settled in (await replayed.clockwork(session).settle(patience_seconds=60)).items():
            assert settled.waiting == "", service


async def test_the_ledger_balances_to_zero(replayed: Replayed) -> None:
    async with replayed.session() as session:
        state = await session.call(STAFF, "grants", "CheckLedger", grants.CheckLedgerRequest())
        assert list(state.findings) == []
        assert state.balanced
        assert state.transactions > 20


async def test_every_teams_job_really_trained_and_its_checkpoint_is_committed(replayed: Replayed) -> None:
    async with replayed.session() as session:
        jobs = (await session.call(STAFF, "training", "ListJobs", training.ListJobsRequest(page_size=500))).jobs
    assert len(jobs) == 12
    assert {training.JobState.Name(job.state) for job in jobs} == {"JOB_STATE_SUCCEEDED"}
    assert len({job.checkpoint_digest for job in jobs}) == len(jobs)
    assert all(job.gpu_seconds > 0 and float(job.loss) < 5.5 for job in jobs)


async def test_every_event_on_every_topic_is_in_the_log_exactly_once(replayed: Replayed) -> None:
    async with replayed.session() as session:
        await replayed.clockwork(session).settle(patience_seconds=60)
        entries = [(entry["event_id"], await _place(session, entry)) for entry in await _entries(session)]
    # A killed service may have said an event again: that is one event in two places, and one entry.
    said: dict[str, set[tuple[str, int, int]]] = {}
    for event in await _messages(replayed):
        said.setdefault(str(event.id), set()).add((event.topic, event.partition, event.offset))
    assert [event for event, times in Counter(event for event, _ in entries).items() if times > 1] == []
    assert {event for event, _ in entries} == said.keys()
    assert [(event, place) for event, place in entries if place not in said[event]] == []


def test_no_entry_of_the_log_names_an_assessor_and_decisions_are_opened(replayed: Replayed, tmp_path: Path) -> None:
    replayed.stack.run("export", str(tmp_path / "export"))
    opened = [
        json.loads(line)
        for file in sorted((tmp_path / "export/openings").iterdir())
        for line in file.read_bytes().splitlines()
    ]
    assessors = {each["value"] for each in opened if each["path"] == "/payload/assessor_id"}
    assert len(assessors) > 200
    assert {"/payload/rows", "/payload/passed", "/payload/decision_json"} <= {each["path"] for each in opened}
    log = b"".join(file.read_bytes() for file in (tmp_path / "export/entries").iterdir())
    assert [person for person in assessors if f'"{person}"'.encode() in log or f"/{person}".encode() in log] == []


def test_a_second_replay_changes_nothing(replayed: Replayed, tmp_path: Path) -> None:
    before = replayed.stack.clock.read()
    replayed.stack.run("replay", "--report", str(tmp_path / "again.json"))
    assert json.loads((tmp_path / "again.json").read_text()) == replayed.outcome
    assert replayed.stack.clock.read() == before


def test_the_export_verifies_and_a_changed_byte_does_not(replayed: Replayed, tmp_path: Path) -> None:
    replayed.stack.run("export", str(tmp_path / "export"))
    replayed.stack.run("verify", str(tmp_path / "export"))
    changed = tmp_path / "changed"
    shutil.copytree(tmp_path / "export", changed)
    victim = max((path for path in changed.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(data)
    with pytest.raises(AssertionError, match=victim.name):
        replayed.stack.run("verify", str(changed))


# Ray's daemons run what anybody sends them. Into PostgreSQL's processes not even the root of a container may look.
@pytest.mark.parametrize("part", [name for name in NAMES if name != "postgres"])
def test_a_part_of_the_stack_listens_on_the_loopback_only(replayed: Replayed, part: str) -> None:
    assert listening_of(replayed.addresses.id, part) == {"127.0.0.1"}


@pytest.mark.parametrize(("language", "words"), [("ko", "현재 순위"), ("en", "Current standings")])
def test_the_page_shows_the_standings_in_both_languages(replayed: Replayed, language: str, words: str) -> None:
    with urllib.request.urlopen(f"{replayed.addresses.console_url}/?lang={language}", timeout=20) as answer:
        page = answer.read().decode()
    assert words in page
    assert "70.6" in page
    assert "stage-2" in page


async def _parked(session: Any, service: str) -> list[platform_pb2.ParkedEvent]:
    request = platform_pb2.ListParkedRequest(page_size=500)
    return list((await session.platform(STAFF, service, "ListParked", request)).parked)


async def _entries(session: Any) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    while True:
        request = notary.ListEntriesRequest(start=len(entries), page_size=500)
        page = (await session.call(STAFF, "notary", "ListEntries", request)).entries
        if not page:
            return entries
        entries += [json.loads(entry.entry_json) for entry in page]


async def _place(session: Any, entry: dict[str, Any]) -> tuple[str, int, int]:
    """Where on Kafka an entry came from, also where that is sealed."""
    place = entry.get("place")
    if place is None:
        request = openings_pb2.GetOpeningsRequest(event_id=entry["event_id"])
        values = (await session.call(STAFF, "notary", "GetOpenings", request)).values
        place = next(json.loads(value.value_json) for value in values if value.path == "/place")
    return entry["topic"], place["partition"], place["offset"]


async def _messages(replayed: Replayed) -> list[Received[None]]:
    """All that is on all topics; what carries no id has one that its place makes."""
    consumer = AIOKafkaConsumer(bootstrap_servers=list(replayed.addresses.kafka_bootstrap))
    await consumer.start()
    try:
        partitions = [
            TopicPartition(topic, number)
            for topic in all_topics()
            if not topic.endswith(".parked")
            for number in range(PARTITIONS)
        ]
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(partitions)
        found: list[Received[None]] = []
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                found += [read_any(record) for record in records]
    finally:
        await consumer.stop()
    return found
