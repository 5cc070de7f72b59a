"""Calls to the notary: of any RPC of its contracts."""

from __future__ import annotations

from functools import partial
from typing import Final

from client.sdk import calls

_CONTRACTS: Final = "dokpamo.notary.v1."

called = partial(calls.called, _CONTRACTS)
listed = partial(calls.listed, _CONTRACTS)
