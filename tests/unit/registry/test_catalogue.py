"""What of a registered model is otherwise than the tables have it: one kind at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from registry.domain.catalogue import (
    CANDIDATE,
    CHAMPION,
    IDENTITY_TAG,
    Expected,
    Kind,
    Registered,
    Version,
    differences,
)

ONE = Version("1", "s3://b/manifests/1", {IDENTITY_TAG: "1" * 64, "dokpamo.period": "2025-h2"}, "run-1")
TWO = Version("2", "s3://b/manifests/2", {IDENTITY_TAG: "2" * 64, "dokpamo.period": "2026-h1"}, "run-2")
EXPECTED = Expected("upstage", "upstage.solar", (ONE, TWO), {CANDIDATE: "2", CHAMPION: "", "stage-1": "1"})
GOOD = Registered("upstage.solar", (ONE, TWO), {CANDIDATE: "2", "stage-1": "1"})


def with_one(**changes: object) -> Registered:
    return replace(GOOD, versions=(replace(ONE, **changes), TWO))  # type: ignore[arg-type]  # fields of a version


def with_tags(**changes: str) -> Registered:
    return with_one(tags={**ONE.tags, **{key.replace("__", "."): value for key, value in changes.items()}})


@pytest.mark.parametrize(
    ("found", "kinds"),
    [
        (GOOD, []),
        (with_one(source="s3://elsewhere"), [Kind.SOURCE_CHANGED]),
        (with_one(run_id=""), [Kind.RUN_CHANGED]),
        (with_one(stage="Staging"), [Kind.STAGE_SET]),
        (with_tags(dokpamo__period="x"), [Kind.TAG_CHANGED]),
        (with_one(tags={"dokpamo.period": "2025-h2"}), [Kind.TAG_CHANGED]),
        (with_tags(dokpamo__outcome="x"), [Kind.TAG_FOREIGN]),
        (with_tags(note="anybody may write this"), []),
        (with_one(tags={**ONE.tags, IDENTITY_TAG: "f" * 64}), [Kind.VERSION_MISSING]),
        (replace(GOOD, versions=(TWO,)), [Kind.VERSION_MISSING]),
        (replace(GOOD, versions=(ONE, TWO, replace(TWO, version="3"))), [Kind.VERSION_FOREIGN]),
        (replace(GOOD, aliases={CANDIDATE: "1", "stage-1": "1"}), [Kind.ALIAS_MOVED]),
        (replace(GOOD, aliases={CANDIDATE: "2"}), [Kind.ALIAS_MOVED]),
        (replace(GOOD, aliases={CANDIDATE: "2", "stage-1": "1", CHAMPION: "2"}), [Kind.ALIAS_MOVED]),
        (replace(GOOD, aliases={CANDIDATE: "2", "stage-1": "1", "best": "2"}), [Kind.ALIAS_FOREIGN]),
        (Registered("upstage.solar"), [Kind.VERSION_MISSING, Kind.VERSION_MISSING, Kind.ALIAS_MOVED, Kind.ALIAS_MOVED]),
    ],
)
def test_each_difference_has_its_kind(found: Registered, kinds: list[Kind]) -> None:
    assert [each.kind for each in differences(EXPECTED, found)] == kinds


def test_a_source_or_run_that_was_not_kept_is_not_compared() -> None:
    old = replace(EXPECTED, versions=(replace(ONE, source="", run_id=""), TWO))
    assert list(differences(old, with_one(source="s3://anywhere", run_id="any"))) == []
