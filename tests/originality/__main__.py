"""Make the figures of `docs/originality-detection.md`: ``python -m tests.originality [synthetic|published]``."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from tests.originality import page, published, synthetic


def main(arguments: list[str]) -> int:
    """Run both parts, or the one named, and write each into the page."""
    parts = arguments or ["synthetic", "published"]
    if not set(parts) <= {"synthetic", "published"}:
        print(__doc__)
        return 2
    if "synthetic" in parts:
        with tempfile.TemporaryDirectory() as folder:
            run = synthetic.run(synthetic.Plan(), Path(folder), processes=os.cpu_count() or 1)
        page.write("synthetic", page.synthetic(run))
    if "published" in parts:
        page.write(
            "published", page.published((one, list(one.outcomes()), list(one.made())) for one in published.CASES)
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
