"""No input crashes a parser of what strangers hand in, and no changed proof, head, entry or export is taken.

A few inputs for each parser always; more than a million in all with `-m on_demand` (`DOKPAMO_FUZZ_SEED=17` takes other
ones). What comes of an input is one of two, or the test fails: it is refused by name, or it is what is true.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
import rules
from hypothesis import strategies as st
from rules.violations import DocumentRefusedError
from verify import canonical, entry, export, note, tiles
from verify.check import check_files
from verify.checkpoint import Checkpoint, log_key, open_checkpoint, sign_checkpoint
from verify.chronicle import Chronicle
from verify.cosignature import check_cosignature, cosign
from verify.findings import Report
from verify.folder import Folder, read
from verify.head import HeadRefusedError, check_signature, signed_head_of
from verify.merkle import HASH_BYTES, ProofRefusedError, check_consistency, check_inclusion, hash_leaf
from verify.note import KeyKind, VerifierKey
from verify.opening_check import read_openings
from verify.tree import Tree

from tests.builders.hostile import change, changed, hunt, made
from tests.builders.public_record import RULES, RULES_JSON, START, private_key, small_record

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

FEW = 150
LEAVES = [b"leaf %d" % number for number in range(40)]
ENTRIES = [entry for entry in small_record().entries if isinstance(entry, bytes)]


@cache
def log() -> Tree:
    """A log of forty leaves."""
    tree = Tree()
    for leaf in LEAVES:
        tree.append(leaf)
    return tree


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody claims of a tree whose size and root are known, as they are from a signed head."""

    size: int
    number: int
    hashed: bytes
    proof: tuple[bytes, ...]


def claims(honest: Callable[[int, int], Claim]) -> st.SearchStrategy[Claim]:
    """Claims that are honest or, mostly, a little changed."""
    return made(lambda chance: _claim(honest, chance))


def _claim(honest: Callable[[int, int], Claim], chance: Random) -> Claim:
    size = chance.randint(1, len(LEAVES))
    true = honest(size, chance.randrange(size))
    number, hashed, proof = true.number, true.hashed, list(true.proof)
    for _ in range(chance.randint(0, 3)):
        what, at = chance.randint(0, 6), chance.randrange(len(proof)) if proof else 0
        if what == 0:
            number = chance.randint(-1, size + 1)
        elif what == 1:
            hashed = _hash(chance)
        elif what == 2 and proof:
            proof[at] = _hash(chance)
        elif what == 3 and proof:
            del proof[at]
        elif what == 4:
            proof.insert(at, _hash(chance))
        elif what == 5:
            proof.reverse()
        elif proof:
            hashed, proof[at] = proof[at], hashed
    return Claim(size, number, hashed, tuple(proof))


def _hash(chance: Random) -> bytes:
    """A hash that is none, one of no tree, or one of the very log, which a forger knows as well."""
    kinds: list[Callable[[], bytes]] = [
        lambda: chance.randbytes(chance.choice((0, 1, 31, 33, 64))),
        lambda: chance.randbytes(HASH_BYTES),
        lambda: hash_leaf(chance.choice(LEAVES)),
        lambda: log().root(chance.randint(1, len(LEAVES))),
    ]
    return chance.choice(kinds)()


def included(size: int, index: int) -> Claim:
    """The leaf `index` is in the tree of `size`."""
    return Claim(size, index, hash_leaf(LEAVES[index]), tuple(log().inclusion(index, size)))


def extended(size: int, index: int) -> Claim:
    """The tree of `size` extends that of `index + 1`."""
    return Claim(size, index + 1, log().root(index + 1), tuple(log().consistency(index + 1, size)))


def take_inclusion(claim: Claim) -> None:
    """A proof of inclusion is taken only where it is the proof of that very leaf."""
    try:
        check_inclusion(
            leaf_hash=claim.hashed, index=claim.number, size=claim.size, proof=claim.proof, root=log().root(claim.size)
        )
    except ProofRefusedError:
        assert claim.number not in range(claim.size) or claim != included(claim.size, claim.number)
    else:
        assert claim == included(claim.size, claim.number)


