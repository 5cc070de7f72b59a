"""What evaluation keeps, over one transaction, and what it asks of the registry: one module for each."""

from evaluation.store.checkpoints import RegistryCheckpoints
from evaluation.store.panels import PanelStore
from evaluation.store.runs import RunStore
from evaluation.store.targets import TargetStore

__all__ = ["PanelStore", "RegistryCheckpoints", "RunStore", "TargetStore"]
