"""Start the service: `python -m selection`."""

from common.service import main

from selection.app import build
from selection.settings import Settings

main("selection", Settings, build)