def take_consistency(claim: Claim) -> None:
    """A proof of consistency is taken only where it is the proof between these very trees."""
    try:
        check_consistency(
            first=claim.number,
            second=claim.size,
            proof=claim.proof,
            first_root=claim.hashed,
            second_root=log().root(claim.size),
        )
    except ProofRefusedError:
        assert claim.number not in range(1, claim.size + 1) or claim != extended(claim.size, claim.number - 1)
    else:
        assert claim == extended(claim.size, claim.number - 1)


@cache
def good_heads() -> tuple[bytes, ...]:
    return tuple(canonical.encode(signed.document()) for signed in small_record().heads)


def take_head(data: bytes) -> None:
    """A head is taken only where the key signed it, and then it is one of those that it signed."""
    try:
        signed = signed_head_of(canonical.decode(data))
        check_signature(signed, private_key().public_key())
    except (canonical.NotCanonicalError, HeadRefusedError):
        assert data not in good_heads()
    else:
        assert data in good_heads()


def take_entry(data: bytes) -> None:
    """An entry that is taken has exactly these bytes, and all of it can be read or is refused by name."""
    try:
        taken = entry.decode(data)
    except entry.EntryRefusedError:
        assert data not in ENTRIES
        return
    assert taken.encode() == data
    Chronicle().add(0, taken, {})


@cache
def good_openings() -> tuple[bytes, ...]:
    return tuple(good_export()[path] for path in sorted(good_export()) if path.startswith("openings/"))


def take_openings(data: bytes) -> None:
    """Openings are taken only as they were written."""
    report = Report()
    folder = Folder({"openings/000000.jsonl": data})
    openings = read_openings(folder, report)
    for index, leaf in enumerate(ENTRIES):
        openings.take(index, entry.decode(leaf), report)
    openings.note_the_rest(report)
    # Fewer of them, each whole, are openings as well: what is missing then is found by what is due.
    whole = set(data.split(b"\n")) <= set(good_openings()[0].split(b"\n"))
    assert whole or not report.holds


def take_rule_set(data: bytes) -> None:
    """A rule set that is taken in YAML or JSON has canonical bytes, from which it is read again as the same."""
    try:
        rule_set = rules.load_rule_set(data)
    except DocumentRefusedError:
        return
    again = rules.canonical_bytes(rule_set)
    assert rules.canonical_bytes(rules.rule_set_from_json(again)) == again


def take_json_rule_set(data: bytes) -> None:
    """A logged rule set that is taken decides nothing by other bytes than its own."""
    try:
        rule_set = rules.rule_set_from_json(data)
    except DocumentRefusedError:
        assert data != RULES_JSON
        return
    assert rules.rule_set_from_json(rules.canonical_bytes(rule_set)) == rule_set


def take_decision(data: bytes) -> None:
    """A decision that is taken has exactly these bytes."""
    try:
        decision = rules.decision_from_json(data)
    except DocumentRefusedError:
        assert data != small_record().decisions["trial"].decision_json
        return
    assert decision.canonical_bytes() == data


NOTE = sign_checkpoint(small_record().heads[-1].head, private_key())
LOG_KEY = log_key(private_key().public_key())
CHECKPOINT = Checkpoint.of(small_record().heads[-1].head)
WITNESS = VerifierKey.of("example.org/witness", KeyKind.COSIGNATURE, private_key(8))
COSIGNATURE = str(cosign(CHECKPOINT, WITNESS.name, private_key(8), START)).encode()


def take_checkpoint(data: bytes) -> None:
    """A checkpoint is taken only where the log's key signed it; a note that is taken is written as it was."""
    try:
        parsed = note.parse(data)
        assert parsed.encode() == data
        checkpoint = open_checkpoint(parsed, LOG_KEY)
    except note.NoteRefusedError:
        assert data != NOTE.encode()
    else:
        assert checkpoint == CHECKPOINT
        assert parsed.of(LOG_KEY) == NOTE.signatures[0]


def take_verifier_key(data: bytes) -> None:
    """A key that is taken is handed on as it came."""
    text = data.decode(errors="surrogateescape")
    try:
        assert str(note.verifier_key_of(text)) == text
    except note.NoteRefusedError:
        assert text != str(WITNESS)


