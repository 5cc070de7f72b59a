"""Run a benchmark: ``python -m tests.bench NAME``; without a name, list them.

A benchmark is a module of this package with `async def measure(ground) -> Verdict`, or a list of them: it prints the
peer and ours from the same run and ends with one line a figure, whether its target holds.
"""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import sys
from pathlib import Path

from tests.bench.ground import Ground

HELPERS = {"__main__", "ground", "mlflow_upload"}


def benches() -> dict[str, str]:
    """Return the modules by the name of their benchmark."""
    found = [module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])]
    return {name.replace("_", "-"): name for name in found if name not in HELPERS}


def main(arguments: list[str]) -> int:
    """Run the benchmark named, or list all; return the exit status."""
    names = benches()
    if len(arguments) != 1 or arguments[0] not in names:
        for name, file in names.items():
            about = (importlib.import_module(f"tests.bench.{file}").__doc__ or "").splitlines()[0]
            print(f"{name:16} {about}")
        return 0 if not arguments else 2
    module = importlib.import_module(f"tests.bench.{names[arguments[0]]}")
    with Ground() as ground:
        measured = asyncio.run(module.measure(ground))
    verdicts = measured if isinstance(measured, list) else [measured]
    for verdict in verdicts:
        print(f"{arguments[0]}: {verdict}")
    return 0 if all(verdict.holds for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
