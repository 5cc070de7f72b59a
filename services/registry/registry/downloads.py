"""What the process that gives releases out by HTTP is made of, in order of start.

It is a process of its own, so that many readers of large files hold up no commit; it has no Kafka and no API of gRPC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.auth import Authenticator
from common.clock import open_clock
from common.database import Database
from common.http import HttpServer

from registry.http_api import Hub
from registry.store import MIGRATIONS
from registry.store.objects import S3Objects
from registry.store.releases import ReleaseStore
from registry.store.scrubs import ScrubStore

if TYPE_CHECKING:
    from common.service import Part

    from registry.settings import DownloadSettings

_CONNECTIONS = 4


def build(settings: DownloadSettings) -> list[Part]:
    """Return the parts of the process, in order of start."""
    database = Database(settings.database_url, "registry", MIGRATIONS, open_clock(settings), connections=_CONNECTIONS)
    objects = S3Objects(
        settings.s3_endpoint,
        settings.s3_bucket,
        settings.s3_access_key,
        settings.s3_secret_key.get_secret_value(),
        region=settings.s3_region,
    )
    authenticator = Authenticator(settings.token_keys, allow_development=settings.environment == "embedded")
    hub = Hub(database, ReleaseStore, ScrubStore, objects, authenticator, most_at_once=settings.most_downloads)
    return [database, objects, HttpServer(settings.http_listen, hub.application())]
