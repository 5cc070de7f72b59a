"""What is declared of a checkpoint, taken from its folder where the folder says it, before anything is sent."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Final

from common.clock import SEOUL
from dokpamo.registry.v1 import service_pb2 as pb
from weights.card import CARD, front_matter, licences
from weights.safetensors import LENGTH_BYTES, header_length, read_header

from client.sdk.transfer import file_sha256

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from pathlib import Path

TRAINING_LOG: Final = "training_log.jsonl"
_LAST_MONTH_OF_FIRST_HALF: Final = 6


class LicenceMissingError(Exception):
    """No licence is declared, and the model card names none."""

    code = "LICENCE_MISSING"

    def __init__(self, value: str) -> None:
        """Keep what there is instead as `value`."""
        self.field = f"{CARD}: license"
        self.value = value
        self.rule = "must name one licence where none is declared (--licence)"
        super().__init__(f"{self.field}: {self.rule}: {value}")


def declared(
    folder: Path,
    *,
    licence: str = "",
    period: str = "",
    seed: int = 0,
    job_id: str = "",
    lineage: Iterable[pb.LineageEdge] = (),
    training_log: Path | None = None,
    initialisation: Path | None = None,
) -> pb.Declaration:
    """Return a declaration of the checkpoint in `folder`; parameters and element type are those of its weights.

    `licence` is by default the one that its model card names, `period` the half-year of today in Seoul, `training_log`
    the folder's own, where it has one; `initialisation` is the code that draws the initial weights. Raises
    `LicenceMissingError`, what `weights_of` raises, and `OSError`.
    """
    elements = weights_of(folder)
    log = training_log or folder / TRAINING_LOG
    return pb.Declaration(
        licence=licence or licence_of(folder),
        period=period or half_year(datetime.now(SEOUL)),
        seed=seed,
        job_id=job_id,
        lineage=lineage,
        parameters=elements.total(),
        dtype=max(elements, key=lambda dtype: (elements[dtype], dtype), default=""),
        training_log_sha256=file_sha256(log) if training_log or log.is_file() else "",
        initialisation_sha256=file_sha256(initialisation) if initialisation else "",
    )


def licence_of(folder: Path) -> str:
    """Return the licence that the model card of `folder` names, an SPDX identifier as SPDX writes it.

    Raises `LicenceMissingError` where there is no card, or it names none or several.
    """
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
    from rules import YamlRefusedError, read_yaml

    card = folder / CARD
    if not card.is_file():
        raise LicenceMissingError("no model card")
    yaml = front_matter(card.read_bytes())
    try:
        front = None if yaml is None else read_yaml(yaml)
    except YamlRefusedError as error:
        raise LicenceMissingError(str(error)) from error
    named = licences(front) if isinstance(front, dict) else []
    if len(named) != 1:
        raise LicenceMissingError(", ".join(named) or "nothing")
    try:
        return canonicalize_license_expression(named[0])
    except InvalidLicenseExpression:
        return named[0]


def half_year(day: date) -> str:
    """Return the development period that a day lies in, such as 2025-h2."""
    return f"{day.year}-h{1 if day.month <= _LAST_MONTH_OF_FIRST_HALF else 2}"


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
