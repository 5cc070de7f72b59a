"""`python -m evaluation` runs the service."""

from common.service import main

from evaluation.app import build
from evaluation.settings import Settings

if __name__ == "__main__":
    main("evaluation", Settings, build)
