"""Plain chains of layers, in models of no known family: only names and shapes tell, and the report says so."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from originality.folders.part import CHAIN, Key, Part
from originality.folders.roles import Named, Role
from originality.order import UnitAxis

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from weights.folder import ModelFolder

    from originality.blocks import Blocks

_MATRIX: Final = 2
# The number stands right before the weight: `layers.0.weight`, `2.weight`, `W1.weight`. A number further ahead is that
# of a block, and nothing says how what is in one is tied to what is in the next.
_LINK: Final = re.compile(r"^(?P<chain>.*?(?:^|\.)W?)(?P<place>\d+)\.weight$")
_ENDS: Final = "rows of the last layer of a chain are its outputs, and those have their places by what they mean"


def chains(folder: ModelFolder, every: Iterable[Named]) -> Iterator[Part]:
    """Give the layers of each chain: those whose units are the inputs of the next one, and the last one."""
    found: dict[str, dict[int, str]] = defaultdict(dict)
    for one in every:
        link = _LINK.match(one.name) if one.role is Role.OTHER else None
        if link is not None and len(folder.tensors[one.name].tensor.shape) == _MATRIX:
            found[link["chain"]][int(link["place"])] = one.name
    for chain, links in found.items():
        names = [links[place] for place in sorted(links)]
        for place, (name, after) in enumerate(pairwise([*names, None])):
            if len(names) == 1:
                continue
            units = folder.tensors[str(name)].tensor.shape[0]
            follows = after is not None and folder.tensors[after].tensor.shape[1] == units
            yield Part(
                Key(chain.rstrip(".W"), "chain", place),
                (str(name),),
                UnitAxis.EXCHANGEABLE,
                CHAIN,
                partial(_read, folder, str(name)),
                why=None if follows else _ENDS,
            )


def _read(folder: ModelFolder, name: str, _tokens: object) -> Blocks:
    return (folder.matrix(name),)
