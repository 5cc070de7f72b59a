"""The manifest and the identity that follows from it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from weights.manifest import (
    Declaration,
    FileEntry,
    LineageEdge,
    Signature,
    identity,
    manifest_json,
    statement_json,
    statement_of,
)

TEAM = "upstage"
DECLARATION = Declaration(
    "Apache-2.0",
    2**64 - 1,
    "2025-h2",
    "job",
    10,
    (LineageEdge("모델", "own", "weights", "p", frozen=True, share="0.5", evidence=("로그",)),),
    "",
)
FILES = (FileEntry("config.json", 2, "0" * 64), FileEntry("a/é.txt", 2**53 + 1, "1" * 64))


@given(st.text(), st.text())
def test_the_manifest_is_canonical_whatever_its_texts(licence: str, path: str) -> None:
    files = (*FILES, FileEntry(path, 1, "2" * 64))
    found = manifest_json(TEAM, "solar", 3, files, replace(DECLARATION, licence=licence))
    assert found == rfc8785.dumps(json.loads(found))


def test_the_order_of_the_files_does_not_matter() -> None:
    one = manifest_json(TEAM, "solar", 3, FILES, DECLARATION)
    assert one == manifest_json(TEAM, "solar", 3, FILES[::-1], DECLARATION)
    assert identity(one) == hashlib.sha256(one).hexdigest()


def test_whatever_a_checkpoint_is_changes_its_identity() -> None:
    manifests = {
        manifest_json(TEAM, "solar", 3, FILES, DECLARATION),
        manifest_json("other", "solar", 3, FILES, DECLARATION),
        manifest_json(TEAM, "lunar", 3, FILES, DECLARATION),
        manifest_json(TEAM, "solar", 4, FILES, DECLARATION),
        manifest_json(TEAM, "solar", 3, FILES[:1], DECLARATION),
        manifest_json(TEAM, "solar", 3, FILES, replace(DECLARATION, seed=1)),
        manifest_json(TEAM, "solar", 3, FILES, replace(DECLARATION, lineage=())),
        manifest_json(TEAM, "solar", 3, FILES, replace(DECLARATION, initialisation_sha256="3" * 64)),
        manifest_json(TEAM, "solar", 3, FILES, replace(DECLARATION, dtype="BF16")),
        manifest_json(TEAM, "solar", 3, FILES, DECLARATION, Signature("k", bytes(64))),
    }
    assert len({identity(manifest) for manifest in manifests}) == 10


def test_the_statement_is_the_manifest_without_version_and_signature() -> None:
    said = statement_json(TEAM, "solar", FILES, DECLARATION)
    assert said == rfc8785.dumps(json.loads(said))
    for signature in (None, Signature("k", bytes(64))):
        assert statement_of(manifest_json(TEAM, "solar", 3, FILES, DECLARATION, signature)) == said
