"""The services of `dokpamo.selection.v1`, a module each."""

from __future__ import annotations

from selection.grpc_api.selection import SelectionApi

__all__ = ["SelectionApi"]
