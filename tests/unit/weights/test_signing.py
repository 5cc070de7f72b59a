"""Signatures of manifests: told from the key and the manifest alone, by our code and by openssl."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from weights import signing
from weights.manifest import Declaration, FileEntry, Signature, manifest_json, statement_json, statement_of
from weights.signing import KeyRefusedError, SignatureInvalidError

if TYPE_CHECKING:
    from pathlib import Path

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
FILES = [FileEntry("config.json", 2, "0" * 64), FileEntry("모델.safetensors", 2**40, "1" * 64)]
SAID = Declaration("Apache-2.0", 2**64 - 1, "2025-h2", "", 10, (), "")
STATEMENT = statement_json("upstage", "solar", FILES, SAID)


def signed(version: int = 1) -> bytes:
    return manifest_json("upstage", "solar", version, FILES, SAID, signing.sign(STATEMENT, KEY))


def test_a_manifest_is_verified_by_the_public_key_alone_whatever_version_it_became() -> None:
    for version in (1, 7):
        assert signing.verify_manifest(signed(version), PUBLIC).key_id == signing.key_id(PUBLIC)


@pytest.mark.parametrize("name", ["team_id", "model", "files", "declaration"])
def test_a_manifest_that_says_something_else_is_not_signed(name: str) -> None:
    document = json.loads(signed())
    document[name] = {**document[name], "seed": "2"} if name == "declaration" else document[name][:1]
    forged = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    assert forged != signed()
    with pytest.raises(SignatureInvalidError) as refusal:
        signing.verify_manifest(forged, PUBLIC)
    assert (refusal.value.field, refusal.value.value) == ("signature", signing.key_id(PUBLIC))


@pytest.mark.parametrize("position", [0, 31, 32, 63])
def test_every_changed_byte_of_a_signature_is_noticed(position: int) -> None:
    good = signing.sign(STATEMENT, KEY)
    wrong = bytearray(good.signature)
    wrong[position] ^= 1
    for each in (bytes(wrong), good.signature[:-1], good.signature + b"\0", b""):
        with pytest.raises(SignatureInvalidError):
            signing.verify_statement(STATEMENT, Signature(good.key_id, each), PUBLIC)


def test_a_signature_that_names_another_key_is_refused_although_it_fits() -> None:
    good = signing.sign(STATEMENT, KEY)
    with pytest.raises(SignatureInvalidError) as refusal:
        signing.verify_statement(STATEMENT, Signature("f" * 64, good.signature), PUBLIC)
    assert refusal.value.field == "signature.key_id"


@pytest.mark.parametrize("given", [None, {}, {"key_id": "x"}, {"key_id": "x", "ed25519": "zz"}, "text", []])
def test_a_manifest_without_a_whole_signature_is_not_verified(given: object) -> None:
    document = json.loads(signed())
    document["signature"] = given
    forged = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    with pytest.raises(SignatureInvalidError):
        signing.verify_manifest(forged, PUBLIC)


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b"\xff", b'{"format":"dokpamo.checkpoint/1"}'])
def test_what_is_no_manifest_is_told_so(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whichever of its kinds
        signing.verify_manifest(text, PUBLIC)


def test_a_manifest_in_another_spelling_is_none() -> None:
    with pytest.raises(ValueError, match="no manifest"):
        signing.verify_manifest(json.dumps(json.loads(signed())).encode(), PUBLIC)


def test_the_proof_of_a_key_is_for_one_team() -> None:
    proof = KEY.sign(signing.possession_statement("upstage", PUBLIC))
    signing.verify_possession("upstage", PUBLIC, proof)
    with pytest.raises(SignatureInvalidError):
        signing.verify_possession("kt", PUBLIC, proof)
    with pytest.raises(SignatureInvalidError):
        signing.verify_possession("upstage", PUBLIC, KEY.sign(STATEMENT))


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(KeyRefusedError):
        signing.check_public_key(bytes(length))


def test_keys_for_which_anyone_can_sign_are_refused() -> None:
    forgeable = 0
    for point in sorted(signing._SMALL_ORDER):
        for sign in (0, 0x80):
            weak = point[:-1] + bytes([point[-1] | sign])
            with pytest.raises(KeyRefusedError, match="small order"):
                signing.check_public_key(weak)
            forgeable += any(
                _fits(weak, commitment + bytes(32), f"{number}".encode())
                for commitment in sorted(signing._SMALL_ORDER)
                for number in range(20)
            )
    # That the rule is needed: without a private key there are signatures for most of them.
    assert forgeable >= 8


def _fits(key: bytes, signature: bytes, signed: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
    except Exception:  # noqa: BLE001 - whichever way it does not fit
        return False
    return True


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl on this machine")
def test_openssl_makes_a_key_and_verifies_what_is_signed_with_it(tmp_path: Path) -> None:
    from client.sdk.signing import public_pem, read_public_key, sign

    def openssl(*arguments: object) -> None:
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    private, public = tmp_path / "key.pem", tmp_path / "public.pem"
    openssl("genpkey", "-algorithm", "ed25519", "-out", private)
    openssl("pkey", "-in", private, "-pubout", "-out", public)
    raw = read_public_key(public.read_bytes())
    assert public_pem(raw) == public.read_text()
    given = sign(STATEMENT, private)
    manifest = manifest_json("upstage", "solar", 3, FILES, SAID, Signature(given.key_id, given.signature))
    signing.verify_manifest(manifest, raw)
    (tmp_path / "statement").write_bytes(statement_of(manifest))
    (tmp_path / "signature").write_bytes(given.signature)
    verify = ("pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", "-in", tmp_path / "statement", "-sigfile")
    openssl(*verify, tmp_path / "signature")
    (tmp_path / "wrong").write_bytes(bytes(64))
    with pytest.raises(subprocess.CalledProcessError):
        openssl(*verify, tmp_path / "wrong")
