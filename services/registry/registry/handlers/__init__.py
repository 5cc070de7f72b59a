"""What the registry does: begin an upload, commit it, name it, look things up. One module for each."""

from registry.handlers.checkpoints import NAMING, find_checkpoint, name_checkpoint, sources
from registry.handlers.ports import Checkpoints, ModelNames, Objects, Verified
from registry.handlers.uploads import begin_upload, commit_upload

__all__ = [
    "NAMING",
    "Checkpoints",
    "ModelNames",
    "Objects",
    "Verified",
    "begin_upload",
    "commit_upload",
    "find_checkpoint",
    "name_checkpoint",
    "sources",
]
