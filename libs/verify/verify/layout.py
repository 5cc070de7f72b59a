"""The folder of the public record, format `dokpamo-export/2`: which files it has and what they are called.

Every file is JSON in canonical form (RFC 8785) without a line feed at its end, except entries and openings (one
canonical line each, ended by a line feed), checkpoints and tiles (as C2SP specifies them) and README.txt (the same text
in every folder of this format).

    README.txt                              how to check
    manifest.json                           every other file with size and SHA-256, and the head that covers the log
    public-key.json                         the notary's key
    heads/<tree size>.json                  signed heads over time, each with the proof that it extends the one before
    checkpoint                              the newest head as C2SP tlog-checkpoint, with its cosignatures
    checkpoints/<tree size>                 every head that a witness cosigned, likewise
    tile/<level>/<number>                   the nodes of the tree as C2SP tlog-tiles; a partial tile ends in .p/<width>
    tile/entries/<number>                   the entries as C2SP tlog-tiles, where the export was asked for them
    entries/<number>.jsonl                  the log, 256 entries a tile
    openings/<number>.jsonl                 what was opened of the sealed values of these entries, one a line; none
                                            where nothing was
    rule-sets/<sha256>.json                 every rule set that was published
    inputs/<stage>.json                     scores and verdicts of each final decision
    decisions/<stage>.json                  each final decision
    receipts/<application id>/<version>.json  each receipt with its proof of inclusion
"""

from __future__ import annotations

import re

from verify import tiles

FORMAT = "dokpamo-export/2"
MANIFEST = "manifest.json"
README = "README.txt"
PUBLIC_KEY = "public-key.json"
CHECKPOINT = tiles.CHECKPOINT
TILE_ENTRIES = 256

_NAME = r"[a-z0-9][a-z0-9._-]{0,99}"
_PATHS = re.compile(
    rf"README\.txt|public-key\.json|checkpoint|checkpoints/[0-9]{{12}}|heads/[0-9]{{12}}\.json|(entries|openings)/[0-9]{{6}}\.jsonl|rule-sets/[0-9a-f]{{64}}\.json"
    rf"|(inputs|decisions)/{_NAME}\.json|receipts/{_NAME}/{_NAME}/[1-9][0-9]{{0,8}}\.json"
)


class UnsafeNameError(Exception):
    """An id cannot be the name of a file: it might lead out of the folder or not exist everywhere."""

    def __init__(self, path: str) -> None:
        """Name the path that it would make."""
        super().__init__(f"{path!r} is no file name of format {FORMAT}")
        self.path = path


def is_known(path: str) -> bool:
    """Whether a folder of this format may have a file of this name, manifest.json apart."""
    return _PATHS.fullmatch(path) is not None or tiles.is_tile_path(path)


def _known(path: str) -> str:
    if not is_known(path):
        raise UnsafeNameError(path)
    return path


def head_path(tree_size: int) -> str:
    """The file of a signed head."""
    return _known(f"heads/{tree_size:012}.json")


def cosigned_path(tree_size: int) -> str:
    """The file of a head that a witness cosigned."""
    return _known(f"checkpoints/{tree_size:012}")


def tile_path(number: int) -> str:
    """The file of entries `number * 256` and following."""
    return _known(f"entries/{number:06}.jsonl")


def entry_place(index: int) -> tuple[str, str]:
    """File and line of an entry."""
    return tile_path(index // TILE_ENTRIES), f"line {index % TILE_ENTRIES + 1}"


def openings_path(number: int) -> str:
    """The file of what was opened of entries `number * 256` and following."""
    return _known(f"openings/{number:06}.jsonl")


def rule_set_path(sha256: str) -> str:
    """The file of a rule set."""
    return _known(f"rule-sets/{sha256}.json")


def inputs_path(stage_id: str) -> str:
    """The file of what a stage's decision was computed from."""
    return _known(f"inputs/{stage_id}.json")


def decision_path(stage_id: str) -> str:
    """The file of a stage's decision."""
    return _known(f"decisions/{stage_id}.json")


def receipt_path(application_id: str, version: int) -> str:
    """The file of a receipt; an application id is `<call>/<team>`."""
    return _known(f"receipts/{application_id}/{version}.json")
