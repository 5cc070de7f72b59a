"""Sign the head of the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.head import SignedTreeHead, TreeHead, check_signature, log_id, sign

from notary.domain.cadence import LogState, head_is_due

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from notary.handlers.log import Log


class KeyChangedError(Exception):
    """The configured key is not the one that signed the newest head: the log would have two identities."""

    def __init__(self, head_log_id: str, key_log_id: str) -> None:
        """Name both identities."""
        super().__init__(f"the log was signed as {head_log_id}, the configured key is {key_log_id}")
        self.head_log_id = head_log_id
        self.key_log_id = key_log_id


async def sign_head(
    log: Log, key: Ed25519PrivateKey, now: datetime, *, waited_seconds: float, interval_seconds: float
) -> SignedTreeHead | None:
    """Sign the present tree if that is due; the new head.

    Raises:
        KeyChangedError: another key signed the heads before.
    """
    frontier = await log.lock_tree()
    last = await log.newest_head()
    identity = log_id(key.public_key())
    if last is not None and last.head.log_id != identity:
        raise KeyChangedError(last.head.log_id, identity)
    state = LogState(frontier.size, last.head.tree_size if last else 0, await log.count_pending())
    if not head_is_due(state, waited_seconds=waited_seconds, interval_seconds=interval_seconds):
        return None
    signed = sign(TreeHead(identity, frontier.size, frontier.root(), now), key)
    await log.keep_head(signed)
    return signed


async def require_same_key(log: Log, key: Ed25519PrivateKey) -> None:
    """Refuse to go on with a log whose newest head this key did not sign.

    Raises:
        KeyChangedError: another key signed it.
        HeadRefusedError: the kept head does not bear its signature.
    """
    last = await log.newest_head()
    if last is None:
        return
    identity = log_id(key.public_key())
    if last.head.log_id != identity:
        raise KeyChangedError(last.head.log_id, identity)
    check_signature(last, key.public_key())
