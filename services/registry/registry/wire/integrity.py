"""Between the contract's messages on integrity and the registry's own shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.instants import stamp
from dokpamo.registry.v1 import integrity_events_pb2 as events
from dokpamo.registry.v1 import integrity_pb2 as pb

if TYPE_CHECKING:
    from registry.domain.catalogue import Noted
    from registry.domain.integrity import Damage, Integrity


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


def differed_event(noted: Noted) -> events.RegistryDiffered:
    """Return the event that something is otherwise than the tables have it."""
    return events.RegistryDiffered(
        difference_id=noted.difference_id,
        kind=noted.difference.kind.value,
        team_id=noted.difference.team_id,
        repaired=noted.difference.repaired,
        found_at=stamp(noted.found_at),
    )


def from_damage(damage: Damage) -> pb.Damage:
    """Return `damage` as a message."""
    return pb.Damage(
        damage_id=damage.damage_id,
        team_id=damage.part.team_id,
        sha256=bytes.fromhex(damage.part.sha256),
        size_bytes=damage.part.size_bytes,
        kind=damage.kind.value,
        problem=damage.problem,
        found_at=stamp(damage.found_at),
        healed_at=None if damage.healed_at is None else stamp(damage.healed_at),
        places=[
            pb.DamagedPlace(checkpoint_digest=place.checkpoint_digest, path=place.path, offset_bytes=place.offset_bytes)
            for place in damage.places
        ],
    )


def from_difference(noted: Noted) -> pb.Difference:
    """Return a difference as a message."""
    told = noted.difference
    return pb.Difference(
        difference_id=noted.difference_id,
        kind=told.kind.value,
        team_id=told.team_id,
        subject=told.subject,
        field=told.field,
        expected=told.expected,
        found=told.found,
        repaired=told.repaired,
        found_at=stamp(noted.found_at),
        gone_at=None if noted.gone_at is None else stamp(noted.gone_at),
    )


def from_integrity(integrity: Integrity) -> pb.GetIntegrityResponse:
    """Return the numbers as a message."""
    oldest = integrity.oldest_read_at
    return pb.GetIntegrityResponse(
        parts=integrity.parts,
        size_bytes=integrity.size_bytes,
        oldest_read_at=None if oldest is None else stamp(oldest),
        waiting_parts=integrity.waiting_parts,
        damaged_parts=integrity.damaged_parts,
        healed_damages=integrity.healed_damages,
        checks=[
            pb.Check(
                name=each.name,
                ended_at=None if each.ended_at is None else stamp(each.ended_at),
                checked=each.checked,
                open_differences=each.open_differences,
            )
            for each in integrity.checks
        ],
    )
