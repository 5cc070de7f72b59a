"""What hidden units read of each token: an image of their weights that no rotation of the residual axis changes.

Where gains are folded into the weights beside them, a model's residual axis can be turned by any rotation, and the
model says the same. No unit's weights are then like those before, but what a unit reads of a token is: weights times
embedding. Both turn together. A unit's image moves with the unit and with nothing else, so that the exact test holds
on images as it does on weights. It does not see units that were moved as well: models of their own that learnt the
same read tokens alike, and which of their units do so says nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from originality.folders.pairing import Pair
from originality.folders.part import HIDDEN, Key, Part
from originality.order import UnitAxis

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from originality.blocks import Blocks
    from originality.matching import Floats, Places
    from originality.matrix import Matrix

KIND: Final = "mlp.in by tokens"
_LAYERS: Final = 4
_TOKENS: Final = 256
_READERS: Final = ("mlp.up", "mlp.gate")


class TokenImage:
    """Units × tokens: what each unit reads of each token, less its mean over them; made in the rows asked for."""

    ndim: Literal[2] = 2
    dtype = np.dtype(np.float32)

    def __init__(self, units: Matrix, embedding: Floats) -> None:
        """Take units × residual axis, and residual axis × tokens."""
        self._units = units
        # The mean over tokens is common to all units' images and would hide what differs.
        with np.errstate(invalid="ignore"):  # what is not finite stays so, and is refused by whoever reads it
            self._embedding = embedding - embedding.mean(axis=1, keepdims=True)

    @property
    def shape(self) -> tuple[int, int]:
        """Units and tokens."""
        return len(self._units), int(self._embedding.shape[1])

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.shape[0] * self.shape[1]

    def __len__(self) -> int:
        return len(self._units)

    def __getitem__(self, key: Any) -> Floats:
        rows, columns = key if isinstance(key, tuple) else (key, slice(None))
        with np.errstate(invalid="ignore", over="ignore"):
            made: Floats = np.asarray(self._units[rows], dtype=np.float32) @ self._embedding[:, columns]
        return made


def images(pairs: Sequence[Pair]) -> Iterator[Pair]:
    """Give the pairs of images of a few layers of each tower that has embeddings in both models.

    Source: registry-and-originality.md, "Originality examination": after residual permutation and sign flips.
    """
    embeddings = {pair.second.key.tower: pair for pair in pairs if pair.second.key.kind == "embedding"}
    for tower, embedding in embeddings.items():
        by_kind = {
            kind: [pair for pair in pairs if (pair.second.key.tower, pair.second.key.kind) == (tower, kind)]
            for kind in _READERS
        }
        some = [pair for pair in next(filter(None, by_kind.values()), []) if _have_weights(pair, embedding)]
        if not some:
            continue
        for place in np.unique(np.linspace(0, len(some) - 1, min(_LAYERS, len(some))).astype(int)):
            pair = some[place]
            yield Pair(_image(pair.first, embedding.first), _image(pair.second, embedding.second), pair.spared)


def _have_weights(units: Pair, embedding: Pair) -> bool:
    """Say whether the units can be tested, and both models' embeddings are at hand: a fingerprint has no rows."""
    return all(
        part.why is None and tokens.tokens is not None and part.shapes()[0][1] == tokens.shapes()[0][0]
        for part, tokens in ((units.first, embedding.first), (units.second, embedding.second))
    )


def _image(units: Part, embedding: Part) -> Part:
    def read(tokens: Places | None) -> Blocks:
        assert tokens is not None
        some = tokens[:: -(-len(tokens) // _TOKENS)]
        return (TokenImage(units.read(None)[0], embedding.read(some)[0][:]),)

    return Part(
        Key(units.key.tower, KIND, units.key.layer, units.key.group, units.key.expert),
        (*units.tensors, *embedding.tensors),
        UnitAxis.EXCHANGEABLE,
        HIDDEN,
        read,
        tokens=embedding.tokens,
    )