def take_cosignature(data: bytes) -> None:
    """A cosignature is taken only as the witness made it."""
    try:
        check_cosignature(CHECKPOINT, note.signature_of(data.decode(errors="replace")), WITNESS)
    except note.NoteRefusedError:
        assert data != COSIGNATURE
    else:
        assert data == COSIGNATURE


BUNDLE = tiles.bundle(ENTRIES[:3])


def take_bundle(data: bytes) -> None:
    """A bundle of entries that is taken is written as it was."""
    try:
        assert tiles.bundle(tiles.entries_of(data, 3)) == data
    except tiles.TileRefusedError:
        assert data != BUNDLE


@cache
def good_inputs() -> bytes:
    return small_record().decisions["trial"].inputs_json


def take_inputs(data: bytes) -> None:
    """Inputs that are taken are written as they were read, and decide or are refused as incomplete."""
    try:
        inputs = rules.inputs_from_json(data)
    except DocumentRefusedError:
        assert data != good_inputs()
        return
    again = rules.inputs_from_json(inputs.canonical_bytes())
    assert again.sha256() == inputs.sha256()


@cache
def good_export() -> dict[str, bytes]:
    """The files of a small export that holds."""
    with TemporaryDirectory() as folder:
        export.write(small_record(), Path(folder) / "export")
        return read(Path(folder) / "export", Report()).files


def _export(chance: Random) -> dict[str, bytes]:
    """The files of an export with one file changed, whose row of the manifest fits it or does not."""
    files = dict(good_export())
    name = chance.choice(sorted(files))
    files[name] = change(files[name], chance)
    if chance.random() < 0.5 and name != "manifest.json":
        manifest = canonical.decode(files["manifest.json"])
        row = next(row for row in manifest["files"] if row["path"] == name)
        row |= {"size": len(files[name]), "sha256": canonical.sha256_hex(files[name])}
        files["manifest.json"] = canonical.encode(manifest)
    return files


def take_export(files: dict[str, bytes]) -> None:
    """An export holds only where no byte of it is changed."""
    report = check_files(Folder(files), Report())
    assert report.holds == (files == good_export()), [str(finding) for finding in report.findings]


HUNTS: dict[str, tuple[st.SearchStrategy[Any], Callable[[Any], None], int]] = {
    "inclusion": (claims(included), take_inclusion, 200_000),
    "consistency": (claims(extended), take_consistency, 200_000),
    "head": (changed(good_heads()), take_head, 200_000),
    "entry": (changed(ENTRIES), take_entry, 200_000),
    "openings": (st.deferred(lambda: changed(good_openings())), take_openings, 160_000),
    "rule set": (changed([RULES.encode()]), take_rule_set, 10_000),
    "rule set in JSON": (changed([RULES_JSON]), take_json_rule_set, 10_000),
    "inputs": (changed([good_inputs()]), take_inputs, 20_000),
    "checkpoint": (changed([NOTE.encode()]), take_checkpoint, 40_000),
    "verifier key": (changed([str(WITNESS).encode()]), take_verifier_key, 40_000),
    "cosignature": (changed([COSIGNATURE]), take_cosignature, 40_000),
    "bundle of entries": (changed([BUNDLE]), take_bundle, 40_000),
    "decision": (changed([small_record().decisions["trial"].decision_json]), take_decision, 20_000),
    "export": (made(_export), take_export, 10_000),
}
"""What is hunted: inputs, what must come of them, and how many of a million and more."""


@pytest.mark.parametrize("name", HUNTS)
def test_no_input_crashes_a_parser_or_is_taken_for_what_it_is_not(name: str) -> None:
    inputs, take, _ = HUNTS[name]
    hunt(inputs, take, FEW)


@pytest.mark.on_demand
@pytest.mark.timeout(3 * 3600)
@pytest.mark.parametrize("name", HUNTS)
def test_a_million_inputs_crash_no_parser_and_none_is_taken_for_what_it_is_not(name: str) -> None:
    inputs, take, many = HUNTS[name]
    hunt(inputs, take, many)


def test_the_hunts_on_demand_are_a_million_inputs_or_more() -> None:
    assert sum(many for _, _, many in HUNTS.values()) >= 1_000_000
