"""Two models in folders: what their tensors are, which of their units can be compared, and what is found."""

from originality.folders.comparing import FolderReport, examine_folders

__all__ = ["FolderReport", "examine_folders"]
