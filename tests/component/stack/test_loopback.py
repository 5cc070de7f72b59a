"""Nobody outside this machine reaches a part of the stack: every socket that listens is on the loopback.

Of all parts of a whole stack the end-to-end tests say so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil
import pytest

from tests.builders.listening import listening, listening_at

if TYPE_CHECKING:
    from client.stack.single import SinglePart


def family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


@pytest.mark.parametrize("part", ["kafka", "postgres", "s3_part"])
def test_a_part_listens_on_the_loopback_only(part: str, request: pytest.FixtureRequest) -> None:
    running: SinglePart = request.getfixturevalue(part)
    try:
        assert listening(family(running.pid)) == {"127.0.0.1"}
    except psutil.AccessDenied:  # another user's processes, in a container
        assert listening_at(int(running.address.rpartition(":")[2])) == {"127.0.0.1"}
