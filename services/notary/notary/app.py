"""What the service is made of, from top to bottom."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from common import topics
from common.clock import open_clock
from common.consumer import Consumers
from common.database import Database
from common.grpc import GrpcServer
from common.outbox import Relay
from common.topics import TopicProvisioner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from notary import events
from notary.grpc_api import NotaryApi
from notary.wire import REASONS

if TYPE_CHECKING:
    from common.service import Part

    from notary.settings import Settings

PACKAGE = Path(__file__).parent
MIGRATIONS = next(path for path in (PACKAGE / "migrations", PACKAGE.parent / "migrations") if path.is_dir())
"""Beside the package in the repository, inside it once installed."""


class WrongKeyError(Exception):
    """The configured key file holds no Ed25519 private key."""

    def __init__(self, path: Path) -> None:
        """Name the file."""
        super().__init__(f"{path} holds no Ed25519 private key in PEM")
        self.path = path


def read_key(path: Path) -> Ed25519PrivateKey:
    """The signing key.

    Raises:
        WrongKeyError: the file holds another kind of key, or none.
    """
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise WrongKeyError(path) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise WrongKeyError(path)
    return key


def build(settings: Settings) -> list[Part]:
    """The parts in order of their start."""
    clock = open_clock(settings)
    key = read_key(settings.notary_key)
    recorded = asyncio.Event()
    database = Database(settings.database_url, "notary", MIGRATIONS, clock)
    return [
        database,
        TopicProvisioner(settings, topics.all_topics()),
        Relay(settings, database),
        events.Sequencer(database, recorded),
        events.Signer(database, key, settings),
        Consumers(settings, database, events.subscriptions(recorded), REASONS, clock),
        GrpcServer(
            settings, database, {"dokpamo.notary.v1.NotaryService": NotaryApi(key.public_key())}, REASONS, clock
        ),
    ]
