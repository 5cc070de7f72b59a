"""Between the contracts' messages and evaluation's own shapes; and what each refusal looks like from outside."""

from evaluation.wire.marks import from_provenance, to_provenance
from evaluation.wire.references import from_model, from_run, from_target, to_models, to_question
from evaluation.wire.refusals import REASONS
from evaluation.wire.scores import to_comparison, to_panel, to_rows
from evaluation.wire.stages import to_changed_stage, to_open_stage, to_planned_stage
from evaluation.wire.telling import event_message

__all__ = [
    "REASONS",
    "event_message",
    "from_model",
    "from_provenance",
    "from_run",
    "from_target",
    "to_changed_stage",
    "to_comparison",
    "to_models",
    "to_open_stage",
    "to_panel",
    "to_planned_stage",
    "to_provenance",
    "to_question",
    "to_rows",
]
