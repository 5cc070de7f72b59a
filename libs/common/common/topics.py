"""Topics: which there are by the contracts, and the part that creates them; the broker never creates one by itself."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import dokpamo
import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from dokpamo.common.v1 import options_pb2

from common.events import owner_of, route

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import TracebackType

    from google.protobuf.descriptor import Descriptor

    from common.settings import PlatformSettings

log = structlog.get_logger()

PARKED_SUFFIX: Final = ".parked"
"""Where messages go, whole, that a consumer of the topic could not apply."""

# A parked message is the original with more headers, so its topic takes more than the broker's 1 MiB.
_LARGEST_PARKED_BYTES: Final = 2 * 1024 * 1024
_RETRY_SECONDS: Final = 0.5
_REQUEST_TIMEOUT_MS: Final = 15_000


class TopicRefusedError(Exception):
    """The broker refused to create a topic."""

    def __init__(self, topic: str, reason: str) -> None:
        """Keep the `topic` and the broker's `reason`."""
        super().__init__(f"the broker refused to create topic {topic}: {reason}")
        self.topic = topic
        self.reason = reason


@dataclass(frozen=True, slots=True)
class EventType:
    """One event of the contracts."""

    descriptor: Descriptor
    # None: any service may raise it, on its own topic.
    owner: str | None


@cache
def event_types() -> Mapping[str, EventType]:
    """Return every event of all contracts by its full name."""
    found = {}
    for descriptor in _messages():
        if descriptor.GetOptions().HasExtension(options_pb2.event):
            found[descriptor.full_name] = EventType(descriptor, owner_of(descriptor))
    return found


@cache
def services() -> tuple[str, ...]:
    """Return the services that have a contract."""
    return tuple(sorted(name for name in _packages() if name != "common"))


@cache
def event_topics() -> tuple[str, ...]:
    """Return the topics of all events, those of the shared contract once a service."""
    topics = set()
    for event in event_types().values():
        for service in (event.owner,) if event.owner else services():
            topics.add(route(event.descriptor, service).topic)
    return tuple(sorted(topics))


def all_topics() -> tuple[str, ...]:
    """Return every topic there is: the events' and, for each, that of its parked messages."""
    return tuple(sorted([*event_topics(), *(topic + PARKED_SUFFIX for topic in event_topics())]))


class TopicProvisioner:
    """A part: when it has started, the topics exist. It waits for the broker as long as it takes."""

    def __init__(self, settings: PlatformSettings, topics: Iterable[str] | None = None) -> None:
        """Create `topics` (default: all of the contracts) where they are missing."""
        self._settings = settings
        self._topics = tuple(all_topics() if topics is None else topics)

    async def __aenter__(self) -> Self:
        """Create what is missing; raise `TopicRefusedError` for what the broker will never take."""
        while True:
            try:
                created = await self._create()
            except (KafkaError, OSError) as error:
                log.warning("topics.waiting", error=str(error) or type(error).__name__)
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                log.info("topics.provisioned", topics=len(self._topics), created=created)
                return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Topics stay."""

    async def _create(self) -> int:
        admin = AIOKafkaAdminClient(
            bootstrap_servers=list(self._settings.kafka_bootstrap),
            client_id="dokpamo-topics",
            request_timeout_ms=_REQUEST_TIMEOUT_MS,
        )
        try:
            await admin.start()
            missing = sorted(set(self._topics) - set(await admin.list_topics()))
            if missing:
                await self._create_missing(admin, missing)
            return len(missing)
        finally:
            await admin.close()

    async def _create_missing(self, admin: AIOKafkaAdminClient, missing: list[str]) -> None:
        answer = await admin.create_topics([self._described(topic) for topic in missing])
        for topic, code, *reason in answer.topic_errors:
            error = for_code(code)
            # Another service may create the same topic at the same time.
            if code == 0 or error is TopicAlreadyExistsError:
                continue
            if error.retriable:
                raise error
            raise TopicRefusedError(topic, str(reason[0] if reason else error.__name__))

    def _described(self, topic: str) -> NewTopic:
        replication = self._settings.topic_replication
        parked = topic.endswith(PARKED_SUFFIX)
        configuration = {
            "cleanup.policy": "delete",
            "retention.ms": "-1",
            "retention.bytes": "-1",
            # One broker may be away and an acknowledged event still be on two.
            "min.insync.replicas": str(max(1, replication - 1)),
        }
        if parked:
            configuration["max.message.bytes"] = str(_LARGEST_PARKED_BYTES)
        return NewTopic(
            name=topic,
            num_partitions=1 if parked else self._settings.topic_partitions,
            replication_factor=replication,
            topic_configs=configuration,
        )


def _packages() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(dokpamo.__path__)]


def _messages() -> Iterator[Descriptor]:
    """The messages of a service's `events.proto` and `<concern>_events.proto`; the console has none."""
    for package in _packages():
        for found in pkgutil.iter_modules([str(Path(dokpamo.__path__[0], package, "v1"))]):
            if found.name.endswith("events_pb2"):
                module = importlib.import_module(f"dokpamo.{package}.v1.{found.name}")
                yield from module.DESCRIPTOR.message_types_by_name.values()
