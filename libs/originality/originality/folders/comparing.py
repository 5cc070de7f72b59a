"""Two model folders, part by part: opened, planned, tested and told."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from threadpoolctl import threadpool_limits

from originality.examining import examine
from originality.finding import MOVED, Finding
from originality.folders.axis import axes
from originality.folders.context import context
from originality.folders.fingerprint import fingerprints, read_fingerprint, taken
from originality.folders.planning import Plan
from originality.folders.report import FolderReport, Place, Told
from originality.folders.subject import Subject, subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from weights.folder import ModelFolder

    from originality.examining import ComponentFinding, Examination
    from originality.folders.part import Key, Part
    from originality.folders.planning import Planned
    from originality.measuring import Component

    Progress = Callable[[int, int, str], None]

UNITS: Final = 512
"""Units that are sampled of a component, unless it is said otherwise."""
INPUTS: Final = 1024
"""Inputs of a unit that are looked at, of which there are often more."""
MOVED_LAYERS: Final = 4
"""Layers of a tower that are searched for moved units; all of them, where one of these shows some."""
LEVEL: Final = 0.001


def examine_folders(
    first: Path,
    second: Path,
    *,
    seed: int,
    level: float = LEVEL,
    units: int = UNITS,
    inputs: int = INPUTS,
    moved_layers: int = MOVED_LAYERS,
    initial: Path | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> FolderReport:
    """Examine two models in folders (or safetensors files), streaming, in less than 1 GiB of memory.

    `initial` is a folder with the initialisation as it was made again from the recorded seed and code. `progress` is
    called with the number of components that are under way, of how many, and the name of the latest.
    Raises `WeightsRefusedError`, `FolderRefusedError`, `SafetensorsRefusedError` and `CheckpointFileTruncatedError`.

    Source: registry-and-originality.md, "Originality examination": findings per component, each with test, assumption.
    """
    reference, examined = subject(first), subject(second)
    if reference.folder and examined.folder:
        reference = _with(first, reference, examined.folder)
        examined = _with(second, examined, reference.folder)
    return compare(
        reference,
        examined,
        seed=seed,
        level=level,
        units=units,
        inputs=inputs,
        moved_layers=moved_layers,
        initial=None if initial is None else _with(initial, subject(initial), examined.folder or reference.folder),
        workers=workers,
        progress=progress,
    )


def _with(path: Path, one: Subject, other: ModelFolder | None) -> Subject:
    """Return a model that has no configuration as read with that of the other one."""
    if one.folder is None or one.folder.configuration or other is None or not other.configuration:
        return one
    return subject(path, otherwise=other.configuration)


def examine_against(
    catalogue: Path,
    folder: Path,
    *,
    seed: int,
    level: float = LEVEL,
    workers: int = 1,
    progress: Callable[[int, int, str], None] | None = None,
) -> tuple[FolderReport, ...]:
    """Examine a model in a folder against each fingerprint of a catalogue: one family of tests for all of them.

    `progress` is called with the number of the fingerprint that is compared, of how many, and its file's name.
    Raises as `examine_folders` does, and `FolderRefusedError` for a file that is no fingerprint.

    Source: registry-and-originality.md, "Originality examination": a catalogue of reference models, fingerprints kept.
    """
    files = list(fingerprints(catalogue))
    own = taken(subject(folder))
    made = []
    for number, file in enumerate(files, 1):
        if progress is not None:
            progress(number, len(files), file.name)
        made.append(
            compare(
                read_fingerprint(file),
                own,
                seed=seed,
                level=level,
                units=UNITS,
                comparisons=len(files),
                workers=workers,
            )
        )
    return tuple(made)


def compare(
    first: Subject,
    second: Subject,
    *,
    seed: int,
    level: float = LEVEL,
    units: int = UNITS,
    inputs: int = INPUTS,
    moved_layers: int = MOVED_LAYERS,
    initial: Subject | None = None,
    comparisons: int = 1,
    workers: int = 1,
    progress: Progress | None = None,
) -> FolderReport:
    """Compare two models that are already taken apart, as one of so many `comparisons`; see `examine_folders`."""
    # One thread for each matrix product: sums are then made in one order on every machine, and workers do not wait
    # for one another's threads.
    with threadpool_limits(1, "blas"):
        put_back = axes(first, second, seed)
        first = first.along({tower: one.first for tower, one in put_back.items() if one.first is not None})
        second = second.along({tower: one.second for tower, one in put_back.items()})
        plan = Plan(first, second, seed, inputs, initial)
        planned, found = _run(
            plan,
            moved_layers,
            progress,
            seed=seed,
            level=level,
            limit=units,
            comparisons=comparisons,
            workers=workers,
        )
    told = tuple(_told(one, finding) for one, finding in zip(planned, found.components, strict=True))
    used = [{getattr(pair, side).key for one in planned for pair in one.pairs} for side in _SIDES]
    folders = first.folder, second.folder
    return FolderReport(
        first=first.described,
        second=second.described,
        seed=seed,
        level=level,
        units=units,
        inputs=inputs,
        comparisons=comparisons,
        moved_layers=len({(one.key.tower, one.key.layer) for one in planned if one.moved and not one.pooled}),
        experts_left_out=plan.experts_left_out,
        by="weights" if folders[0] and folders[1] else "fingerprints",
        correction=found.correction,
        scope=found.scope,
        counts=dict(sorted(Counter(one.found.finding.value for one in told).items())),
        components=told,
        only_first=_rest(first, used[0]),
        only_second=_rest(second, used[1]),
        context=context(folders[0], folders[1], (first.vocabulary, second.vocabulary))
        if folders[0] and folders[1]
        else None,
        axes_put_back=tuple(sorted(put_back)),
    )


def _run(
    plan: Plan,
    moved_layers: int,
    progress: Progress | None,
    **settings: Any,
) -> tuple[list[Planned], Examination]:
    """Test all components; where units moved in some layers, once more with all layers searched for them."""
    planned = plan.with_moved(moved_layers)
    found = examine(_opened(plan, planned, progress), **settings)
    if any(one.test is MOVED and one.finding in _DERIVED for one in found.components):
        planned = plan.with_moved(None)
        found = examine(_opened(plan, planned, progress), **settings)
    return planned, found


_DERIVED: Final = frozenset({Finding.DERIVED, Finding.PARTLY_DERIVED})
_SIDES: Final = ("first", "second")


def _opened(plan: Plan, planned: Sequence[Planned], progress: Progress | None) -> Iterator[Component]:
    for number, one in enumerate(planned, 1):
        if progress is not None:
            progress(number, len(planned), one.name if one.key.layer is None else f"{one.name} {one.key.layer}")
        yield plan.component(one)


def _rest(one: Subject, used: set[Key]) -> tuple[str, ...]:
    """Return the tensors that no part of the other model was found for."""
    compared = {name for key, part in one.parts.items() if key in used for name in part.tensors}
    return tuple(
        sorted({name for key, part in one.parts.items() if key not in used for name in part.tensors} - compared)
    )


def _told(planned: Planned, found: ComponentFinding) -> Told:
    key = planned.key
    first, second = ([getattr(pair, side) for pair in planned.pairs] for side in _SIDES)
    heads = planned.pairs[0].heads
    return Told(
        key.tower,
        key.kind,
        len(planned.pairs),
        second[0].assumption,
        _place(first, () if heads is None else tuple(heads.tolist())),
        _place(second),
        found,
    )


def _place(parts: list[Part], heads: tuple[int, ...] = ()) -> Place:
    key = parts[0].key
    several = len(parts) > 1
    names = parts[0].tensors + parts[-1].tensors if several else parts[0].tensors
    return Place(None if several else key.layer, key.group, key.expert, names, heads)
