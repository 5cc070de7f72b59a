"""Start the service: `python -m notary`."""

from common.service import main

from notary.app import build
from notary.settings import Settings

main("notary", Settings, build)
