"""A team's key on disk, and what is signed with it."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
from client.sdk import signing as keys
from client.sdk.transfer.scanning import LocalFile
from common.auth import NotAKeyError
from dokpamo.registry.v1 import service_pb2 as pb
from registry import wire
from weights import signing
from weights.manifest import Signature, statement_json

if TYPE_CHECKING:
    from pathlib import Path

SAID = pb.Declaration(
    licence="Apache-2.0",
    seed=7,
    period="2025-h2",
    job_id="job-1",
    parameters=12,
    lineage=[pb.LineageEdge(component="m", owner="own", kind="weights", parent="p", share="0.5", evidence=["a", "b"])],
    training_log_sha256="1" * 64,
    initialisation_sha256="2" * 64,
    dtype="BF16",
)


def test_a_key_is_for_its_owner_alone_and_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    public = keys.new_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        keys.new_key(path)
    assert path.read_bytes() == before
    assert keys.read_public_key(keys.public_pem(public).encode()) == public


def test_a_push_is_signed_as_the_registry_will_read_it(tmp_path: Path) -> None:
    public = keys.new_key(tmp_path / "key.pem")
    files = [LocalFile("config.json", 2, "0" * 64), LocalFile("가.safetensors", 9, "3" * 64)]
    made = keys.signer(tmp_path / "key.pem")("upstage", "solar", files, SAID)
    listed = [pb.CheckpointFile(path=f.path, size_bytes=f.size_bytes, sha256=f.sha256) for f in files]
    read = statement_json("upstage", "solar", wire.to_files(listed), wire.to_declaration(SAID))
    signing.verify_statement(read, Signature(made.key_id, made.signature), public)


def test_a_key_is_proved_for_a_team(tmp_path: Path) -> None:
    keys.new_key(tmp_path / "key.pem")
    public, proof = keys.prove("upstage", tmp_path / "key.pem")
    signing.verify_possession("upstage", public, proof)


def test_files_that_hold_no_key_are_told(tmp_path: Path) -> None:
    public = keys.new_key(tmp_path / "key.pem")
    (tmp_path / "public.pem").write_text(keys.public_pem(public))
    for name in ("public.pem", "none.pem"):
        (tmp_path / "none.pem").write_text("nothing")
        with pytest.raises(NotAKeyError):
            keys.sign(b"x", tmp_path / name)
    for wrong in (b"", (tmp_path / "key.pem").read_bytes()):
        with pytest.raises(keys.NotAPublicKeyError):
            keys.read_public_key(wrong)
