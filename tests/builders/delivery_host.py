"""A process to be killed: relay of the publisher and runtime of the consumer, until the end."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

from common.consumer import Limits

from tests.builders.delivery import World


async def main(bootstrap: str, url: str, folder: str, team: str) -> None:
    """Run relay and runtime for ever."""
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(World(bootstrap.split(","), url, Path(folder)))
        world.team = team
        await stack.enter_async_context(world.relay())
        # The next gets the partitions when this one's session is over: within its own life, that is.
        await stack.enter_async_context(world.consumers(limits=Limits(session=timedelta(seconds=1))))
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
