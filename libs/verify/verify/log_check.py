"""The key signed every head of an export, each head extends the one before, and the entries give every root.

Source: design page "Selection and notary", "Notary": head B extends head A
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from verify import entry, layout
from verify.chronicle import Chronicle
from verify.head import HASH_HEX, HeadRefusedError, check_signature, log_id, signed_head_of
from verify.merkle import ProofRefusedError, check_consistency, hash_leaf
from verify.opening_check import read_openings
from verify.said_once import check_said_once
from verify.tree import Frontier, append
from verify.withheld import check_withheld, withheld_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.canonical import JsonValue
    from verify.findings import Report
    from verify.folder import Folder
    from verify.head import SignedTreeHead
    from verify.tree import Coordinate
    from verify.withheld import Withheld


def check_key(folder: Folder, fingerprint: str | None, report: Report) -> Ed25519PublicKey | None:
    """The notary's key; noted where it is not well-formed, or not the one that was asked for."""
    document = folder.document(layout.PUBLIC_KEY, report)
    if document is None:
        return None
    if not isinstance(document, dict) or set(document) != {"algorithm", "log_id", "public_key"}:
        report.add(layout.PUBLIC_KEY, "", "a key has exactly the members algorithm, log_id, public_key")
        return None
    text = document["public_key"]
    if document["algorithm"] != "Ed25519" or not isinstance(text, str) or not HASH_HEX.fullmatch(text):
        report.add(layout.PUBLIC_KEY, "public_key", "is no Ed25519 key of 64 digits of lower-case hex")
        return None
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
    report.log_id = log_id(key)
    if document["log_id"] != report.log_id:
        report.add(layout.PUBLIC_KEY, "log_id", "is not the SHA-256 of the key")
    if fingerprint is not None and fingerprint != report.log_id:
        report.add(layout.PUBLIC_KEY, "public_key", f"the key's fingerprint is {report.log_id}, not {fingerprint}")
    return key


def check_heads(folder: Folder, key: Ed25519PublicKey | None, report: Report) -> list[SignedTreeHead]:
    """The signed heads by size; noted where a signature or a proof of extension does not hold."""
    heads: list[SignedTreeHead] = []
    for path in folder.under("heads/"):
        document = folder.document(path, report)
        if document is None:
            continue
        if not isinstance(document, dict) or set(document) != {"extends", "head"}:
            report.add(path, "", "a head's file has exactly the members extends, head")
            continue
        try:
            signed = signed_head_of(document["head"])
            if key is not None:
                check_signature(signed, key)
            _check_extension(document["extends"], heads[-1] if heads else None, signed)
        except (HeadRefusedError, ProofRefusedError) as error:
            report.add(path, "", str(error))
            continue
        if path != layout.head_path(signed.head.tree_size):
            report.add(path, "tree_size", f"is {signed.head.tree_size}, and the file is named otherwise")
        heads.append(signed)
    report.heads = len(heads)
    if not heads:
        report.add("heads", "", "there is no signed head that holds")
    return heads


def _check_extension(extends: JsonValue, before: SignedTreeHead | None, signed: SignedTreeHead) -> None:
    """Raise unless the proof shows that this head's tree extends that of the head before."""
    if before is None:
        if extends is not None:
            raise ProofRefusedError("the first head extends nothing")
        return
    if not isinstance(extends, dict) or set(extends) != {"hashes", "tree_size"}:
        raise ProofRefusedError("extends has exactly the members hashes, tree_size")
    if extends["tree_size"] != before.head.tree_size:
        raise ProofRefusedError(f"extends a head of {extends['tree_size']!r} entries, not the one before")
    check_consistency(
        first=before.head.tree_size,
        second=signed.head.tree_size,
        proof=hashes_of(extends["hashes"]),
        first_root=before.head.root_hash,
        second_root=signed.head.root_hash,
    )


def hashes_of(texts: JsonValue) -> list[bytes]:
    """The hashes of a proof.

    Raises:
        ProofRefusedError: one is not 64 digits of lower-case hex.
    """
    if not isinstance(texts, list):
        raise ProofRefusedError("hashes is no list")
    for text in texts:
        if not isinstance(text, str) or not HASH_HEX.fullmatch(text):
            raise ProofRefusedError("a hash is not 64 digits of lower-case hex")
    return [bytes.fromhex(text) for text in texts]


