"""How the residual axes of two models lie to one another, told by their embeddings before anything else is compared.

Who moves the channels of the residual axis, flips their signs or turns the axis by a rotation leaves a model that says
the same and whose weights are like no others, channel by channel. The embeddings show it, as tokens stay what they are.
So the axis is put back first. What is chosen by embeddings alone leaves the order of hidden units, heads and channels
within heads as likely as before: their tests are as exact along the axis put back. What lies on the axis itself
(embeddings, head, gains) is compared as it stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from weights.stored import StoredMatrix

from originality import fixed
from originality.folders.pairing import spared_units
from originality.folders.view import along
from originality.folders.vocabulary import shared_rows
from originality.matching import cosines, match
from originality.moved import align, alignable
from originality.refusing import WeightsRefusedError

if TYPE_CHECKING:
    from originality.folders.part import Part
    from originality.folders.subject import Subject
    from originality.folders.view import Axis
    from originality.matching import Floats, Places

_ALIGNED_BY: Final = ("embedding", "patches")
_MOST_ALIGNED: Final = 4096  # channels: more take more memory than is allowed
_GLANCE: Final = 256  # half of so many channels at their own places: nothing was moved
_TOKENS: Final = 512
# How alike likenesses of tokens are where an axis was turned. Of 1,275 independent pairs it was 0.47 at the most, of
# copies with noise of half their size 0.9. Of patches it says nothing: pixels are alike by where they are.
_TURNED_ABOVE: Final = 0.8
_MOVED_ABOVE: Final = 0.8  # how alike channels are that were only moved
_BY: Final = ("mlp.up", "mlp.gate")
_LOOKED_AT_LAYERS, _AMONG, _MORE = 2, 2048, 1.25
# Directions of the embedding that are so small beside the greatest are rounding.
_FLAT: Final = 0.01


@dataclass(frozen=True, slots=True)
class Axes:
    """How a tower's axis is to be read in the first and in the second model, so that both lie alike."""

    first: Axis | None
    second: Axis


def tokens_of(first: Subject, second: Subject, parts: tuple[Part, Part], seed: int) -> tuple[Places, Places] | None:
    """Return which rows of two embeddings stand for the same tokens; None of parts that have no tokens."""
    rows = parts[0].tokens, parts[1].tokens
    if rows[0] is None or rows[1] is None:
        return None
    rng = np.random.default_rng([seed, rows[0], rows[1]])
    return shared_rows(first.vocabulary, second.vocabulary, (rows[0], rows[1]), rng)


def axes(first: Subject, second: Subject, seed: int) -> dict[str, Axes]:
    """Return the towers whose axis was moved or turned, and how; others lie alike, or nothing tells.

    Of fingerprints, which have no axis to read along, there are none. Raises `WeightsRefusedError`.

    Source: registry-and-originality.md, "Originality examination": align on the embeddings first.
    """
    made: dict[str, Axes] = {}
    if first.folder is None or second.folder is None:
        return made
    for kind in _ALIGNED_BY:
        for key, part in second.parts.items():
            other = first.parts.get(key)
            if key.kind == kind and other is not None and key.tower not in made:
                try:
                    found = _found(other, part, tokens_of(first, second, (other, part), seed), seed)
                except WeightsRefusedError as refused:
                    field = f"{key.tower} {kind}: {refused.field}"
                    raise WeightsRefusedError(refused.code, field, refused.value, refused.rule) from refused
                if found is not None and not _lies_as_it_stands(first, second, key.tower, found):
                    made[key.tower] = found
    return made


def _found(first: Part, second: Part, rows: tuple[Places, Places] | None, seed: int) -> Axes | None:
    """Compare channels × tokens (or × the values of a patch) of two models."""
    left, right = (part.read(some)[0] for part, some in zip((first, second), rows or (None, None), strict=True))
    if left.shape != right.shape:
        return None
    rng = np.random.default_rng([seed, len(left)])
    if 2 * match(left, right, rng, _GLANCE).matched >= min(_GLANCE, len(left)):
        return None
    tall = [np.ascontiguousarray(channels[:].T) for channels in (left, right)]
    moved = align(tall[0], tall[1], rng) if len(left) <= _MOST_ALIGNED and alignable(tall[0], tall[1], rng) else None
    # Channels of an axis that was turned find one another too, after a fashion.
    if rows is not None and (moved is None or np.median(moved.likeness) < _MOVED_ABOVE):
        some = [_centred(tokens[:: -(-len(tokens) // _TOKENS)]) for tokens in tall]
        if _likeness(some[0], some[1]) >= _TURNED_ABOVE:
            return Axes(_basis(some[0]), _basis(some[1]))
    return None if moved is None else Axes(None, moved)


def _lies_as_it_stands(first: Subject, second: Subject, tower: str, axes: Axes) -> bool:
    """Say whether hidden units are more alike along the axis as it stands: then embeddings only look as if it was not.

    Embeddings made anew are alike by what they say of frequent tokens. Some hidden units, those that tests spare, are
    looked for among all of the other model's, wherever they are. The order of all others is then as likely as before.
    """
    keys = [
        key
        for kind in _BY
        for key in second.parts
        if (key.tower, key.kind) == (tower, kind) and key.expert is None and key in first.parts
    ]
    likest = np.zeros(2)
    for key in keys[:: -(-len(keys) // _LOOKED_AT_LAYERS)] if keys else ():
        (left,), (right,) = first.parts[key].read(None), second.parts[key].read(None)
        if left.shape[1] != right.shape[1] or not isinstance(left, StoredMatrix) or not isinstance(right, StoredMatrix):
            continue
        places = fixed.places("units of an axis", len(left), _AMONG), spared_units(len(right))
        for way, ends in enumerate(((None, None), (axes.first, axes.second))):
            sides = [along(matrix, axis) for matrix, axis in zip((left, right), ends, strict=True)]
            cosine = np.abs(cosines(sides[0], sides[1], *places)).max(axis=0).mean()
            # In fewer directions chance makes greater cosines.
            likest[way] += cosine * np.sqrt(sides[0].shape[1])
    return bool(likest[0] > _MORE * likest[1])


def _centred(tokens: Floats) -> Floats:
    made: Floats = tokens - tokens.mean(axis=0)
    return made


def _likeness(first: Floats, second: Floats) -> float:
    """Return the correlation of what two models say of how alike tokens are: no rotation changes it."""
    if not np.isfinite(first).all() or not np.isfinite(second).all():
        return 0.0  # and refused where it is tested
    above = np.triu_indices(len(first), 1)
    told = [(tokens @ tokens.T)[above].astype(np.float64) for tokens in (first, second)]
    if len(above[0]) < len(first) or min(map(np.std, told)) == 0:
        return 0.0
    return float(np.corrcoef(told[0], told[1]).flat[1])


def _basis(tokens: Floats) -> Floats:
    """Return axis × tokens: the nearest directions to the tokens' own that are at right angles to one another.

    It turns as the embedding turns. What units read along it keeps their cosines, as far as the tokens span the axis.
    """
    left, sizes, right = np.linalg.svd(tokens, full_matrices=False)
    kept = sizes > _FLAT * sizes[0]
    made: Floats = right[kept].T @ left[:, kept].T
    return made
