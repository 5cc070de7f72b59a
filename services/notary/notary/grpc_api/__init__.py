"""The services of `dokpamo.notary.v1`, a module each."""

from notary.grpc_api.log import NotaryApi
from notary.grpc_api.openings import OpeningApi
from notary.grpc_api.withholdings import WithholdingApi
from notary.grpc_api.witness import WitnessApi

__all__ = ["NotaryApi", "OpeningApi", "WithholdingApi", "WitnessApi"]
