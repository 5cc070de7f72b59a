"""The services of `dokpamo.selection.v1`, a module each."""

from __future__ import annotations

from selection.grpc_api.decisions import DecisionApi
from selection.grpc_api.disclosure import DisclosureApi
from selection.grpc_api.gates import GateApi
from selection.grpc_api.objections import ObjectionApi
from selection.grpc_api.rule_set_life import RuleSetLifeApi
from selection.grpc_api.selection import SelectionApi

__all__ = ["DecisionApi", "DisclosureApi", "GateApi", "ObjectionApi", "RuleSetLifeApi", "SelectionApi"]
