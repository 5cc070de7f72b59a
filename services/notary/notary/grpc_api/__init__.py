"""The services of `dokpamo.notary.v1`, a module each."""

from notary.grpc_api.log import NotaryApi

__all__ = ["NotaryApi"]
