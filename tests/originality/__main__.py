"""Make the figures of `docs/originality-detection.md`: ``python -m tests.originality [synthetic|published]``."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Run both parts, or the one named, and write each into the page."""
    parts = arguments or ["synthetic", "published"]
    if not set(parts) <= {"synthetic", "published"}:
        print(__doc__)
        return 2
    # Workers are as many as there are cores, and each of them has small matrices: threads would be in their way.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    from tests.originality import page, published, synthetic

    if "synthetic" in parts:
        with tempfile.TemporaryDirectory() as folder:
            run = synthetic.run(synthetic.Plan(), Path(folder), processes=os.cpu_count() or 1)
        page.write("synthetic", page.synthetic(run))
    if "published" in parts:
        page.write("published", page.published((case, list(case.outcomes())) for case in published.CASES))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
