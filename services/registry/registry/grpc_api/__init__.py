"""The services of `dokpamo.registry.v1`, a module each."""

from __future__ import annotations

from registry.grpc_api.examinations import ExaminationApi
from registry.grpc_api.integrity import IntegrityApi
from registry.grpc_api.keys import TeamKeysApi
from registry.grpc_api.lineage import LineageApi
from registry.grpc_api.registry import RegistryApi
from registry.grpc_api.releases import ReleaseApi
from registry.grpc_api.rounds import ExaminationRoundApi

__all__ = [
    "ExaminationApi",
    "ExaminationRoundApi",
    "IntegrityApi",
    "LineageApi",
    "RegistryApi",
    "ReleaseApi",
    "TeamKeysApi",
]
