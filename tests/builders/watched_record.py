"""A record with a log of more than a tile, of which witnesses saw a part."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dokpamo.selection.v1 import events_pb2 as selection
from verify.checkpoint import Checkpoint, sign_checkpoint
from verify.cosignature import cosign
from verify.note import KeyKind, Note, VerifierKey

from tests.builders.public_record import LogBuilder, private_key, record_of

if TYPE_CHECKING:
    from verify.export import Record
    from verify.head import TreeHead

KEY = private_key()
NOW = datetime(2026, 1, 10, tzinfo=UTC)
ONE, TWO, THREE = (
    VerifierKey.of(f"example.org/{seed}", KeyKind.COSIGNATURE, private_key(seed)) for seed in (11, 12, 13)
)
SIZES = [100, 256, 300]


def long_record() -> Record:
    """A log of more than a tile; one witness saw 100 entries, one 100 and 300, one nothing."""
    log = LogBuilder()
    for number in range(300):
        log.add(selection.RuleSetFrozen(rule_set_sha256=f"{number:064x}"))
    record = record_of(log, KEY, SIZES)
    heads = {signed.head.tree_size: signed.head for signed in record.heads}
    return replace(
        record, checkpoint=cosigned(heads[300], 12), cosigned=[cosigned(heads[100], 11, 12), cosigned(heads[300], 12)]
    )


def cosigned(head: TreeHead, *seeds: int) -> bytes:
    bare = sign_checkpoint(head, KEY)
    lines = [cosign(Checkpoint.of(head), f"example.org/{seed}", private_key(seed), NOW) for seed in seeds]
    return Note(bare.text, (*bare.signatures, *lines)).encode()
