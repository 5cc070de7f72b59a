"""No input crashes a parser of what strangers hand in, and no changed head, entry, note, receipt or export is taken.

A few inputs for each parser always; more than a million in all, with those of `test_hostile_proofs.py`, by
`make attacks ARGS="-k hostile"`, which says how many there were, from which seed and how fast. What comes of an input
is one of two, or the test fails: it is refused by name, or it is what is true. Rule sets, schedules and score files
have more than a million of their own in `tests/unit/rules`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
import rules
from rules.violations import DocumentRefusedError
from verify import canonical, entry, export, note, pointer, tiles
from verify.check import check_files
from verify.checkpoint import Checkpoint, log_key, open_checkpoint, sign_checkpoint
from verify.chronicle import Chronicle
from verify.cosignature import check_cosignature, cosign
from verify.findings import Report
from verify.folder import Folder, read
from verify.head import HeadRefusedError, check_signature, signed_head_of
from verify.log_check import check_entries
from verify.merkle import hash_leaf
from verify.note import KeyKind, VerifierKey
from verify.opening_check import read_openings
from verify.own_receipt import check_own_receipt
from verify.withheld import Withheld, withheld_of

from tests.builders.hostile import FEW, change, changed, hunt
from tests.builders.public_record import RULES, RULES_JSON, START, private_key, small_record
from tests.unit.verify.test_hostile_proofs import MANY

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

RECORD = small_record()
LEAVES = [leaf for leaf in RECORD.entries if isinstance(leaf, bytes)]
ENTRIES = [entry.decode(leaf) for leaf in LEAVES]
HEADS = [canonical.encode(signed.document()) for signed in RECORD.heads]
INPUTS, DECISION = RECORD.decisions["trial"].inputs_json, RECORD.decisions["trial"].decision_json
NOTE = sign_checkpoint(RECORD.heads[-1].head, private_key())
LOG_KEY = log_key(private_key().public_key())
CHECKPOINT = Checkpoint.of(RECORD.heads[-1].head)
WITNESS = VerifierKey.of("example.org/witness", KeyKind.COSIGNATURE, private_key(8))
COSIGNATURE = str(cosign(CHECKPOINT, WITNESS.name, private_key(8), START)).encode()
BUNDLE = tiles.bundle(LEAVES[:3])
WITHHELD = Withheld(hash_leaf(LEAVES[0]), "a court \N{HANGUL SYLLABLE BYEOL}", "kim", "lee").encode()


@cache
def good_export() -> dict[str, bytes]:
    """The files of a small export that holds."""
    with TemporaryDirectory() as folder:
        export.write(RECORD, Path(folder) / "export")
        return read(Path(folder) / "export", Report()).files


def under(folder: str) -> list[bytes]:
    """The files in a folder of it."""
    return [data for path, data in sorted(good_export().items()) if path.startswith(folder)]


def take_json(data: bytes) -> bool:
    """A document that is taken has exactly these bytes."""
    try:
        document = canonical.decode(data)
    except canonical.NotCanonicalError:
        return False
    assert canonical.encode(document) == data
    return True


def take_pointer(data: bytes) -> bool:
    """A pointer that is taken names its place in one spelling."""
    text = data.decode(errors="replace")
    try:
        tokens = pointer.tokens_of(text)
    except pointer.PlaceRefusedError:
        return False
    assert pointer.pointer(tokens) == text
    return True


def take_head(data: bytes) -> bool:
    """A head is taken only where the key signed it, and then it is one of those that it signed."""
    try:
        signed = signed_head_of(canonical.decode(data))
        check_signature(signed, private_key().public_key())
    except (canonical.NotCanonicalError, HeadRefusedError):
        assert data not in HEADS
        return False
    assert data in HEADS
    return True


def take_entry(data: bytes) -> bool:
    """An entry that is taken has exactly these bytes, and all of it can be read or is refused by name."""
    try:
        taken = entry.decode(data)
    except entry.EntryRefusedError:
        assert data not in LEAVES
        return False
    assert taken.encode() == data
    Chronicle().add(0, taken, {})
    return True


def take_withheld(data: bytes) -> bool:
    """What stands in place of an entry is taken only in its one spelling, and no entry is taken for it."""
    try:
        taken = withheld_of(data)
    except entry.EntryRefusedError:
        assert data != WITHHELD
        return False
    if taken is None:
        assert data != WITHHELD
        return False
    assert taken.encode() == data
    with pytest.raises(entry.EntryRefusedError):
        entry.decode(data)
    return True


def take_openings(data: bytes) -> bool:
    """Openings are taken only as they were written."""
    report = Report()
    openings = read_openings(Folder({"openings/000000.jsonl": data}), report)
    for index, each in enumerate(ENTRIES):
        openings.take(index, each, report)
    openings.note_the_rest(report)
    # Fewer of them, each whole, are openings as well: what is missing then is found by what is due.
    assert not report.holds or set(data.split(b"\n")) <= set(under("openings/")[0].split(b"\n"))
    assert not report.holds or report.opened == data.count(b"\n")
    return report.holds


def take_receipt(data: bytes) -> bool:
    """A receipt is taken only where it says what a receipt of the log says."""
    report = Report()
    taken = check_own_receipt("kept", data, _log(), report)
    assert (taken is None) != report.holds
    if taken is not None:
        # However it is written: it was kept, and is no file of an export.
        assert canonical.encode(taken) in under("receipts/")
    return report.holds


@cache
def _log() -> Any:
    return check_entries(Folder(good_export()), list(RECORD.heads), Report())


def take_rule_set(data: bytes) -> bool:
    """A rule set that is taken in YAML or JSON has canonical bytes, from which it is read again as the same."""
    try:
        rule_set = rules.load_rule_set(data)
    except DocumentRefusedError:
        return False
    again = rules.canonical_bytes(rule_set)
    assert rules.canonical_bytes(rules.rule_set_from_json(again)) == again
    return True


def take_json_rule_set(data: bytes) -> bool:
    """A logged rule set that is taken decides nothing by other bytes than its own."""
    try:
        rule_set = rules.rule_set_from_json(data)
    except DocumentRefusedError:
        assert data != RULES_JSON
        return False
    assert rules.rule_set_from_json(rules.canonical_bytes(rule_set)) == rule_set
    return True


def take_inputs(data: bytes) -> bool:
    """Inputs that are taken are written as they were read."""
    try:
        inputs = rules.inputs_from_json(data)
    except DocumentRefusedError:
        assert data != INPUTS
        return False
    assert rules.inputs_from_json(inputs.canonical_bytes()).sha256() == inputs.sha256()
    return True


def take_decision(data: bytes) -> bool:
    """A decision that is taken has exactly these bytes."""
    try:
        decision = rules.decision_from_json(data)
    except DocumentRefusedError:
        assert data != DECISION
        return False
    assert decision.canonical_bytes() == data
    return True


def take_checkpoint(data: bytes) -> bool:
    """A checkpoint is taken only where the log's key signed it; a note that is taken is written as it was."""
    try:
        parsed = note.parse(data)
        assert parsed.encode() == data
        checkpoint = open_checkpoint(parsed, LOG_KEY)
    except note.NoteRefusedError:
        assert data != NOTE.encode()
        return False
    assert checkpoint == CHECKPOINT
    assert parsed.of(LOG_KEY) == NOTE.signatures[0]
    return True


