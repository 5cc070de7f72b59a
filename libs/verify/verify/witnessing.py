"""What a witness decides: a checkpoint is cosigned only where it extends the newest one that was seen.

Source: design page "Selection and notary", "Notary": head B extends head A; C2SP tlog-cosignature v1.0.0: what a
cosignature says
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.merkle import ProofRefusedError, check_consistency

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.checkpoint import Checkpoint


class WitnessRefusedError(Exception):
    """A checkpoint is not cosigned. `code` is stable, `seen` and `shown` are the two checkpoints."""

    code = ""

    def __init__(self, seen: Checkpoint, shown: Checkpoint, rule: str) -> None:
        """Keep both, and say why."""
        super().__init__(
            f"{rule}: seen {seen.tree_size} entries with root {seen.root_hash.hex()},"
            f" shown {shown.tree_size} with root {shown.root_hash.hex()}"
        )
        self.seen = seen
        self.shown = shown
        self.rule = rule


class OtherLogError(WitnessRefusedError):
    """The checkpoint is of another log."""

    code = "OTHER_LOG"


class LogShrankError(WitnessRefusedError):
    """The log shows fewer entries than it had: an older copy, or entries are gone."""

    code = "LOG_SHRANK"


class LogForkedError(WitnessRefusedError):
    """The log shows another history than the one that was seen: both checkpoints bear its signature."""

    code = "LOG_FORKED"


def require_extension(seen: Checkpoint | None, shown: Checkpoint, proof: Sequence[bytes]) -> None:
    """Raise `WitnessRefusedError` unless the checkpoint shown extends the newest one seen, by this proof.

    Nothing was seen before the first: it is taken as it is, and what it says is only that nothing before it is known.
    """
    if seen is None or seen.tree_size == 0:
        return
    if shown.origin != seen.origin:
        raise OtherLogError(seen, shown, f"the checkpoint is of {shown.origin}, the witness is of {seen.origin}")
    if shown.tree_size < seen.tree_size:
        raise LogShrankError(seen, shown, "the log is shorter than it was")
    try:
        check_consistency(
            first=seen.tree_size,
            second=shown.tree_size,
            proof=proof,
            first_root=seen.root_hash,
            second_root=shown.root_hash,
        )
    except ProofRefusedError as error:
        raise LogForkedError(seen, shown, f"the log does not extend what it was ({error.rule})") from error
