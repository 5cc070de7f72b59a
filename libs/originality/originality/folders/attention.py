"""Attention: which channels and heads change places without a change of the function.

- Values and output, within a head: channel c of the value rows with column c of the output. Always exchangeable.
- Queries and keys, within a head: exchangeable where no rotation ties a channel to its frequency.
- Heads: exchangeable within a layer, and where several query heads share a key, within each such group. With rotation
  this is the only axis that queries and keys have. A layer has few heads, so all layers are one component.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from originality import fixed
from originality.folders.part import HEADS, PAIRS_WITHIN_HEADS, RANK, WITHIN_HEADS, Heads, Key, Part
from originality.folders.roles import Role
from originality.folders.view import View, units
from originality.order import UnitAxis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from weights.folder import ModelFolder

    from originality.blocks import Blocks
    from originality.folders.geometry import Geometry
    from originality.folders.view import Axis, Units
    from originality.matching import Floats, Places
    from originality.matrix import Matrix

    Rows = Callable[[], Units]

# Of a head, so many channels and inputs are looked at: the same of each, so that all have the same inputs.
_CHANNELS, _INPUTS = 8, 512
_UNKNOWN = "the number of heads and their width are not known, so nothing tells which rows belong together"
_ONE_HEAD = "one head shared by all: there is nothing to change places with"


@dataclass(frozen=True, slots=True)
class _Layout:
    """How rows are heads: `queries` heads ask, in `groups` that share a key and a value each, of `width` channels.

    `each` rows of queries, keys or values lie from the begin of one head to that of the next.
    """

    queries: int
    groups: int
    width: int
    each: int

    @property
    def in_group(self) -> int:
        """Query heads that share a key."""
        return self.queries // self.groups

    def starts(self, role: Role) -> Places:
        """Return where each head begins among the rows; the columns of the output stand close in fused ones too."""
        count = self.queries if role in {Role.QUERY, Role.OUTPUT} else self.groups
        return np.arange(count) * (self.width if role is Role.OUTPUT else self.each)


def attention(
    folder: ModelFolder, roles: Mapping[Role, str], where: Key, geometry: Geometry, axis: Axis | None, *, turned: bool
) -> Iterator[Part]:
    """Give the parts of one layer's attention. `turned`: matrices are stored inputs × units, as GPT-2 has them.

    Source: registry-and-originality.md, "Originality examination": test only axes proven exchangeable.
    """
    if Role.LATENT_UP in roles:
        yield from _latent(folder, roles, where, geometry, axis)
        return
    rows: dict[Role, Rows] = {
        role: partial(units, folder, roles[role], axis, turned=turned != (role is Role.OUTPUT))
        for role in (Role.VALUE, Role.OUTPUT, Role.QUERY, Role.KEY)
        if role in roles
    }
    if Role.FUSED in roles:
        rows |= _split(partial(units, folder, roles[Role.FUSED], axis, turned=turned), geometry)
    layout = _layout(rows, geometry, fused=Role.FUSED in roles)
    for role, read in rows.items():
        key, names = replace(where, kind=f"attention.{role.value}"), (roles.get(role) or roles[Role.FUSED],)
        if layout is None:
            yield Part(key, names, UnitAxis.EXCHANGEABLE, "", partial(_alone, read), _UNKNOWN)
            continue
        heads = Heads(layout.queries, layout.in_group, partial(_blocks_of, read, role, layout))
        if geometry.rotary and role in {Role.QUERY, Role.KEY}:
            # Heads that share a key change places within their group, and keys within the layer.
            alone = role is Role.KEY or layout.in_group == 1
            blocks = (1, layout.groups) if alone else (layout.groups, layout.in_group)
            yield Part(
                replace(key, kind=f"{key.kind} heads"),
                names,
                UnitAxis.EXCHANGEABLE,
                HEADS,
                partial(_head_by_head, read, blocks, layout),
                _ONE_HEAD if blocks[1] == 1 else None,
                pooled=True,
                ways=_ways(rows, role, layout, _whole_heads),
                heads=heads,
            )
        else:
            assumption = PAIRS_WITHIN_HEADS if role in {Role.QUERY, Role.KEY} else WITHIN_HEADS
            yield Part(
                key,
                names,
                UnitAxis.EXCHANGEABLE,
                assumption,
                partial(_firsts, heads),
                ways=_ways(rows, role, layout, _all_channels),
                heads=heads,
            )


def _alone(read: Rows, _tokens: object) -> Blocks:
    return (read(),)


def _blocks_of(rows: Rows, role: Role, layout: _Layout, heads: Places) -> Blocks:
    """Return the rows of each of these query heads, or of the key or value that it shares."""
    matrix = rows()
    starts = layout.starts(role)
    places = heads if len(starts) == layout.queries else heads // layout.in_group
    return tuple(matrix.part(slice(start, start + layout.width)) for start in starts[places].tolist())


def _firsts(heads: Heads, _tokens: object) -> Blocks:
    return heads.read(heads.firsts())


# What leads to a unit, and what leads away from it, or meets it: neither is changed by another order of the query heads
# that share a key, as it is their sum that is looked at.
_MET_BY = {Role.VALUE: Role.OUTPUT, Role.KEY: Role.QUERY}


def _ways(
    rows: Mapping[Role, Rows], role: Role, layout: _Layout, cut: Callable[[Rows, Places, int], Matrix]
) -> Callable[[Blocks], tuple[Matrix, Matrix]] | None:
    """Return how units that may have moved are read: those of values with the output's, those of keys with queries'."""
    other = _MET_BY.get(role)
    if other is None or other not in rows:
        return None
    to, away = (layout.starts(one).reshape(layout.groups, -1) for one in (role, other))
    return lambda _: (cut(rows[role], to, layout.width), cut(rows[other], away, layout.width))


def _all_channels(rows: Rows, starts: Places, width: int) -> Matrix:
    """Return the channels of all heads: each the sum over the heads that share it (groups × heads of a group)."""
    return View(rows(), (starts[:, None, :] + np.arange(width)[:, None]).reshape(-1, starts.shape[1]))


def _whole_heads(rows: Rows, starts: Places, width: int) -> Matrix:
    """Return heads as units, channel by channel: each the sum over the heads that share it."""
    made: Floats = _flat(rows(), starts.ravel(), width).reshape(*starts.shape, -1).sum(axis=1)
    return made


def _split(fused: Rows, geometry: Geometry) -> dict[Role, Rows]:
    """Tell queries, keys and values apart in one fused matrix; none where heads are not known, or do not fit."""
    heads, width = geometry.heads, geometry.head_dim
    if not heads or not width:
        return {}
    keys = (len(fused()) // width - heads) // 2
    if keys < 1 or len(fused()) != (heads + 2 * keys) * width:
        return {}
    if geometry.interleaved:
        starts, each, counts = (0, width, 2 * width), 3 * width, (heads, heads, heads)
    else:
        starts, each, counts = (0, heads * width, (heads + keys) * width), width, (heads, keys, keys)

    def cut(start: int, count: int) -> Units:
        return fused().part(slice(start, start + (count - 1) * each + width))

    roles = (Role.QUERY, Role.KEY, Role.VALUE)
    return {role: partial(cut, start, count) for role, start, count in zip(roles, starts, counts, strict=True)}


def _layout(rows: Mapping[Role, Rows], geometry: Geometry, *, fused: bool) -> _Layout | None:
    """Return how rows are heads, by the configuration and confirmed by the matrices; None where they do not agree."""
    heads, width = geometry.heads, geometry.head_dim
    if not heads or not width:
        return None
    each = 3 * width if fused and geometry.interleaved else width
    shared = rows.get(Role.VALUE) or rows.get(Role.KEY)
    groups = (len(shared()) - width) // each + 1 if shared else geometry.kv_heads or heads
    wanted = {
        Role.QUERY: (heads - 1) * each + width,
        Role.KEY: (groups - 1) * each + width,
        Role.VALUE: (groups - 1) * each + width,
        Role.OUTPUT: heads * width,
    }
    fits = groups > 0 and heads % groups == 0 and all(len(read()) == wanted[role] for role, read in rows.items())
    return _Layout(heads, groups, width, each) if fits else None


def _within(rows: Rows, count: int, start: int, width: int, each: int, _tokens: object) -> Blocks:
    """Return `width` rows of each head, or group of heads, as a block: those from `start` on, every `each` rows."""
    matrix = rows()
    return tuple(matrix.part(slice(head * each + start, head * each + start + width)) for head in range(count))


def _head_by_head(rows: Rows, blocks: tuple[int, int], layout: _Layout, _tokens: object) -> Blocks:
    """Return for each block of heads the heads as units."""
    heads = _flat(rows(), layout.each * np.arange(blocks[0] * blocks[1]), layout.width)
    return tuple(heads.reshape(*blocks, -1))


def _flat(matrix: Units, starts: Places, width: int) -> Floats:
    """Return each head as one row: some channels of it, and some of their inputs."""
    channels = fixed.places("channels", width, _CHANNELS)
    inputs = fixed.places("inputs of heads", matrix.shape[1], _INPUTS)
    return np.stack([matrix[start + channels][:, inputs].ravel() for start in starts])


def _latent_fits(folder: ModelFolder, roles: Mapping[Role, str], geometry: Geometry) -> bool:
    """Say whether heads and widths are known, and the matrices have the rows and columns that they ask for."""
    heads, nope, values, latent = geometry.heads, geometry.nope_dim, geometry.v_head_dim, geometry.latent
    if not heads or not nope or not values or not latent:
        return False
    shapes = {role: folder.tensors[name].tensor.shape for role, name in roles.items()}
    return (
        shapes[Role.LATENT_UP][0] == heads * (nope + values)
        and shapes.get(Role.LATENT_DOWN, (latent,))[0] >= latent
        and shapes.get(Role.OUTPUT, (0, heads * values))[1] == heads * values
    )


def _latent(
    folder: ModelFolder, roles: Mapping[Role, str], where: Key, geometry: Geometry, axis: Axis | None
) -> Iterator[Part]:
    """Give the parts of attention with low-rank queries, keys and values (multi-head latent attention)."""
    known = _latent_fits(folder, roles, geometry)
    heads, nope, values = geometry.heads or 1, geometry.nope_dim or 1, geometry.v_head_dim or 1

    def read(role: Role) -> Rows:
        return partial(units, folder, roles[role], axis, turned=role is Role.OUTPUT)

    def first(role: Role, width: int | None) -> Callable[[object], Blocks]:
        return lambda _: (read(role)().part(slice(0, width)),)

    def moved(_own: Blocks) -> tuple[Matrix, Matrix]:
        each = np.arange(heads)[:, None]
        return (
            _all_channels(read(Role.LATENT_UP), each * shared + nope, values),
            _all_channels(read(Role.OUTPUT), each * values, values),
        )

    shared = nope + values
    for kind, role, assumption, cut in (
        ("q_a", Role.QUERY_DOWN, RANK, first(Role.QUERY_DOWN, None)),
        ("kv_a", Role.LATENT_DOWN, RANK, first(Role.LATENT_DOWN, geometry.latent)),
        (
            "kv_b values",
            Role.LATENT_UP,
            WITHIN_HEADS,
            partial(_within, read(Role.LATENT_UP), heads, nope, values, shared),
        ),
        (
            "kv_b keys",
            Role.LATENT_UP,
            PAIRS_WITHIN_HEADS,
            partial(_within, read(Role.LATENT_UP), heads, 0, nope, shared),
        ),
        ("o", Role.OUTPUT, WITHIN_HEADS, lambda _: _within(read(Role.OUTPUT), heads, 0, values, values, _)),
    ):
        if role in roles:
            key = replace(where, kind=f"attention.{kind}")
            blocks, why = (cut, None) if known else (partial(_alone, read(role)), _UNKNOWN)
            ways = moved if known and kind == "kv_b values" and Role.OUTPUT in roles else None
            yield Part(key, (roles[role],), UnitAxis.EXCHANGEABLE, assumption, blocks, why, ways=ways)
