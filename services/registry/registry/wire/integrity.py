"""Between the contract's messages on integrity and the registry's own shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.instants import stamp
from dokpamo.registry.v1 import integrity_events_pb2 as events

if TYPE_CHECKING:
    from registry.domain.integrity import Damage


def damaged_event(damage: Damage) -> events.PartDamaged:
    """Return the event that a part is damaged. It names no bytes: these are not everybody's to know."""
    return events.PartDamaged(
        damage_id=damage.damage_id,
        team_id=damage.part.team_id,
        kind=damage.kind.value,
        checkpoint_digests=dict.fromkeys(place.checkpoint_digest for place in damage.places),
        found_at=stamp(damage.found_at),
    )


def healed_event(damage: Damage) -> events.PartHealed:
    """Return the event that a damaged part is whole again."""
    assert damage.healed_at is not None
    return events.PartHealed(damage_id=damage.damage_id, team_id=damage.part.team_id, healed_at=stamp(damage.healed_at))
