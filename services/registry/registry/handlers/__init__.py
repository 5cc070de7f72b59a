"""What the registry does: begin an upload, commit it, name it, look things up, keep how stages ended."""

from registry.handlers.checkpoints import NAMING, find_checkpoint, name_checkpoint, sources
from registry.handlers.outcomes import (
    MARKING,
    NamedOutcome,
    NotNamedYetError,
    OutcomeChangedError,
    Outcomes,
    StageCloseUnknownError,
    conclude,
    show,
)
from registry.handlers.ports import Checkpoints, ModelNames, Objects, Verified
from registry.handlers.uploads import begin_upload, commit_upload

__all__ = [
    "MARKING",
    "NAMING",
    "Checkpoints",
    "ModelNames",
    "NamedOutcome",
    "NotNamedYetError",
    "Objects",
    "OutcomeChangedError",
    "Outcomes",
    "StageCloseUnknownError",
    "Verified",
    "begin_upload",
    "commit_upload",
    "conclude",
    "find_checkpoint",
    "name_checkpoint",
    "show",
    "sources",
]
