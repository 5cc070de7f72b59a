"""What of an arriving event is sealed in its entry: what its contract says, and in its header what names a person.

Source: design page "Selection and notary", "Notary": blind or personal content as a salted commitment
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.embargo import embargo_of, ended_by
from verify.entry import Entry
from verify.sealing import Opening, SealClass, seal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from verify.canonical import JsonValue

ACTOR, PLACE = "/actor", "/place"
SERVICE = "service:"
"""How the name of an actor begins that is one of the platform's services."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that is to be sealed."""

    value: JsonValue
    seal_class: SealClass


@dataclass(frozen=True, slots=True)
class Arrived:
    """An event as it came from Kafka, of which the contract's secrets are taken out."""

    event_id: str
    type: str
    source: str
    time: datetime
    topic: str
    actor: str
    place: Mapping[str, JsonValue]
    """Its key, partition and offset."""
    key_class: SealClass | None
    """How the contract seals the field that is the key; nothing where it is open."""
    payload: Mapping[str, JsonValue] | None
    """What is open of it; nothing where the whole is a secret."""
    secrets: Mapping[str, Secret]
    """By the JSON pointer to their place in the entry."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry of the log, with what opens it as far as that is known."""

    entry: Entry
    openings: Mapping[str, Opening]

    @property
    def embargo(self) -> str | None:
        """What its blind content is under."""
        return embargo_of(self.entry)

    @property
    def ends(self) -> str | None:
        """The embargo that it ends."""
        return ended_by(self.entry)


def sealed(arrived: Arrived, salt: Callable[[], bytes]) -> Recorded:
    """The entry of an event, each secret in it sealed with a salt of its own, and what opens it.

    A key that is sealed takes partition and offset with it: Kafka chooses the partition by the key, so that it tells of
    a guessed key whether it is the right one.
    """
    secrets = dict(arrived.secrets)
    content: dict[str, JsonValue] = {}
    if arrived.payload is not None:
        content["payload"] = dict(arrived.payload)
    if arrived.actor and not arrived.actor.startswith(SERVICE):
        secrets[ACTOR] = Secret(arrived.actor, SealClass.PERSONAL)
    else:
        content["actor"] = arrived.actor
    if arrived.key_class is not None:
        secrets[PLACE] = Secret(dict(arrived.place), arrived.key_class)
    else:
        content["place"] = dict(arrived.place)
    openings = {path: Opening(salt(), secret.value) for path, secret in secrets.items()}
    entry = Entry(
        event_id=arrived.event_id,
        type=arrived.type,
        source=arrived.source,
        time=arrived.time,
        topic=arrived.topic,
        content=content,
        sealed={
            path: seal(opening, secrets[path].seal_class, event_id=arrived.event_id, path=path)
            for path, opening in openings.items()
        },
    )
    return Recorded(entry, openings)