@dataclass(frozen=True, slots=True)
class ReadLog:
    """The log of an export, as it was read."""

    chronicle: Chronicle = field(default_factory=Chronicle)
    leaves: list[bytes | None] = field(default_factory=list)
    """Nothing where the entry is withheld."""
    hashes: list[bytes] = field(default_factory=list)
    """Of the leaves."""
    withheld: dict[int, Withheld] = field(default_factory=dict)

    def nodes(self) -> dict[Coordinate, bytes]:
        """Every complete node of its tree."""
        return dict(append(Frontier(), self.hashes)[1])


def check_entries(folder: Folder, heads: list[SignedTreeHead], report: Report) -> ReadLog:
    """Read the log. Noted where an entry is none, contradicts another, or they do not give the root of every head."""
    log, openings = ReadLog(), read_openings(folder, report)
    events: set[str] = set()
    places: set[tuple[str, int, int]] = set()
    lines: dict[int, tuple[str, int]] = {}
    for path, number, leaf in _lines(folder, report):
        index = len(log.leaves)
        try:
            if (withheld := withheld_of(leaf)) is not None:
                log.leaves.append(None)
                log.hashes.append(withheld.leaf_hash)
                log.withheld[index], lines[index] = withheld, (path, number)
                continue
            log.leaves.append(leaf)
            log.hashes.append(hash_leaf(leaf))
            logged = entry.decode(leaf)
            log.chronicle.add(index, logged, openings.take(index, logged, report))
        except entry.EntryRefusedError as error:
            report.add(path, f"line {number}" + (f", byte {error.offset}" if error.offset else ""), str(error))
            if len(log.leaves) == index:
                log.leaves.append(leaf)
                log.hashes.append(hash_leaf(leaf))
            continue
        place = _place_on_kafka(logged)
        if logged.event_id in events or place in places:
            report.add(path, f"line {number}", f"event {logged.event_id} is in the log twice")
        events.add(logged.event_id)
        if place is not None:
            places.add(place)
    openings.note_the_rest(report)
    check_withheld(log.withheld, lines, log.chronicle, report)
    check_said_once(log.chronicle, report)
    _check_roots(log.hashes, heads, report)
    return log


def _place_on_kafka(logged: entry.Entry) -> tuple[str, int, int] | None:
    """Topic, partition and offset; nothing where they are sealed, as they would tell of a sealed key."""
    place = logged.content.get("place")
    return None if place is None else (logged.topic, place["partition"], place["offset"])


def _lines(folder: Folder, report: Report) -> Iterator[tuple[str, int, bytes]]:
    """Every line of every tile, without its line feed: file, line from 1, bytes."""
    paths = folder.under("entries/")
    for number, path in enumerate(paths):
        if path != layout.tile_path(number):
            report.add(path, "", f"the tile {layout.tile_path(number)} is missing before it")
        *lines, rest = folder.files[path].split(b"\n")
        if rest:
            report.add(path, f"line {len(lines) + 1}", "the last line has no line feed")
            lines.append(rest)
        if len(lines) > layout.TILE_ENTRIES or (len(lines) < layout.TILE_ENTRIES and path != paths[-1]) or not lines:
            report.add(path, "", f"has {len(lines)} lines: a tile has {layout.TILE_ENTRIES}, only the last one fewer")
        for line, leaf in enumerate(lines, start=1):
            yield path, line, leaf


def _check_roots(hashes: list[bytes], heads: list[SignedTreeHead], report: Report) -> None:
    frontier, good = Frontier(), 0
    for signed in sorted(heads, key=lambda each: each.head.tree_size):
        size, path = signed.head.tree_size, layout.head_path(signed.head.tree_size)
        if size > len(hashes):
            report.add(path, "tree_size", f"the head covers {size} entries, there are {len(hashes)}")
            return
        frontier, _ = append(frontier, hashes[frontier.size : size])
        if frontier.root() != signed.head.root_hash:
            first, last = _place(good), _place(max(size - 1, 0))
            report.add(
                first[0],
                f"line {first[1]}",
                f"between here and {last[0]} line {last[1]} the log is not the one signed in {path}",
            )
            return
        good = size
    if good != len(hashes):
        path, line = _place(good)
        report.add(path, f"line {line}", f"no head covers this and what follows: the newest covers {good} entries")
    report.tree_size = good
    report.root_hash = frontier.root().hex()


def _place(index: int) -> tuple[str, int]:
    return layout.tile_path(index // layout.TILE_ENTRIES), index % layout.TILE_ENTRIES + 1
