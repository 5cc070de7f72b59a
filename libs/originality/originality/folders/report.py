"""What is found of two models, as it is told and kept."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from originality.examining import ComponentFinding
    from originality.folders.context import Context
    from originality.folders.subject import Described

SCHEMA: Final = "dokpamo.originality/2"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a component is in one model: its layer (None: several, or none), group and expert, and its tensors.

    `heads` are, of the first model, the heads that stand beside each one of the second, where these were moved.
    """

    layer: int | None
    group: str
    expert: int | None
    tensors: tuple[str, ...]
    heads: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """A component of two models: what it is, where in each, why its units are exchangeable, and what was found."""

    tower: str
    kind: str
    layers: int
    axis: str
    first: Place
    second: Place
    found: ComponentFinding


@dataclass(frozen=True, slots=True)
class FolderReport:
    """All that is found of two models. The same models, seed and settings give the same report, to the byte.

    `seed` is drawn after both models are fixed, and by others than who made them. Of layers with more than 32 experts
    it draws 32, and `experts_left_out` of all layers are left out. `moved_layers` were searched for units that were
    moved, and in the towers of `axes_put_back` the residual axis was moved or turned, and was put back by the
    embeddings before all else was compared.
    """

    first: Described
    second: Described
    seed: int
    level: float
    units: int
    inputs: int
    comparisons: int
    moved_layers: int
    experts_left_out: int
    by: str
    correction: str
    scope: str
    counts: Mapping[str, int]
    components: tuple[Told, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    context: Context | None
    axes_put_back: tuple[str, ...] = ()
    schema: str = SCHEMA

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)
