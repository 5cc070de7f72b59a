"""One whole stack with the replayed programme, for all end-to-end tests of a session."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from client.replay.beats import Beats
from client.replay.clockwork import Clockwork
from client.replay.play import end_of
from client.replay.programme import load_programme
from client.replay.report import report
from client.session import Session
from client.stack.addresses import Stack, load
from client.stack.home import StackHome
from common.auth import DevelopmentIssuer
from common.clock import VirtualClockFile

from tests.builders.bad_input import BadInput, Refusal
from tests.builders.whole_stack import WholeStack

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Replayed:
    """A running stack after its replay, the outcome, and how bad input on the way was refused."""

    stack: WholeStack
    addresses: Stack
    outcome: dict[str, Any]
    refusals: dict[str, Refusal]

    def session(self) -> Session:
        """Calls to its services."""
        return Session(self.addresses.services, DevelopmentIssuer(self.addresses.service_key))

    def clockwork(self, session: Session) -> Clockwork:
        """The hand of its clock."""
        return Clockwork(session, tuple(self.addresses.services), VirtualClockFile(self.addresses.virtual_clock))


@pytest.fixture(scope="session")
def replayed() -> Iterator[Replayed]:
    """A stack in which the model case was replayed once, with bad input thrown in."""
    # Ray's sockets allow paths of 107 characters only: pytest's own folders are too deep.
    folder = Path(tempfile.mkdtemp(prefix="dkp-"))
    stack = WholeStack(folder / "home", folder / "output.txt")
    try:
        stack.run("up")
        yield asyncio.run(_replay(stack))
    finally:
        stack.run("down")
        shutil.rmtree(folder, ignore_errors=True)


async def _replay(stack: WholeStack) -> Replayed:
    addresses = load(StackHome(stack.home))
    programme = load_programme()
    async with Session(addresses.services, DevelopmentIssuer(addresses.service_key)) as session:
        clockwork = Clockwork(session, tuple(addresses.services), VirtualClockFile(addresses.virtual_clock))
        bad = BadInput(session, addresses)
        for beat in Beats(programme, session).in_order():
            await clockwork.advance_to(beat.at)
            await bad.before(beat.what)
            await beat.play()
            await bad.after(beat.what)
        await clockwork.advance_to(end_of(programme))
        return Replayed(stack, addresses, await report(session), bad.refusals)
