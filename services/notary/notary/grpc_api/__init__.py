"""The services of `dokpamo.notary.v1`, a module each."""

from notary.grpc_api.log import NotaryApi
from notary.grpc_api.openings import OpeningApi

__all__ = ["NotaryApi", "OpeningApi"]
