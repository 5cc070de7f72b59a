"""The models that a run trains, and the folders that they are kept in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.originality.folders import written
from tests.originality.network import initial
from tests.originality.training import DECODER, ENCODER, GROUPED, MIXED

if TYPE_CHECKING:
    from pathlib import Path

    from tests.originality.making import Model
    from tests.originality.network import Shape, Weights


@dataclass(frozen=True, slots=True)
class Family:
    """Models from seeds of their own, trained for so many `steps`; each is kept as a folder, decoders with an encoder.

    Numbers go around: after the last model comes the first. Neighbours are independent. `grouped` have heads that share
    keys and values, `mixed` have experts.
    """

    folder: Path
    decoders: list[Weights]
    encoders: list[Weights]
    steps: int
    grouped: list[Weights] = field(default_factory=list)
    mixed: list[Weights] = field(default_factory=list)

    def write(self) -> None:
        """Write the folder of each model, and of the initialisation of each decoder."""
        for number in range(len(self.decoders)):
            written(self.kept(number), self.decoder(number), self.encoder(number))
            written(self.begun(number), (DECODER, initial(DECODER, number)))
        for sort in (GROUPED, MIXED):
            for number in range(len(self._of(sort))):
                written(self.kept(number, sort), self.model(sort, number))

    def kept(self, number: int, sort: Shape = DECODER) -> Path:
        """Return the folder of a model."""
        name = {DECODER: "model", GROUPED: "grouped", MIXED: "mixed"}[sort]
        return self.folder / f"{name}-{number % len(self._of(sort))}"

    def begun(self, number: int) -> Path:
        """Return the folder with the initialisation of its decoder."""
        return self.folder / f"initial-{number % len(self.decoders)}"

    def model(self, sort: Shape, number: int) -> Model:
        """Return a model of a sort."""
        some = self._of(sort)
        return sort, some[number % len(some)]

    def decoder(self, number: int) -> Model:
        """Return the decoder of a model."""
        return self.model(DECODER, number)

    def encoder(self, number: int) -> Model:
        """Return its encoder of images."""
        return self.model(ENCODER, number)

    def _of(self, sort: Shape) -> list[Weights]:
        return {DECODER: self.decoders, ENCODER: self.encoders, GROUPED: self.grouped, MIXED: self.mixed}[sort]
