"""Files that outlast a power cut, many at the price of one."""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_BEGIN: Final = 2
_BEGIN_AND_WAIT: Final = 1 | 2 | 4
# Linux has it in every C library; elsewhere files are synced one by one.
_sync_file_range = getattr(ctypes.CDLL(None), "sync_file_range", None)


def make_durable(descriptors: Sequence[int]) -> None:
    """Have what was written to these open files outlast a power cut; raise `OSError`.

    A sync waits for the disk to empty its own cache, and a file of a kilobyte costs as much as one of a gigabyte. So
    all are written out first, and the last one is synced: by that the disk empties its cache, and the file system
    commits what it noted of the others before it (as `core.fsyncMethod=batch` of Git does).
    """
    if len(descriptors) > 1 and _written_out(descriptors):
        os.fsync(descriptors[-1])
        return
    for descriptor in descriptors:
        os.fsync(descriptor)


def _written_out(descriptors: Sequence[int]) -> bool:
    if _sync_file_range is None:
        return False
    whole = ctypes.c_int64(0), ctypes.c_int64(0)
    return all(
        _sync_file_range(descriptor, *whole, flags) == 0
        for flags in (_BEGIN, _BEGIN_AND_WAIT)
        for descriptor in descriptors
    )
