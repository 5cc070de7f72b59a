"""Bad input of every kind the programme must refuse, sent at the moment of a replay where it could do harm."""

from __future__ import annotations

import json
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaProducer
from client.replay.score import request_id
from client.sdk.checkpoints import push
from client.session import Caller
from common.errors import Refused
from common.grpc import Client, connect
from dokpamo.evaluation.v1 import service_pb2 as evaluation
from dokpamo.intake.v1 import service_pb2 as intake
from dokpamo.registry.v1 import service_pb2 as registry
from dokpamo.selection.v1 import service_pb2 as selection

if TYPE_CHECKING:
    from client.session import Session
    from client.stack.addresses import Stack

UNDECODABLE = b"\xff\xfeno event at all"
UNDECODABLE_TOPIC = "dokpamo.training.job.v1"


@dataclass(frozen=True)
class Refusal:
    """What came back: stable code, the words, and the facts by name."""

    code: str
    message: str
    facts: dict[str, str]


class BadInput:
    """Sends bad input around named beats, and none after the last of them, and keeps how each was refused."""

    last_beat = "scores stage-1"

    def __init__(self, session: Session, addresses: Stack) -> None:
        self._session = session
        self._addresses = addresses
        self.refusals: dict[str, Refusal] = {}

    async def before(self, beat: str) -> None:
        """What is sent before a beat."""
        if beat == "scores presentation":
            await self._late_application()
        if beat == "rule set stage-1":
            await self._rule_set_with_wrong_weights()
            await self._undecodable_event()
            await self._truncated_checkpoint()

    async def after(self, beat: str) -> None:
        """What is sent after a beat."""
        if beat == "application upstage":
            await self._duplicate_application()
        if beat == self.last_beat:
            await self._measurements("nan", "lg-ai-research", "NaN")
            await self._measurements("unknown team", "nobody-at-all", "50")

    async def _expect(self, what: str, caller: Caller, service: str, rpc: str, request: Any) -> None:
        try:
            await self._session.call(caller, service, rpc, request)
        except Refused as refused:
            self.refusals[what] = Refusal(refused.code, refused.message, refused.facts)
        else:
            raise AssertionError(f"{what} was accepted")

    async def _application(self, team: str) -> intake.Application:
        request = intake.GetApplicationRequest(call_id="sovereign-ai-2025", team_id=team)
        answer = await self._session.call(Caller.staff(), "intake", "GetApplication", request)
        application: intake.Application = answer.application
        return application

    async def _late_application(self) -> None:
        late = await self._application("kakao")
        late.plan += " (late)"
        request = intake.SubmitApplicationRequest(
            request_id=request_id("bad", "late"), team_id="kakao", application=late
        )
        await self._expect("late", Caller.consortium("kakao"), "intake", "SubmitApplication", request)

    async def _duplicate_application(self) -> None:
        again = await self._application("upstage")
        request = intake.SubmitApplicationRequest(
            request_id=request_id("bad", "again"), team_id="upstage", application=again
        )
        await self._expect("duplicate", Caller.consortium("upstage"), "intake", "SubmitApplication", request)

    async def _measurements(self, what: str, team: str, value: str) -> None:
        row = evaluation.ScoreRow(team_id=team, criterion="hidden-set", value=value)
        request = evaluation.RecordMeasurementsRequest(
            request_id=request_id("bad", what), stage_id="stage-1", source_id="nia", rows=[row], origin="bad input"
        )
        await self._expect(what, Caller.testing_body(), "evaluation", "RecordMeasurements", request)

    async def _rule_set_with_wrong_weights(self) -> None:
        from client.replay.programme import load_programme

        document = next(s.document for s in load_programme().stages if s.stage_id == "stage-1")
        request = selection.PublishRuleSetRequest(
            request_id=request_id("bad", "weights"), document=document.replace("points: 25", "points: 24", 1)
        )
        await self._expect("weights", Caller.staff(), "selection", "PublishRuleSet", request)

    async def _undecodable_event(self) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=list(self._addresses.kafka_bootstrap))
        await producer.start()
        try:
            await producer.send_and_wait(UNDECODABLE_TOPIC, UNDECODABLE)
        finally:
            await producer.stop()

    async def _truncated_checkpoint(self) -> None:
        header = json.dumps({"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
        whole = struct.pack("<Q", len(header)) + header + b"\0" * 16
        from common.auth import DevelopmentIssuer

        issuer = DevelopmentIssuer(self._addresses.service_key)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "model.safetensors").write_bytes(whole[:-5])
            (folder / "config.json").write_text("{}")
            (folder / "README.md").write_text("# cut short\n")
            channel = connect(
                self._addresses.services["registry"], lambda: issuer.issue("cut", ("consortium",), "upstage")
            )
            async with channel:
                client = Client(channel, "dokpamo.registry.v1.RegistryService")
                declaration = registry.Declaration(licence="Apache-2.0", period="2025-h2", parameters=4)
                try:
                    await push(client, folder, team_id="upstage", model="cut-short", declaration=declaration)
                except Refused as refused:
                    self.refusals["truncated"] = Refusal(refused.code, refused.message, refused.facts)
                else:
                    raise AssertionError("a truncated checkpoint was accepted")
