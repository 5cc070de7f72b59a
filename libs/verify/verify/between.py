"""That a log which somebody saw earlier is the beginning of the one that is here: between any two heads.

Source: design page "Selection and notary", "Notary": head B extends head A
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from verify import canonical, note
from verify.checkpoint import log_key, open_checkpoint
from verify.findings import Extension
from verify.head import HeadRefusedError, check_signature, signed_head_of
from verify.merkle import ProofRefusedError, check_consistency
from verify.note import NoteRefusedError
from verify.tree import assemble, fold, peaks_of, plan_consistency

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from verify.canonical import JsonValue
    from verify.log_check import ReadLog


_SIZE = re.compile(r"[0-9]{1,16}")


class HeadUnknownError(Exception):
    """What should name a head names none."""


@dataclass(frozen=True, slots=True)
class Known:
    """A tree that somebody knows: its size, and its root where it was kept from elsewhere."""

    named: str
    tree_size: int
    root_hash: bytes | None


def known(text: str, key: Ed25519PublicKey) -> Known:
    """The tree that is named: by its size, or by a file with a signed head or checkpoint that was kept.

    Raises:
        HeadUnknownError: it is no size and no such file, or this log's key did not sign it.
    """
    if _SIZE.fullmatch(text):
        return Known(text, int(text), None)
    try:
        data = Path(text).read_bytes()
    except OSError as error:
        raise HeadUnknownError(f"{text} is no size of a log and no file: {error.strerror}") from error
    try:
        if not data.startswith(b"{"):
            checkpoint = open_checkpoint(note.parse(data), log_key(key))
            return Known(text, checkpoint.tree_size, checkpoint.root_hash)
        signed = signed_head_of(_head_in(canonical.parse(data)))
        check_signature(signed, key)
    except (NoteRefusedError, HeadRefusedError, canonical.NotCanonicalError) as error:
        raise HeadUnknownError(f"{text}: {error}") from error
    return Known(text, signed.head.tree_size, signed.head.root_hash)


def _head_in(document: JsonValue) -> JsonValue:
    """The signed head of a file of `heads/`, or of a document that is one."""
    return document["head"] if isinstance(document, dict) and "head" in document else document


def extension(first: Known, second: Known, log: ReadLog) -> Extension:
    """Prove from the log that the second tree extends the first, and check the proof as a stranger would.

    Raises:
        ProofRefusedError: it does not: the log is not the one that was seen, or does not reach so far.
    """
    nodes = log.nodes()
    size = len(log.hashes)
    for each in (first, second):
        if not 0 < each.tree_size <= size:
            raise ProofRefusedError(f"{each.named}: the log that is here has 1 to {size} entries, not {each.tree_size}")
    if first.tree_size > second.tree_size:
        raise ProofRefusedError(f"{second.named} is smaller than {first.named}: a log only grows")
    roots = [each.root_hash or fold([nodes[node] for node in peaks_of(0, each.tree_size)]) for each in (first, second)]
    proof = assemble(plan_consistency(first.tree_size, second.tree_size), nodes)
    try:
        check_consistency(
            first=first.tree_size, second=second.tree_size, proof=proof, first_root=roots[0], second_root=roots[1]
        )
    except ProofRefusedError as error:
        here = [fold([nodes[node] for node in peaks_of(0, each.tree_size)]).hex() for each in (first, second)]
        seen = [f"{each.named} says {root.hex()}" for each, root in zip((first, second), roots, strict=True)]
        rule = f"the log forked: {', '.join(seen)}; the log that is here gives {' and '.join(here)} ({error.rule})"
        raise ProofRefusedError(rule) from error
    return Extension(first.tree_size, second.tree_size, len(proof))
