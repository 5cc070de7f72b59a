"""How long a second push of the same 1 GiB takes, and how much is sent where one tensor in a hundred has changed.

Both are measured until the new version is committed, in the ground of the benchmark `push`. The same bytes are pushed
three times more with the registry at rest, and the median counts; then three times more at once after one another,
while the versions before are still examined in the background, which is printed. A tensor has 2 MiB, and six of 512
are changed, spread over the shards, for "one in a hundred" rounded up.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from client.sdk.transfer import Moved

from tests.bench.ground import Verdict
from tests.bench.push import SIZE, RegistryGround, cpu_seconds
from tests.builders.large_checkpoint import TENSOR_BYTES, large_checkpoint

if TYPE_CHECKING:
    from client.sdk.transfer import Event

    from tests.bench.ground import Ground

AGAIN = 3
CHANGED = -(-SIZE // TENSOR_BYTES // 100)


async def measure(ground: Ground) -> list[Verdict]:
    """Print each push and return time and shares."""
    folder = ground.folder / "model"
    tensors = SIZE // TENSOR_BYTES
    changed = {number * tensors // CHANGED for number in range(CHANGED)}
    with RegistryGround(ground) as registry:
        large_checkpoint(folder, SIZE, seed=7)
        first = await registry.push(folder, SIZE, until_at_rest=True)
        print(f"first push     {first:6.2f} s")
        seconds, sent = [], []
        for number in range(2 * AGAIN):
            at_rest = number < AGAIN
            events: list[Event] = []
            before = cpu_seconds()
            taken = await registry.push(folder, SIZE, events.append, until_at_rest=at_rest)
            used = cpu_seconds() - before
            sent.append(_sent(events))
            if at_rest:
                seconds.append(taken)
            name = "again, at rest" if at_rest else "again, at once"
            print(f"{name} {taken:6.2f} s, {sent[-1]} bytes sent, client {used:.2f} CPU s")
        large_checkpoint(folder, SIZE, seed=7, changed=changed)
        events = []
        taken = await registry.push(folder, SIZE, events.append)
        share = _sent(events) / SIZE
        print(f"{len(changed)} of {tensors} tensors changed: {taken:.2f} s, {_sent(events)} bytes sent")
    return [
        Verdict(statistics.median(seconds) * 2**30 / SIZE, "s a GiB", 1, at_least=False, name="the same bytes"),
        Verdict(max(sent), "bytes sent", 0, at_least=False, name="the same bytes"),
        Verdict(share, "of the bytes sent", 0.02, at_least=False, name="1 % of tensors changed"),
    ]


def _sent(events: list[Event]) -> int:
    return sum(each.bytes_moved for each in events if isinstance(each, Moved) and not each.there_already)
