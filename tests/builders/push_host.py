"""A push as a process that a test may kill: it says on each line how many bytes went out, ever, and what came of it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path

from client.sdk.checkpoints import SERVICE, push
from client.sdk.declaring import declared
from client.sdk.transfer import Event, Moved, MovedAgain, Verifying
from common.grpc import Client, connect


class Saying:
    """Counts every byte that went out, also those that went twice."""

    def __init__(self) -> None:
        self.sent = 0

    def __call__(self, event: Event) -> None:
        """Say what a test acts on."""
        if isinstance(event, Moved) and not event.there_already and event.bytes_moved > 0:
            self.sent += event.bytes_moved
            say(sent=self.sent)
        elif isinstance(event, Verifying):
            say(verifying=event.verified_bytes)
        elif isinstance(event, MovedAgain):
            say(again=event.why)


def say(**told: object) -> None:
    """One line of JSON, at once."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def peak_memory() -> int:
    """The most memory that this process had, in bytes. What `getrusage` tells is at least its parent's at the fork."""
    found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


async def main(address: str, team: str, folder: Path, limit_rate: int) -> None:
    """Push the folder as the team's model "solar"; a `limit_rate` of 0 is none."""
    said = declared(folder, licence="Apache-2.0", period="2025-h2")
    async with connect(address, lambda: os.environ["DOKPAMO_TOKEN"]) as channel:
        committed = await push(
            Client(channel, SERVICE),
            folder,
            team_id=team,
            model="solar",
            declaration=said,
            progress=Saying(),
            limit_rate=limit_rate or None,
        )
    say(digest=committed.checkpoint_digest, memory_bytes=peak_memory())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])))
