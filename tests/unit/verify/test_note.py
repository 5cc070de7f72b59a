"""The rules of signed notes, checkpoints and cosignatures: one spelling, known keys, nothing else counts."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from verify import note
from verify.checkpoint import Checkpoint, checkpoint_of, log_key, open_checkpoint, sign_checkpoint
from verify.cosignature import check_cosignature, cosign
from verify.head import TreeHead, log_id
from verify.note import KeyKind, Note, NoteRefusedError, VerifierKey, parse, signature_of, verifier_key_of

from tests.builders.public_record import private_key

KEY = private_key()
LOG = log_key(KEY.public_key())
HEAD = TreeHead(log_id(KEY.public_key()), 7, b"\x0b" * 32, datetime(2026, 1, 15, 1, 2, 3, 40, tzinfo=UTC))
CHECKPOINT = Checkpoint.of(HEAD)
SIGNED = sign_checkpoint(HEAD, KEY)
OTHERS = private_key(8)
WITNESS = VerifierKey.of("witness.example.org/one", KeyKind.COSIGNATURE, OTHERS)
NOW = datetime(2026, 1, 16, tzinfo=UTC)


def test_a_checkpoint_is_the_head_in_three_lines_signed_by_the_same_key() -> None:
    again = parse(SIGNED.encode())
    assert again == SIGNED
    assert open_checkpoint(again, LOG) == CHECKPOINT
    assert again.text == f"dokpamo-log/{HEAD.log_id}\n7\n{base64.b64encode(HEAD.root_hash).decode()}\n"
    # Whoever holds the key makes the same checkpoint of a head at any time.
    assert sign_checkpoint(HEAD, KEY) == SIGNED


@pytest.mark.parametrize(
    "text",
    [
        SIGNED.text.replace("\n7\n", "\n8\n"),
        SIGNED.text.replace("\n7\n", "\n07\n"),
        SIGNED.text + "more\n",
        SIGNED.text.replace("CwsL", "CwsM"),
        SIGNED.text.replace("dokpamo-log/", "dokpamo-log/0"),
    ],
)
def test_a_changed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteRefusedError):
        open_checkpoint(Note(text, SIGNED.signatures), LOG)


@pytest.mark.parametrize(
    "text",
    ["", "\n", "a\n1\n", "\n1\n" + "A" * 43 + "=\n", "a\n-1\n" + "A" * 43 + "=\n", "a\n1\nAAAA\n", "a\n1\n?\n",
     "a\n1\n" + "A" * 42 + "B=\n", "a\n١\n" + "A" * 43 + "=\n"],
)  # fmt: skip
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteRefusedError):
        checkpoint_of(text)


def test_a_checkpoint_signed_by_another_key_or_twice_is_refused() -> None:
    (ours,) = SIGNED.signatures
    forged = note.sign(SIGNED.text, LOG.name, OTHERS)
    for signatures in ((), (forged,), (ours, ours), (ours.__class__(ours.name, ours.key_id, forged.signature),)):
        with pytest.raises(NoteRefusedError):
            open_checkpoint(Note(SIGNED.text, signatures), LOG)
    # A key that nobody asked about is passed over, as the specification wants it.
    assert open_checkpoint(Note(SIGNED.text, (forged, ours)), LOG) == CHECKPOINT


def test_a_cosignature_says_when_the_witness_saw_the_checkpoint() -> None:
    given = cosign(CHECKPOINT, WITNESS.name, OTHERS, NOW + timedelta(milliseconds=900))
    assert check_cosignature(CHECKPOINT, signature_of(str(given)), WITNESS) == NOW


def test_a_cosignature_of_another_time_text_name_or_key_is_refused() -> None:
    given = cosign(CHECKPOINT, WITNESS.name, OTHERS, NOW)
    later = (int(NOW.timestamp()) + 1).to_bytes(8, "big") + given.signature[8:]
    other_name = VerifierKey.of("witness.example.org/two", KeyKind.COSIGNATURE, OTHERS)
    log = VerifierKey.of(WITNESS.name, KeyKind.NOTE, OTHERS)
    bigger = Checkpoint(CHECKPOINT.origin, 8, CHECKPOINT.root_hash)
    for checkpoint, signature, witness in (
        (CHECKPOINT, given.__class__(given.name, given.key_id, later), WITNESS),
        (CHECKPOINT, given.__class__(given.name, given.key_id, given.signature[:-1]), WITNESS),
        (bigger, given, WITNESS),
        (CHECKPOINT, given, other_name),
        (CHECKPOINT, given, log),
        (CHECKPOINT, note.sign(CHECKPOINT.text(), WITNESS.name, OTHERS), WITNESS),
    ):
        with pytest.raises(NoteRefusedError):
            check_cosignature(checkpoint, signature, witness)


def test_a_key_is_handed_on_as_text() -> None:
    for key in (LOG, WITNESS):
        assert verifier_key_of(str(key)) == key


@pytest.mark.parametrize(
    "text",
    [
        "", "name", "name+00000000+", str(WITNESS) + "\n", str(WITNESS).replace("+", " "), str(WITNESS)[1:],
        str(WITNESS).replace("witness", "witless"), str(WITNESS).upper(), f"a+00000000+{'A' * 44}",
        f"{WITNESS.name}+{WITNESS.key_id.hex()}+{base64.b64encode(bytes([2]) + WITNESS.public_key).decode()}",
    ],
)  # fmt: skip
def test_a_text_that_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(NoteRefusedError):
        verifier_key_of(text)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\n\n", SIGNED.text.encode(), SIGNED.encode()[:-1], SIGNED.encode() + b"\n", SIGNED.encode() + b"x\n",
        SIGNED.encode().replace("\N{EM DASH}".encode(), b"-"), SIGNED.encode().replace(b"\n7", b"\r\n7"),
        b"\xff" + SIGNED.encode(), SIGNED.encode().replace(b" M0b", b"  M0b"), SIGNED.text.encode() + b"\n\n",
        SIGNED.encode() + 100 * f"{SIGNED.signatures[0]}\n".encode(), b"a" * 70_000 + SIGNED.encode(),
        f"a\n\n— {'a' * 201} AAAAAAA=\n".encode(), "a\n\n— a AAAA\n".encode(), "a\n\n— a AAAAAAB=\n".encode(),
        "a\n\n— a+b AAAAAAA=\n".encode(), "a\n\n— \u2003 AAAAAAA=\n".encode(),
    ],
)  # fmt: skip
def test_what_is_no_note_is_refused(data: bytes) -> None:
    with pytest.raises(NoteRefusedError):
        parse(data)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "x" * 201, "\u3000"])
def test_a_name_that_no_key_can_have_is_refused(name: str) -> None:
    with pytest.raises(NoteRefusedError):
        cosign(CHECKPOINT, name, OTHERS, NOW)
