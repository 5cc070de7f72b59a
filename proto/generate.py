"""Build hook: turn the contracts into Python modules and type stubs under ``gen/`` (never in git)."""

from __future__ import annotations

import shutil
import sys
from importlib import resources
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class GenerateContracts(BuildHookInterface):  # type: ignore[type-arg]
    """Run protoc over every ``.proto`` file of this folder."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Write ``gen/dokpamo/**``; raise where protoc refuses a contract."""
        from grpc_tools import protoc

        root = Path(self.root)
        generated = root / "gen"
        shutil.rmtree(generated, ignore_errors=True)
        generated.mkdir()
        contracts = sorted(str(path.relative_to(root)) for path in (root / "dokpamo").rglob("*.proto"))
        plugin = Path(sys.executable).parent / "protoc-gen-mypy"
        status = protoc.main(
            [
                "protoc",
                f"--proto_path={root}",
                f"--proto_path={resources.files('grpc_tools') / '_proto'}",
                f"--plugin=protoc-gen-mypy={plugin}",
                f"--python_out={generated}",
                f"--mypy_out=quiet:{generated}",
                *contracts,
            ]
        )
        if status != 0:
            message = f"protoc refused the contracts (status {status})"
            raise RuntimeError(message)
        for folder in [generated / "dokpamo", *(p for p in (generated / "dokpamo").rglob("*") if p.is_dir())]:
            (folder / "__init__.py").touch()
            (folder / "py.typed").touch()
