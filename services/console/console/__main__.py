"""Start the console: ``python -m console``."""

from common.service import main

from console.app import build
from console.settings import Settings

main("console", Settings, build)
