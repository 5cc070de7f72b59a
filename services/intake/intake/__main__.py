"""`python -m intake` runs the service."""

from common.service import main

from intake.app import build
from intake.settings import Settings

if __name__ == "__main__":
    main("intake", Settings, build)
