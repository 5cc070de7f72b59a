"""`dokpamo withhold`, `openings` and `witnesses` against the running notary: two officers, what is shown, refusals."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from client.commands import openings, withhold, witnesses
from common.auth import DevelopmentIssuer
from dokpamo.evaluation.v1.events_pb2 import ScoreSheetSubmitted
from typer import Typer
from typer.testing import CliRunner
from verify.note import KeyKind, VerifierKey

from tests.builders.notary_service import covered, event_ids, running, send, settings_of
from tests.builders.public_record import private_key

if TYPE_CHECKING:
    from pathlib import Path

    from notary.settings import Settings

TOPIC = "dokpamo.evaluation.sheet.v1"
ASSESSOR = "/payload/assessor_id"


@dataclass(frozen=True)
class Officers:
    """The commands, each run with the token of an officer."""

    address: str
    issuer: DevelopmentIssuer

    async def run(self, who: str, *arguments: str, code: int = 0) -> str:
        app = Typer()
        app.callback()(lambda: None)
        for command in (withhold, openings, witnesses):
            command.register(app)
        environment = {"DOKPAMO_NOTARY_ADDRESS": self.address, "DOKPAMO_TOKEN": self.issuer.issue(who, ["staff"])}
        # A command has an event loop of its own.
        result = await asyncio.to_thread(CliRunner().invoke, app, list(arguments), env=environment)
        assert result.exit_code == code, result.output
        return result.stdout if code == 0 else result.output

    async def json(self, who: str, *arguments: str) -> Any:
        return json.loads(await self.run(who, *arguments, "--json"))


@pytest.fixture
def notary_settings(kafka_bootstrap: list[str], fresh_database_url: str, tmp_path: Path) -> Settings:
    return settings_of(tmp_path / "keys", kafka_bootstrap, fresh_database_url)


async def test_what_two_officers_do_with_the_log_is_done_by_command(
    notary_settings: Settings, kafka_bootstrap: list[str], tmp_path: Path
) -> None:
    async with running(notary_settings) as log:
        ids = event_ids(2)
        sheet = ScoreSheetSubmitted(sheet_id="one", stage_id="final", source_id="panel", assessor_id="bird")
        await send(kafka_bootstrap, [(each, sheet) for each in ids], TOPIC)
        await covered(log, ids)
        event_id = ids[1]  # not the first of the log
        officers = Officers(notary_settings.grpc_listen, DevelopmentIssuer(tmp_path / "keys" / "issuer.pem"))
        await withheld_and_given_back(officers, event_id)
        await shown_and_erased(officers, event_id)
        await registered_and_retired(officers)


async def withheld_and_given_back(officers: Officers, event_id: str) -> None:
    assert "nothing" in await officers.run("kim", "withhold", "list")
    asked = await officers.json("kim", "withhold", "request", event_id, "--reason", "court order 2026-17")
    assert "SAME_PERSON" in await officers.run("kim", "withhold", "confirm", asked["act_id"], code=1)
    assert "다른 담당자의 확인 대기" in await officers.run("lee", "withhold", "list", "--lang", "ko")
    assert "confirmed lee" in await officers.run("lee", "withhold", "confirm", asked["act_id"])
    assert "WITHHELD_ALREADY" in await officers.run("kim", "withhold", "request", event_id, "--reason", "again", code=1)
    back = await officers.json("lee", "withhold", "restore", event_id, "--reason", "the order was lifted")
    await officers.run("kim", "withhold", "confirm", back["act_id"])
    listed = (await officers.json("kim", "withhold", "list"))["found"]
    assert [each["kind"] for each in listed] == ["WITHHOLDING_KIND_WITHHOLD", "WITHHOLDING_KIND_RESTORE"]
    # Which entry it is depends on what other tests have sent: the notary reads every topic.
    index = int(listed[1].get("leaf_index", 0))
    assert f"복원  항목 {index} {event_id}" in await officers.run("kim", "withhold", "list", "--lang", "ko")


async def shown_and_erased(officers: Officers, event_id: str) -> None:
    assert '"bird"' in await officers.run("kim", "openings", "show", event_id)
    erased = ("openings", "erase", event_id, ASSESSOR, "--reason", "asked by the person")
    asked = await officers.json("kim", *erased, "--request-id", "11111111-2222-4333-8444-555555555555")
    again = await officers.json("kim", *erased, "--request-id", "11111111-2222-4333-8444-555555555555")
    assert again["erasure_id"] == asked["erasure_id"]
    assert "NOT_ERASABLE" in await officers.run(
        "kim", "openings", "erase", event_id, "/payload/rows", "--reason", "a wish", code=1
    )
    await officers.run("lee", "openings", "confirm", asked["erasure_id"])
    assert f"{ASSESSOR}  블라인드 개인정보  삭제됨" in await officers.run(
        "kim", "openings", "show", event_id, "--lang", "ko"
    )
    await officers.run("kim", "openings", "release", event_id, "/payload/rows", "--reason", "the stage was given up")
    assert "/payload/rows  blind  released" in await officers.run("kim", "openings", "show", event_id)
    (listed,) = (await officers.json("kim", "openings", "list"))["found"]
    assert (listed["requested_by"], listed["confirmed_by"], listed["paths"]) == ("kim", "lee", [ASSESSOR])


async def registered_and_retired(officers: Officers) -> None:
    key = str(VerifierKey.of("example.org/witness", KeyKind.COSIGNATURE, private_key(9)))
    await officers.run("kim", "witnesses", "register", key, "--operator", "a university")
    asked = await officers.json("kim", "witnesses", "retire", "example.org/witness", "--reason", "its key was stolen")
    assert "waits for another officer" in await officers.run("kim", "witnesses", "retirements")
    await officers.run("lee", "witnesses", "confirm", asked["act_id"])
    said = await officers.run("kim", "witnesses", "list")
    assert key in said
    assert "retired" in said
