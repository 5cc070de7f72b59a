"""How long a stranger's check of the whole model programme takes, beside pymerkle's root over the same entries alone.

Peer: a process that reads the entries of the export, appends them to pymerkle's `InmemoryTree` and compares its root
with that of the newest head. It checks no signature, no receipt, no score and no decision.
Ours: `python -m verify FOLDER`, the package alone: every signature, tile, opening and receipt, and every decision of
the programme computed again with its rule set. Both are whole processes, start-up included, as a stranger runs them.
The record is that of the model programme: its applications, rule sets, sheets, measurements, verdicts and decisions,
and beside them as many events of training as a replay has. A log ten times as long is shown beside it.
Times are CPU times of the processes, which have one thread: what it takes on a core of its own.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
from typing import TYPE_CHECKING

from verify.export import write

from tests.bench.ground import Verdict
from tests.builders.programme_record import programme_record

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.ground import Ground

ROUNDS = 7
TARGET_SECONDS = 2
MORE = 500
"""Events of training, grants and checkpoints in a replay, which no decision rests on."""
PEER = """
import json, sys
from pathlib import Path
from pymerkle import InmemoryTree
folder = Path(sys.argv[1])
tree = InmemoryTree()
for tile in sorted((folder / "entries").iterdir()):
    for entry in tile.read_bytes().splitlines():
        tree.append_entry(entry)
root = json.loads((folder / "manifest.json").read_bytes())["head"]["root_hash"]
sys.exit(tree.get_root().hex() != root)
"""


async def measure(ground: Ground) -> Verdict:
    """Print peer and ours; the time of a whole check."""
    usual, long = ground.folder / "programme", ground.folder / "long"
    write(programme_record(more=MORE), usual)
    write(programme_record(more=10_000), long)
    peer, ours = [], []
    for _ in range(ROUNDS):
        peer.append(_seconds("-c", PEER, str(usual)))
        ours.append(_seconds("-m", "verify", str(usual)))
    larger = [_seconds("-m", "verify", str(long)) for _ in range(2)]
    print(f"peer: root by pymerkle    {statistics.median(peer):6.2f} s (best {min(peer):.2f})")
    print(f"ours: the whole programme {statistics.median(ours):6.2f} s (best {min(ours):.2f}), {_count(usual)} entries")
    print(f"ours: a longer log        {min(larger):6.2f} s, {_count(long)} entries")
    return Verdict(statistics.median(ours), "s", TARGET_SECONDS, at_least=False)


def _seconds(*arguments: str) -> float:
    began = _children()
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    taken = _children() - began
    if done.returncode:
        raise AssertionError(f"the record does not hold: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return taken


def _children() -> float:
    """CPU seconds of all processes that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _count(folder: Path) -> int:
    return sum(len(tile.read_bytes().splitlines()) for tile in (folder / "entries").iterdir())
