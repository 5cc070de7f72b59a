"""An examiner that looks at no weights, for all that is to be seen of examinations but what they find."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from registry.domain.examination import Fingerprint, Report
from registry.handlers import CannotBeExaminedError

if TYPE_CHECKING:
    from registry.handlers import Due


class QuickExaminer:
    """Finds nothing in anything: who was examined in order, and who cannot be."""

    def __init__(self) -> None:
        self.examined: list[str] = []
        self.cannot: set[str] = set()

    async def examine(self, due: Due) -> tuple[Fingerprint, tuple[Report, ...]]:
        """A fingerprint that nobody can read, and a report for each comparison."""
        digest = due.checkpoint.checkpoint_digest
        self.examined.append(digest)
        if digest in self.cannot:
            raise CannotBeExaminedError("too large")
        document = b"{}"
        sha256 = hashlib.sha256(document).hexdigest()
        reports = [Report(each.kind, each.name, {"no evidence": 1}, sha256, document) for each in due.against]
        return Fingerprint(f"fingerprints/{digest}", digest, 1), tuple(reports)

    async def read(self, _reference_id: str, _fingerprint: Fingerprint) -> None:
        """Take whatever there is."""
