"""A fingerprint of a model: what a later examination needs of it, without its weights.

Of each part whose axis can be tested, some units are kept, and their inputs are projected to 64 numbers by one public
matrix of signs. Which units and which signs is fixed by a hash, so they depend on no model. Whatever one model's units
are, the order of the other's is then as likely as before the projection: it is applied to each unit alone, in the same
way. So the exact test stays exact; only less is seen, as a cosine of 64 numbers is off by about 1/8.

Of an MLP the same units are kept by what leads to them and by what leads away. So they can also be looked for among
all units of another model whose weights are there, at whichever place they stand.

What is public can be prepared for: whoever changes just the units that are kept is not seen by a fingerprint, but by an
examination of the weights, whose seed he cannot know.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from weights.folder import FolderRefusedError, ModelFolder

from originality import fixed
from originality.folders.part import Key, Part
from originality.folders.subject import Described, NotExamined, Subject, subject
from originality.folders.view import Units
from originality.order import UnitAxis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from originality.blocks import Blocks
    from originality.matching import Floats
    from originality.matrix import Matrix

SCHEMA: Final = "dokpamo.fingerprint/1"
DIMENSIONS: Final = 64
_UNITS, _LEAST_UNITS, _INPUTS, _TOKENS = 256, 8, 1024, 2048
# Of a layer's experts so many are kept, and of these what leads to their units.
_EXPERTS, _OF_EXPERTS = 16, ("mlp.up", "mlp.down")
# What leads to the hidden units of an MLP, and away from them.
_LEAD_TO_UNITS, _LEADS_AWAY = frozenset({"mlp.up", "mlp.gate"}), "mlp.down"
# Of 16,384 units a layer takes 8 MiB.
_LAYERS_KEPT_AT_HAND: Final = 16
_ABOUT: Final = "about"
_MOST_ABOUT_BYTES: Final = 16 * 2**20


def taken(one: Subject, *, kept: bool = False) -> Subject:
    """Return a model by its fingerprint; `kept`: as it is written, with some experts of each layer only."""
    parts = {}
    left_out = _left_out(one) if kept else frozenset()
    # A catalogue asks for the same layers again with each of its models.
    moving = lru_cache(_LAYERS_KEPT_AT_HAND)(lambda key: _all_units(one.parts[key]))
    for key, part in one.parts.items():
        if part.why is None and part.axis is UnitAxis.EXCHANGEABLE and key not in left_out:
            ways = partial(_ways_of, moving, key) if part.ways is not None and _may_move(key) else None
            parts[key] = _of(part, _form(one, part), _projected(one, part), ways)
    return Subject(replace(one.described, not_examined=()), parts)


def write_fingerprint(folder: Path, file: Path, name: str | None = None) -> int:
    """Write the fingerprint of a model folder, and return the number of its parts.

    Raises `FolderRefusedError`, `SafetensorsRefusedError` and `CheckpointFileTruncatedError`.
    """
    one = taken(subject(folder, name), kept=True)
    parts: list[dict[str, Any]] = []
    arrays: list[Floats] = []
    for part in one.parts.values():
        blocks = part.read(None)
        parts.append(
            {
                "key": asdict(part.key),
                "tensors": part.tensors,
                "assumption": part.assumption,
                "pooled": part.pooled,
                "form": part.form,
                "units": [len(block) for block in blocks],
            }
        )
        arrays.append(np.concatenate([block[:] for block in blocks]))
    about = {"schema": SCHEMA, "described": asdict(one.described), "parts": parts}
    text = json.dumps(about, sort_keys=True).encode()
    tensors = [(_ABOUT, "U8", np.frombuffer(text, np.uint8))]
    if arrays:
        tensors.append(("units", "F16", np.concatenate(arrays).astype("<f2")))
    _write(file, tensors)
    return len(arrays)


def read_fingerprint(file: Path) -> Subject:
    """Return the model that a file is the fingerprint of.

    Raises `FolderRefusedError` where it is none, and the refusals of the strict reader.
    """
    stored = ModelFolder(file)
    about = _about(stored, file)
    try:
        described = dict(about["described"])
        described["not_examined"] = tuple(NotExamined(**one) for one in described["not_examined"])
        parts = dict(_kept(about["parts"], stored))
        return Subject(Described(**described), _with_ways(parts))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FolderRefusedError("NOT_A_FINGERPRINT", file.name, str(error), SCHEMA) from error


def _kept(described: list[Any], stored: ModelFolder) -> Iterator[tuple[Key, Part]]:
    units = stored.matrix("units")[:] if "units" in stored.tensors else np.zeros((0, DIMENSIONS), np.float32)
    start = 0
    for one in described:
        blocks = []
        for count in one["units"]:
            blocks.append(units[start : start + count])
            start += count
        key, form = Key(**one["key"]), tuple(tuple(shape) for shape in one["form"])
        names, assumption = tuple(one["tensors"]), one["assumption"]
        plain = Part(key, names, UnitAxis.EXCHANGEABLE, assumption, _nothing, pooled=one["pooled"])
        yield key, _of(plain, form, tuple(blocks))
    if start != len(units):
        raise ValueError(f"{start} units are described, {len(units)} are stored")


def fingerprints(catalogue: Path) -> Iterator[Path]:
    """Give the files of a catalogue of fingerprints, in the order of their names; a catalogue of none is refused."""
    if not catalogue.is_dir():
        raise FolderRefusedError("NO_FOLDER", catalogue.name, "missing", "a folder with fingerprints")
    found = sorted(file for file in catalogue.glob("*.safetensors") if not file.name.startswith("."))
    if not found:
        raise FolderRefusedError(
            "NO_FINGERPRINTS", catalogue.name, "without fingerprints", "a folder with fingerprints"
        )
    yield from found


def _about(stored: ModelFolder, file: Path) -> dict[str, Any]:
    about = stored.tensors.get(_ABOUT)
    if about is None or about.tensor.dtype != "U8" or about.tensor.elements > _MOST_ABOUT_BYTES:
        raise FolderRefusedError("NOT_A_FINGERPRINT", file.name, "a file without a description", SCHEMA)
    try:
        made = json.loads(about.mapped().tobytes())
    except (ValueError, RecursionError) as error:
        raise FolderRefusedError("NOT_A_FINGERPRINT", file.name, str(error), SCHEMA) from error
    if not isinstance(made, dict) or made.get("schema") != SCHEMA:
        raise FolderRefusedError("NOT_A_FINGERPRINT", file.name, "another schema", SCHEMA)
    return made


def _nothing(_tokens: object) -> Blocks:
    return ()


def _of(
    part: Part,
    form: tuple[tuple[int, ...], ...],
    blocks: Blocks,
    ways: Callable[[Blocks], tuple[Matrix, Matrix]] | None = None,
) -> Part:
    return replace(part, read=lambda _: blocks, form=form, tokens=None, ways=ways, heads=None)


def _may_move(key: Key) -> bool:
    """Say whether units of a part are kept by what leads to them and by what leads away: hidden units of one MLP."""
    return key.kind in _LEAD_TO_UNITS and key.expert is None


def _ways_of(moving: Callable[[Key], tuple[Matrix, Matrix]], key: Key, _kept: Blocks) -> tuple[Matrix, Matrix]:
    return moving(key)


def _all_units(part: Part) -> tuple[Matrix, Matrix]:
    """Return what leads to all units of a part and away from them, projected as those that a fingerprint keeps."""
    assert part.ways is not None
    inputs, away = part.ways(part.read(None))
    return _units(inputs, np.arange(len(inputs))), _units(away, np.arange(len(away)))


def _with_ways(parts: Mapping[Key, Part]) -> dict[Key, Part]:
    """Return kept parts so that units can be looked for at other places: the same ones are kept of both their ways."""
    made = dict(parts)
    for key, part in parts.items():
        away = parts.get(replace(key, kind=_LEADS_AWAY))
        if away is not None and _may_move(key):
            blocks = (*part.read(None), *away.read(None))
            if len(blocks) == 2 and len(blocks[0]) == len(blocks[1]):  # noqa: PLR2004 - one of each
                made[key] = replace(part, ways=partial(_both, *blocks))
    return made


def _both(inputs: Matrix, outputs: Matrix, _own: Blocks) -> tuple[Matrix, Matrix]:
    return inputs, outputs


def _form(one: Subject, part: Part) -> tuple[tuple[int, ...], ...]:
    """Return what two parts need in common: the shapes of the weights, or how many channels stand for tokens."""
    if part.tokens is not None:
        return ((part.shapes()[0][0],), (int(bool(one.vocabulary)),))
    return part.shapes()


def _left_out(one: Subject) -> frozenset[Key]:
    """Return which parts of experts are not kept."""
    kinds: dict[tuple[str, int | None, str], set[str]] = defaultdict(set)
    experts = [key for key in one.parts if key.expert is not None]
    for key in experts:
        kinds[key.tower, key.layer, key.group].add(key.kind)
    wanted = {layer: next((kind for kind in _OF_EXPERTS if kind in some), None) for layer, some in kinds.items()}
    return frozenset(
        key for key in experts if key.kind != wanted[key.tower, key.layer, key.group] or (key.expert or 0) >= _EXPERTS
    )


def _projected(one: Subject, part: Part) -> Blocks:
    if part.tokens is not None:
        return (_tokens(one, part),)
    blocks = part.read(None)
    each = max(_LEAST_UNITS, _UNITS // len(blocks))
    return tuple(_units(block, fixed.places("units", len(block), each)) for block in blocks)


def _units(block: Matrix, rows: Any) -> Floats:
    width = block.shape[1]
    some = fixed.places("inputs", width, _INPUTS)
    narrow = block.with_columns(some)[rows] if isinstance(block, Units) else block[rows][:, some]
    return _directions(narrow, fixed.signs("inputs", len(some), DIMENSIONS))


def _tokens(one: Subject, part: Part) -> Floats:
    """Project channels over tokens: each token has signs of its own, at whichever row it stands."""
    assert part.tokens is not None
    rows = {word: row for word, row in one.vocabulary.items() if row < part.tokens} or {
        f"row {row}": row for row in range(part.tokens)
    }
    words = fixed.least(list(rows), _TOKENS)
    values = part.read(np.array([rows[word] for word in words], dtype=np.intp))[0]
    units = fixed.places("units", len(values), _UNITS)
    return _directions(values[units], fixed.signs_of(words, DIMENSIONS))


def _directions(units: Floats, signs: Floats) -> Floats:
    """Project units and scale each to length one, in half precision, as it is kept."""
    with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is refused below
        made = units.astype(np.float64) @ signs
    lengths = np.linalg.norm(made, axis=1, keepdims=True)
    if not np.isfinite(lengths).all():
        unit = int(np.flatnonzero(~np.isfinite(lengths[:, 0]))[0])
        raise FolderRefusedError("NOT_FINITE", "a fingerprint", f"unit {unit}", "every weight is finite")
    scaled = np.divide(made, lengths, out=np.zeros(made.shape), where=lengths > 0)
    kept: Floats = scaled.astype(np.float16).astype(np.float32)
    return kept


def _write(file: Path, tensors: list[tuple[str, str, Any]]) -> None:
    header: dict[str, Any] = defaultdict(dict)
    end = 0
    for name, dtype, values in tensors:
        header[name] = {"dtype": dtype, "shape": list(values.shape), "data_offsets": [end, end + values.nbytes]}
        end += values.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    # Whole or not at all: a catalogue is read while others write into it.
    part = file.with_name(f".{file.name}.part")
    part.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(values.tobytes() for _, _, values in tensors))
    part.replace(file)
