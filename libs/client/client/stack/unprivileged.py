"""Run a command as an unprivileged user when we are root: PostgreSQL refuses to run as root, wherever it is.

    python unprivileged.py COMMAND [ARGUMENT ...]

The user is `nobody`, which every system has. It keeps one right of root: to pass folders that are closed to it
(CAP_DAC_OVERRIDE, as an ambient capability), so that the stack works in a folder below a closed home without any
folder's permissions being changed. Where the system has no capabilities to keep, the command runs without.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import sys
from pathlib import Path

USER = "nobody"
PR_SET_KEEPCAPS, PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 8, 28, 47, 2
# Without it access(2), by which PostgreSQL looks for its own programs, would answer as if the right were not there.
SECBIT_NO_SETUID_FIXUP = 1 << 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


class CapabilityHeader(ctypes.Structure):
    """`struct __user_cap_header_struct` of capset(2)."""

    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class CapabilityData(ctypes.Structure):
    """`struct __user_cap_data_struct` of capset(2); two of them make 64 bits."""

    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def needed() -> bool:
    """Whether we are root."""
    return os.geteuid() == 0


def prefix() -> tuple[str, ...]:
    """Return what to put before a command so that it does not run as root; nothing if we are not."""
    return (sys.executable, "-I", str(Path(__file__).absolute())) if needed() else ()


def user_and_group() -> tuple[int, int]:
    """Return the numbers of the unprivileged user and its group."""
    entry = pwd.getpwnam(USER)
    return entry.pw_uid, entry.pw_gid


def become() -> None:
    """Give up being root, keeping the right to pass closed folders where the system lets us."""
    uid, gid = user_and_group()
    libc = ctypes.CDLL(None, use_errno=True)
    keeps = sys.platform == "linux" and libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0
    if keeps:
        libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if keeps:
        only = CapabilityData(1 << CAP_DAC_OVERRIDE, 1 << CAP_DAC_OVERRIDE, 1 << CAP_DAC_OVERRIDE)
        data = (CapabilityData * 2)(only, CapabilityData(0, 0, 0))
        # A refusal leaves us without the right: the command then says itself which folder it cannot read.
        libc.capset(ctypes.byref(CapabilityHeader(CAPABILITY_VERSION_3, 0)), data)
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def main() -> None:
    """Become unprivileged and turn into the command."""
    become()
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606 (the command is a part's own specification, no shell)


if __name__ == "__main__":
    main()
