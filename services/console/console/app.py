"""The console's parts, in the order they start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.clock import open_clock
from common.follower import Follower
from common.grpc import connect
from common.http import HttpServer
from common.topics import all_topics

from console.domain.feed import Feed
from console.events import LiveFeed
from console.pages.gateway import Gateway
from console.pages.routes import Pages

if TYPE_CHECKING:
    from common.service import Part

    from console.settings import Settings


def build(settings: Settings) -> list[Part]:
    """Channels to the services, the follower of all events, then the pages."""
    clock = open_clock(settings)
    addresses = {
        "selection": settings.selection_address,
        "registry": settings.registry_address,
        "grants": settings.grants_address,
        "evaluation": settings.evaluation_address,
        "notary": settings.notary_address,
    }
    channels = {service: connect(address) for service, address in addresses.items() if address}
    live = LiveFeed(Feed())
    pages = Pages(
        Gateway(channels),
        live,
        clock,
        embedded=settings.environment == "embedded",
        virtual=settings.virtual_clock is not None,
        downloads=settings.downloads_url,
    )
    return [
        *channels.values(),
        Follower(settings.kafka_bootstrap, all_topics(), live.on_event),
        HttpServer(settings.http_listen, pages.application()),
    ]
