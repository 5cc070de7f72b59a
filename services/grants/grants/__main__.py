"""Start the service: `python -m grants`."""

from common.service import main

from grants.app import build
from grants.settings import Settings

main("grants", Settings, build)
