"""`python -m registry` runs the service."""

from common.service import main

from registry.app import build
from registry.settings import Settings

if __name__ == "__main__":
    main("registry", Settings, build)