def take_verifier_key(data: bytes) -> bool:
    """A key that is taken is handed on as it came."""
    text = data.decode(errors="surrogateescape")
    try:
        taken = note.verifier_key_of(text)
    except note.NoteRefusedError:
        assert text != str(WITNESS)
        return False
    assert str(taken) == text
    return True


def take_cosignature(data: bytes) -> bool:
    """A cosignature is taken only as the witness made it."""
    try:
        check_cosignature(CHECKPOINT, note.signature_of(data.decode(errors="replace")), WITNESS)
    except note.NoteRefusedError:
        assert data != COSIGNATURE
        return False
    assert data == COSIGNATURE
    return True


def take_bundle(data: bytes) -> bool:
    """A bundle of entries that is taken is written as it was."""
    try:
        entries = tiles.entries_of(data, 3)
    except tiles.TileRefusedError:
        assert data != BUNDLE
        return False
    assert tiles.bundle(entries) == data
    return True


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


def take_export(files: dict[str, bytes]) -> bool:
    """An export holds only where no byte of it is changed."""
    report = check_files(Folder(files), Report())
    assert report.holds == (files == good_export()), [str(finding) for finding in report.findings]
    return report.holds


HUNTS: dict[str, tuple[Callable[[Random], Any], Callable[[Any], bool], int]] = {
    "canonical JSON": (changed([*LEAVES, *HEADS, RULES_JSON, INPUTS]), take_json, 100_000),
    "JSON pointer": (changed([path.encode() for each in ENTRIES for path in each.sealed]), take_pointer, 50_000),
    "signed head": (changed(HEADS), take_head, 100_000),
    "checkpoint": (changed([NOTE.encode()]), take_checkpoint, 60_000),
    "verifier key": (changed([str(WITNESS).encode()]), take_verifier_key, 50_000),
    "cosignature": (changed([COSIGNATURE]), take_cosignature, 60_000),
    "entry": (changed(LEAVES), take_entry, 100_000),
    "withheld entry": (changed([WITHHELD]), take_withheld, 60_000),
    "openings": (changed(under("openings/")), take_openings, 160_000),
    "receipt": (changed(under("receipts/")), take_receipt, 60_000),
    "bundle of entries": (changed([BUNDLE]), take_bundle, 50_000),
    "rule set": (changed([RULES.encode()]), take_rule_set, 5_000),
    "rule set in JSON": (changed([RULES_JSON]), take_json_rule_set, 5_000),
    "inputs": (changed([INPUTS]), take_inputs, 10_000),
    "decision": (changed([DECISION]), take_decision, 10_000),
    "export": (_export, take_export, 10_000),
}
"""What is hunted: what makes an input, what must come of it, and how many of them on demand."""


@pytest.mark.parametrize("name", HUNTS)
def test_no_input_crashes_a_parser_or_is_taken_for_what_it_is_not(name: str) -> None:
    make, take, _ = HUNTS[name]
    hunt(name, make, take, FEW)


@pytest.mark.on_demand
@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", HUNTS)
def test_a_million_inputs_crash_no_parser_and_none_is_taken_for_what_it_is_not(name: str) -> None:
    make, take, many = HUNTS[name]
    hunt(name, make, take, many)


def test_the_hunts_on_demand_are_a_million_inputs_or_more() -> None:
    assert sum(many for _, _, many in HUNTS.values()) + 2 * MANY >= 1_000_000
