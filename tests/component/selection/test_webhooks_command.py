"""`dokpamo webhooks` against running webhooks: registered, tried out, listened to, replayed."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest
from client.commands import webhooks as command
from client.stack.ports import free_ports
from typer import Typer
from typer.testing import CliRunner

from tests.builders.webhook_receiver import Receiver
from tests.builders.webhook_service import Webhooks, opened, planned, running_webhooks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def webhooks(tmp_path: Path, fresh_database_url: str) -> AsyncIterator[Webhooks]:
    async with running_webhooks(tmp_path, fresh_database_url) as running:
        yield running


async def run(webhooks: Webhooks, *arguments: str, code: int = 0) -> str:
    """What `dokpamo webhooks …` prints in the name of staff."""
    app = Typer()
    app.callback()(lambda: None)
    command.register(app)
    environment = {
        "DOKPAMO_SELECTION_ADDRESS": webhooks.address,
        "DOKPAMO_TOKEN": webhooks.issuer.issue("kim", ["staff"]),
    }
    # A command has an event loop of its own.
    result = await asyncio.to_thread(CliRunner().invoke, app, ["webhooks", *arguments], env=environment)
    assert result.exit_code == code, result.output
    return result.output.strip()


async def test_a_webhook_is_registered_tried_out_listened_to_and_replayed(webhooks: Webhooks, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    made = await run(webhooks, "create", f"http://127.0.0.1:{port}/", "--description", "a pipeline")
    webhook_id, secret = made.split()[0], re.findall(r"whsec_\S+", made)[0]
    (public_key,) = re.findall(r"whpk_\S+", made)
    assert "ConnectError" in await run(webhooks, "test", webhook_id, code=1)
    told = tmp_path / "told"
    listening = [sys.executable, "-m", "client", "webhooks", "listen", "--port", str(port), "--key", public_key]
    with told.open("wb") as out:
        listener = await asyncio.create_subprocess_exec(*listening, stdout=out, stderr=subprocess.PIPE)
        assert listener.stderr is not None
        assert f"127.0.0.1:{port}" in (await listener.stderr.readline()).decode()
        assert "delivered  1 attempts" in await run(webhooks, "test", webhook_id)
        await webhooks.say(planned("stage-1"), opened("stage-1"))
        await webhooks.settled(webhook_id)
        assert await run(webhooks, "replay", webhook_id, "--sequence", "2") == "1 deliveries"
        await webhooks.settled(webhook_id)
        async with httpx.AsyncClient() as stranger:
            forged = await stranger.post(f"http://127.0.0.1:{port}/", content=b'{"type": "forged"}')
        listener.terminate()
        refused, _ = await asyncio.gather(listener.stderr.read(), listener.wait())
    assert "webhook-id is missing" in refused.decode()
    assert forged.status_code == 401
    events = [json.loads(line) for line in told.read_text().splitlines()]
    assert [event["type"].rpartition(".")[2] for event in events] == [
        "WebhookTest",
        "StagePlanned",
        "StageOpened",
        "StageOpened",
    ]
    assert [event.get("replayed", False) for event in events] == [False, False, False, True]
    listed = json.loads(await run(webhooks, "list", "--json"))
    assert [each["webhookId"] for each in listed] == [webhook_id]
    assert secret not in str(listed)
    lines = (await run(webhooks, "deliveries", webhook_id)).splitlines()
    assert len(lines) == 5
    assert "StageOpened replayed" in lines[0]


async def test_a_webhook_is_paused_resumed_rotated_and_deleted(webhooks: Webhooks) -> None:
    async with Receiver(answer=lambda _sent: "500 No") as receiver:
        made = await run(webhooks, "create", receiver.url, "--description", "a pipeline", "--event", "StagePlanned")
        webhook_id = made.split()[0]
        await webhooks.say(planned("stage-1"))
        (failed,) = await webhooks.attempts(webhook_id, 1)
        shown = await run(webhooks, "deliveries", webhook_id, "--waiting")
        assert "HTTP 500  next try 2026-01-05T10:00:0" in shown
        await run(webhooks, "pause", webhook_id, "--reason", "moving house")
        paused = await run(webhooks, "list")
        assert "paused  1 waiting" in paused
        assert "(StagePlanned)" in paused
        assert "moving house (kim, 2026-01-05T10:00:00+09:00)" in paused
        await run(webhooks, "resume", webhook_id, "--skip", failed.delivery_id)
        rotated = await run(webhooks, "rotate", webhook_id, "--overlap-hours", "1")
        assert "hold until 2026-01-05T11:00:00+09:00" in rotated
        assert re.findall(r"whsec_\S+", rotated) != re.findall(r"whsec_\S+", made)
        await run(webhooks, "delete", webhook_id)
        assert await run(webhooks, "list") == ""


async def test_a_refusal_is_told_in_words(webhooks: Webhooks) -> None:
    refused = await run(webhooks, "create", "ftp://example.org/", "--description", "d", code=1)
    assert "WEBHOOK_URL_INVALID" in refused
    assert "WEBHOOK_UNKNOWN" in await run(webhooks, "delete", str(uuid4()), code=1)
    assert "--since" in await run(webhooks, "replay", str(uuid4()), code=2)
    assert "instant" in await run(webhooks, "replay", str(uuid4()), "--since", "yesterday", code=2)
    assert "whsec_" in await run(webhooks, "listen", "--key", "secret", code=2)
