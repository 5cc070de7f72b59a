"""What the service is made of, from top to bottom."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from common.clock import open_clock
from common.consumer import Consumers
from common.database import Database
from common.gauges import Gauges
from common.grpc import GrpcServer
from common.outbox import Relay
from common.timers import Timers
from common.topics import TopicProvisioner
from common.worker import Worker

from selection import events
from selection.domain.webhook_address import Reach
from selection.grpc_api import DecisionApi, DisclosureApi, GateApi, ObjectionApi, RuleSetLifeApi, SelectionApi
from selection.grpc_api.pipeline import PipelineApi
from selection.grpc_api.webhooks import WebhookApi
from selection.store import ObjectionViews, PublicationStore, SelectionStore, SelectionViews
from selection.store.moves import moves
from selection.store.webhook_keys import WebhookKeys
from selection.store.webhook_sender import WebhookSender
from selection.store.webhook_views import WebhookViews
from selection.store.webhook_work import WebhookFeed, WebhookWork
from selection.store.webhooks import WebhookStore
from selection.wire import REASONS

if TYPE_CHECKING:
    from common.service import Part

    from selection.settings import Settings

PACKAGE = Path(__file__).parent
MIGRATIONS = next(path for path in (PACKAGE / "migrations", PACKAGE.parent / "migrations") if path.is_dir())
"""Inside the package once installed, beside it in the repository."""
PACKAGE_NAME = "dokpamo.selection.v1"
# One that answers slowly must not hold up the others.
WEBHOOKS_AT_ONCE = 4


def build(settings: Settings) -> list[Part]:
    """Return the parts in order of their start."""
    clock = open_clock(settings)
    database = Database(settings.database_url, "selection", MIGRATIONS, clock)
    relay = Relay(settings, database)
    consumers = Consumers(settings, database, events.subscriptions(SelectionStore, PublicationStore), REASONS, clock)
    keys, reach = WebhookKeys(settings.webhook_key), Reach(own_network=settings.webhooks_reach_own_network)
    work = WebhookWork(database, keys, WebhookSender(reach).post)
    return [
        database,
        TopicProvisioner(settings),
        relay,
        Gauges(database),
        consumers,
        Timers(database, clock, events.timers(SelectionStore, PublicationStore)),
        WebhookFeed(database),
        Worker(database, clock, work.handlers(), WEBHOOKS_AT_ONCE, on_failed=work.on_failed()),
        GrpcServer(settings, database, apis(keys, reach), REASONS, clock, consumers=consumers, ready=[relay.ready]),
    ]


def apis(keys: WebhookKeys, reach: Reach) -> dict[str, object]:
    """Return what answers for each service of the contract, by its full name."""
    return {
        f"{PACKAGE_NAME}.SelectionService": SelectionApi(SelectionStore, SelectionViews, PublicationStore),
        f"{PACKAGE_NAME}.PipelineService": PipelineApi(SelectionStore, moves),
        f"{PACKAGE_NAME}.RuleSetLifeService": RuleSetLifeApi(SelectionStore, SelectionViews),
        f"{PACKAGE_NAME}.GateService": GateApi(SelectionStore, SelectionViews),
        f"{PACKAGE_NAME}.DecisionService": DecisionApi(SelectionStore, SelectionViews, PublicationStore),
        f"{PACKAGE_NAME}.DisclosureService": DisclosureApi(PublicationStore),
        f"{PACKAGE_NAME}.ObjectionService": ObjectionApi(SelectionStore, ObjectionViews, PublicationStore),
        f"{PACKAGE_NAME}.WebhookService": WebhookApi(WebhookStore, WebhookViews, keys, reach),
    }
