"""One whole stack with the replayed programme, for all end-to-end tests of a session."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from client.replay.beats import Beats
from client.replay.clockwork import Clockwork
from client.replay.programme import load_programme
from client.session import Session
from client.stack.addresses import Stack, load
from client.stack.home import StackHome
from common.auth import DevelopmentIssuer
from common.clock import VirtualClockFile

from tests.builders.bad_input import BadInput, Refusal
from tests.builders.whole_stack import SEED, SERVICES, KillOnTheWay, WholeStack, kill_plan

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Replayed:
    """A running stack after its replay, the outcome, and what bad luck and bad input it met on the way."""

    stack: WholeStack
    addresses: Stack
    outcome: dict[str, Any]
    refusals: dict[str, Refusal]
    planned_kills: list[str]
    kills: list[str]

    def session(self) -> Session:
        """Calls to its services."""
        return _session(self.addresses)

    def clockwork(self, session: Session) -> Clockwork:
        """The hand of its clock."""
        return _clockwork(self.addresses, session)


@pytest.fixture(scope="session")
def replayed() -> Iterator[Replayed]:
    """A stack in which the model case was replayed once, with bad input thrown in and parts killed.

    It is broken off half-way, and `dokpamo replay` plays it to its end. The seed of the kills is printed; set
    DOKPAMO_CHAOS_SEED to repeat one.
    """
    # Ray's sockets allow paths of 107 characters only: pytest's own folders are too deep.
    folder = Path(tempfile.mkdtemp(prefix="dkp-"))
    stack = WholeStack(folder / "home", folder / "output.txt")
    try:
        stack.run("up")
        yield _replay(stack, folder / "report.json")
    finally:
        stack.run("down")
        shutil.rmtree(folder, ignore_errors=True)


def _replay(stack: WholeStack, report: Path) -> Replayed:
    addresses = load(StackHome(stack.home))
    plan = kill_plan(("kafka", "postgres", *random.Random(SEED).sample(SERVICES[:-1], 3)), SEED)
    print(f"seed {SEED}:", {part: instant.isoformat() for part, instant in plan})
    with KillOnTheWay(stack, plan) as kills:
        refusals = asyncio.run(_begin_with_bad_input(addresses))
        stack.run("replay", "--report", str(report), seconds=1100)
    planned = [part for part, _ in plan]
    return Replayed(stack, addresses, json.loads(report.read_text()), refusals, planned, kills.killed)


async def _begin_with_bad_input(addresses: Stack) -> dict[str, Refusal]:
    """Play the beats up to the last one that bad input goes with; how it was refused."""
    async with _session(addresses) as session:
        clockwork = _clockwork(addresses, session)
        bad = BadInput(session, addresses)
        for beat in Beats(load_programme(), session).in_order():
            await clockwork.advance_to(beat.at)
            await bad.before(beat.what)
            await beat.play()
            await bad.after(beat.what)
            if beat.what == bad.last_beat:
                break
        return bad.refusals


def _session(addresses: Stack) -> Session:
    return Session(addresses.services, DevelopmentIssuer(addresses.service_key))


def _clockwork(addresses: Stack, session: Session) -> Clockwork:
    return Clockwork(session, tuple(addresses.services), VirtualClockFile(addresses.virtual_clock))
