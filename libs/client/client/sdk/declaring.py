"""What is declared of a checkpoint, taken from its folder where the folder says it, before anything is sent."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from dokpamo.registry.v1 import service_pb2 as pb
from weights.safetensors import LENGTH_BYTES, header_length, read_header

from client.sdk.transfer import file_sha256

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

TRAINING_LOG: Final = "training_log.jsonl"


def declared(
    folder: Path,
    *,
    licence: str,
    period: str,
    seed: int = 0,
    job_id: str = "",
    lineage: Iterable[pb.LineageEdge] = (),
    training_log: Path | None = None,
    initialisation: Path | None = None,
) -> pb.Declaration:
    """Return a declaration of the checkpoint in `folder`; parameters and element type are those of its weights.

    `training_log` is by default the folder's own, where it has one; `initialisation` is the code that draws the initial
    weights. Raises what `weights_of` raises, and `OSError`.
    """
    elements = weights_of(folder)
    log = training_log or folder / TRAINING_LOG
    return pb.Declaration(
        licence=licence,
        period=period,
        seed=seed,
        job_id=job_id,
        lineage=lineage,
        parameters=elements.total(),
        dtype=max(elements, key=lambda dtype: (elements[dtype], dtype), default=""),
        training_log_sha256=file_sha256(log) if training_log or log.is_file() else "",
        initialisation_sha256=file_sha256(initialisation) if initialisation else "",
    )


def weights_of(folder: Path) -> Counter[str]:
    """Return how many elements of each type the safetensors headers below `folder` declare.

    Whether it is true is the registry's to say. Raises `SafetensorsRefusedError` and `CheckpointFileTruncatedError`
    with the file and the tensor: a broken file is found before hundreds of gigabytes are on their way.
    """
    elements: Counter[str] = Counter()
    for path in sorted(folder.rglob("*.safetensors")):
        name, size = path.relative_to(folder).as_posix(), path.stat().st_size
        with path.open("rb") as file:
            length = header_length(name, file.read(LENGTH_BYTES), size)
            for tensor in read_header(name, file.read(length), size):
                elements[tensor.dtype] += tensor.elements
    return elements
