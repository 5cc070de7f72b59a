"""Where the registry keeps things: PostgreSQL for what it decided, S3 for bytes, MLflow for names."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).parents[1]
MIGRATIONS: Final = next(
    folder for folder in (_PACKAGE / "migrations", _PACKAGE.parent / "migrations") if folder.is_dir()
)
"""Inside the package in a wheel, beside it in the repository."""
