"""Between the contract's messages and the registry's own shapes; and what each refusal looks like from outside."""

from registry.wire.checkpoints import (
    committed_event,
    from_checkpoint,
    from_declaration,
    from_edge,
    from_file,
    from_part,
    from_target,
    from_upload,
    named_event,
    to_asked,
    to_close,
    to_decision,
    to_declaration,
    to_files,
    to_part,
)
from registry.wire.examinations import (
    examined_event,
    from_examination,
    from_reference,
    from_round,
    reference_confirmed_event,
    reference_withdrawn_event,
    to_examination_state,
    to_reference,
)
from registry.wire.keys import from_key, key_registered_event, key_retired_event
from registry.wire.lineage import from_graph
from registry.wire.reasons import REASONS
from registry.wire.releases import from_release, released_event, withdrawn_event

__all__ = [
    "REASONS",
    "committed_event",
    "examined_event",
    "from_checkpoint",
    "from_declaration",
    "from_edge",
    "from_examination",
    "from_file",
    "from_graph",
    "from_key",
    "from_part",
    "from_reference",
    "from_release",
    "from_round",
    "from_target",
    "from_upload",
    "key_registered_event",
    "key_retired_event",
    "named_event",
    "reference_confirmed_event",
    "reference_withdrawn_event",
    "released_event",
    "to_asked",
    "to_close",
    "to_decision",
    "to_declaration",
    "to_examination_state",
    "to_files",
    "to_part",
    "to_reference",
    "withdrawn_event",
]
