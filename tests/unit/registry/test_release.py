"""Releases: which one is meant, on which terms, and who reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from registry.domain.checkpoint import Digest, RegistryFieldError, TeamId
from registry.domain.outcome import Outcome, StageOutcome, stage_of_alias
from registry.domain.release import (
    LicenceTextMissingError,
    Release,
    Revision,
    Withdrawal,
    check_reason,
    check_terms,
    licence_file,
    may_read,
    parse_revision,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def a_release(**changes: Any) -> Release:
    usual: dict[str, Any] = {
        "checkpoint_digest": Digest("a" * 64),
        "team_id": TeamId("upstage"),
        "model": "solar",
        "version": 3,
        "gated": True,
        "licence": "Apache-2.0",
        "licence_path": "LICENSE",
        "licence_sha256": "b" * 64,
        "file_count": 3,
        "size_bytes": 10,
        "released_at": NOW,
    }
    return Release(**usual | changes)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", Revision()),
        ("main", Revision()),
        ("v1", Revision(version=1)),
        ("v999999999", Revision(version=999_999_999)),
        ("a" * 64, Revision(digest="a" * 64)),
        ("champion", Revision(champion=True)),
        ("stage-1", Revision(stage_id="stage-1")),
        # A stage that is called as MLflow calls its own has another alias there, and here too.
        ("stage_latest", Revision(stage_id="latest")),
        # None of these is a version, a digest or the last: they are looked for as stages, and are none.
        ("v0", Revision(stage_id="v0")),
        ("v01", Revision(stage_id="v01")),
        ("v1000000000", Revision(stage_id="v1000000000")),
        ("V1", Revision(stage_id="V1")),
        ("A" * 64, Revision(stage_id="A" * 64)),
        ("a" * 63, Revision(stage_id="a" * 63)),
        ("MAIN", Revision(stage_id="MAIN")),
        ("../main", Revision(stage_id="../main")),
        ("v١", Revision(stage_id="v١")),
    ],
)
def test_a_revision_is_the_last_version_a_version_a_digest_or_a_stage(text: str, meant: Revision) -> None:
    assert parse_revision(text) == meant


@pytest.mark.parametrize("stage_id", ["stage-1", "latest", "v2", "LATEST", "final"])
def test_the_alias_of_a_stage_leads_back_to_it(stage_id: str) -> None:
    assert stage_of_alias(StageOutcome(stage_id, Outcome.ADVANCED, 1).alias) == stage_id


def test_the_text_of_a_licence_is_the_file_that_is_named_or_by_custom_one() -> None:
    assert licence_file("", {"README.md", "LICENCE", "LICENSE"}) == "LICENSE"
    assert licence_file("", {"README.md", "LICENCE"}) == "LICENCE"
    assert licence_file("", {"README.md"}) == ""
    assert licence_file("terms/KR.txt", {"LICENSE", "terms/KR.txt"}) == "terms/KR.txt"
    for path in ("LICENSE", "model.safetensors", "config.json"):
        with pytest.raises(RegistryFieldError):
            licence_file(path, {"README.md", "model.safetensors", "config.json"})


def test_only_a_gated_release_needs_a_text() -> None:
    check_terms(gated=False, licence_path="")
    check_terms(gated=True, licence_path="LICENSE")
    with pytest.raises(LicenceTextMissingError):
        check_terms(gated=True, licence_path="")


@pytest.mark.parametrize(
    ("changes", "team", "accepted", "reads"),
    [
        ({"gated": False}, None, False, True),
        ({}, None, False, False),
        ({}, "kt", False, False),
        ({}, None, True, True),
        ({}, "upstage", False, True),
        ({"withdrawal": Withdrawal("wrong", NOW)}, "upstage", True, False),
        ({"gated": False, "withdrawal": Withdrawal("wrong", NOW)}, None, False, False),
    ],
)
def test_a_gated_release_is_read_by_its_team_and_by_who_accepted_and_a_withdrawn_one_by_nobody(
    changes: dict[str, Any], team: str | None, accepted: bool, reads: bool
) -> None:
    assert may_read(a_release(**changes), team, accepted=accepted) is reads


@pytest.mark.parametrize("reason", ["", "  ", "x" * 1_001])
def test_a_withdrawal_says_why(reason: str) -> None:
    check_reason("a file was not ours")
    with pytest.raises(RegistryFieldError):
        check_reason(reason)
