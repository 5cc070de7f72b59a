"""The service as a real process: killed between an answer and its record, it sends again what it sent, and goes on."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from client.sdk.webhooks import verify
from client.stack.ports import free_ports
from common.auth import DevelopmentIssuer
from common.errors import Refused
from common.grpc import Client, connect
from dokpamo.selection.v1 import service_pb2, webhooks_pb2

from tests.builders.delivery import eventually
from tests.builders.webhook_receiver import HANG, Receiver, Sent

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = (files("client") / "programmes" / "sovereign-ai" / "rule-sets" / "stage-1.yaml").read_text(encoding="utf-8")


class Service:
    """`python -m selection`, started and killed as often as it takes."""

    def __init__(self, folder: Path, bootstrap: list[str], database_url: str) -> None:
        issuer = DevelopmentIssuer.create(folder / "issuer.pem")
        (folder / "keys.json").write_text(json.dumps(issuer.key_set()))
        DevelopmentIssuer.create(folder / "webhooks.pem")
        self.token = issuer.issue("kim", ["staff"])
        self.address = f"127.0.0.1:{free_ports(1)[0]}"
        self.log = folder / "selection.log"
        self.environment = os.environ | {
            "DOKPAMO_ENVIRONMENT": "embedded",
            "DOKPAMO_DATABASE_URL": database_url,
            "DOKPAMO_KAFKA_BOOTSTRAP": ",".join(bootstrap),
            "DOKPAMO_GRPC_LISTEN": self.address,
            "DOKPAMO_TOKEN_KEYS": str(folder / "keys.json"),
            "DOKPAMO_WEBHOOK_KEY": str(folder / "webhooks.pem"),
            "DOKPAMO_WEBHOOKS_REACH_OWN_NETWORK": "true",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "selection"]
            self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        assert self.process.wait(30) == 0, self.log.read_text()[-4000:]


async def answered(client: Client, rpc: str, request: Any) -> Any:
    """The answer, once the service is there to give it."""
    async with asyncio.timeout(90):
        while True:
            try:
                return await getattr(client, rpc)(request)
            except Refused as refused:
                if refused.status.name not in {"UNAVAILABLE", "DEADLINE_EXCEEDED"}:
                    raise
                await asyncio.sleep(0.3)


@pytest.mark.on_demand  # the dead process's lease must end first; `test_webhooks.py` has the same for an orderly stop
@pytest.mark.timeout(400)  # it starts Kafka, PostgreSQL and a service, twice
async def test_a_service_killed_between_answer_and_record_sends_again_with_the_same_id(
    kafka_bootstrap: list[str], fresh_database_url: str, tmp_path: Path
) -> None:
    service = Service(tmp_path, kafka_bootstrap, fresh_database_url)
    service.start()

    def kill_once(_sent: Sent) -> str:
        if len(receiver.sent) == 1:
            # The receiver has it, and nobody will know.
            service.kill()
            return HANG
        return "204 No Content"

    async with Receiver(answer=kill_once) as receiver, connect(service.address, lambda: service.token) as channel:
        selection = Client(channel, "dokpamo.selection.v1.SelectionService")
        webhooks = Client(channel, "dokpamo.selection.v1.WebhookService")
        create = webhooks_pb2.CreateWebhookRequest(request_id=str(uuid4()), url=receiver.url, description="a pipeline")
        created = await answered(webhooks, "CreateWebhook", create)
        publish = service_pb2.PublishRuleSetRequest(request_id=str(uuid4()), document=DOCUMENT)
        kept = (await selection.PublishRuleSet(publish)).rule_set

        async def killed() -> bool:
            return service.process is not None and service.process.poll() == -signal.SIGKILL

        await eventually(killed, 60)
        service.start()
        freeze = service_pb2.FreezeRuleSetRequest(request_id=str(uuid4()), rule_set_sha256=kept.rule_set_sha256)
        await answered(selection, "FreezeRuleSet", freeze)

        async def all_told() -> bool:
            return len(receiver.sent) == 3

        await eventually(all_told, 90)
        listing = webhooks_pb2.ListDeliveriesRequest(webhook_id=created.webhook.webhook_id)

        async def recorded() -> Any:
            found = (await webhooks.ListDeliveries(listing)).deliveries
            return [each for each in found if each.state == webhooks_pb2.DELIVERY_STATE_DELIVERED][1:] and found

        newest, oldest = await eventually(recorded)
        service.stop()

    lost, again, following = receiver.sent
    assert lost.id == again.id == oldest.delivery_id
    assert lost.body == again.body
    assert following.id == newest.delivery_id
    assert receiver.types() == ["RuleSetPublished", "RuleSetPublished", "RuleSetFrozen"]
    for sent in receiver.sent:
        assert verify(sent.headers, sent.body, created.secret) == sent.event
        assert verify(sent.headers, sent.body, created.webhook.public_keys[0]) == sent.event
    assert again.event["data"] == {
        "ruleSetSha256": kept.rule_set_sha256,
        "ruleSetId": kept.rule_set_id,
        "version": kept.version,
        "stageId": "stage-1",
    }
