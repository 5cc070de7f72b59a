"""When a stack counts as settled, and who is asked for it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from client.replay.clockwork import Clockwork, UnsettledError
from common.clock import VirtualClockFile
from common.errors import Refused
from dokpamo.common.v1 import platform_pb2

if TYPE_CHECKING:
    from pathlib import Path

Answer = platform_pb2.GetSettlementResponse


class Services:
    """Stands in for a session: each service gives its answers one after the other, and its last one for ever."""

    def __init__(self, **answers: list[Answer | None]) -> None:
        self._answers = answers
        self.asked: Counter[str] = Counter()

    async def platform(self, _caller: object, service: str, rpc: str, _request: object) -> Answer:
        assert rpc == "GetSettlement"
        answers = self._answers[service]
        answer = answers[min(self.asked[service], len(answers) - 1)]
        self.asked[service] += 1
        if answer is None:
            raise Refused("UNAVAILABLE", "it is away", {}, status=grpc.StatusCode.UNAVAILABLE)
        return answer


def clockwork(services: Services, folder: Path) -> Clockwork:
    session: Any = services
    return Clockwork(session, ("grants", "training"), VirtualClockFile(folder / "clock"))


async def test_two_equal_rounds_in_which_nothing_is_pending_settle_it(tmp_path: Path) -> None:
    services = Services(grants=[Answer(consumed_total=1), Answer(consumed_total=2)], training=[Answer()])
    settled = await clockwork(services, tmp_path).settle()
    assert {name: answer.consumed for name, answer in settled.items()} == {"grants": 2, "training": 0}
    assert services.asked == {"grants": 3, "training": 3}


async def test_only_those_who_have_something_to_do_are_asked_until_they_have_done_it(tmp_path: Path) -> None:
    services = Services(grants=[Answer()], training=[Answer(tasks_due=1), None, Answer(tasks_due=1), Answer()])
    await clockwork(services, tmp_path).settle()
    assert services.asked == {"grants": 3, "training": 6}


async def test_what_they_do_may_give_others_something_to_do(tmp_path: Path) -> None:
    services = Services(
        grants=[Answer(), Answer(inbox_pending=1), Answer(consumed_total=1)],
        training=[Answer(outbox_pending=1), Answer()],
    )
    settled = await clockwork(services, tmp_path).settle()
    assert settled["grants"].consumed == 1


async def test_whoever_does_not_settle_is_named_with_what_is_waiting(tmp_path: Path) -> None:
    services = Services(grants=[Answer()], training=[Answer(tasks_due=2, outbox_pending=1)])
    with pytest.raises(UnsettledError) as caught:
        await clockwork(services, tmp_path).settle(patience_seconds=0)
    assert caught.value.waiting == {"training": "1 outbox, 2 tasks"}


async def test_whoever_is_away_is_named(tmp_path: Path) -> None:
    services = Services(grants=[None], training=[Answer()])
    with pytest.raises(UnsettledError) as caught:
        await clockwork(services, tmp_path).settle(patience_seconds=0)
    assert caught.value.waiting == {"grants": "does not answer"}
