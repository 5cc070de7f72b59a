"""`python -m training` runs the service."""

from common.service import main

from training.app import build
from training.settings import Settings

if __name__ == "__main__":
    main("training", Settings, build)
