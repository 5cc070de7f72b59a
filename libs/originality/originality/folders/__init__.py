"""Two models in folders: what their tensors are, which of their units can be compared, and what is found."""

from originality.folders.comparing import examine_against, examine_folders
from originality.folders.fingerprint import write_fingerprint
from originality.folders.report import FolderReport

__all__ = ["FolderReport", "examine_against", "examine_folders", "write_fingerprint"]
