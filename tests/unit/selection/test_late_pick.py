"""Commit and reveal."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from rules import load_rule_set
from rules.document import Changes, LatePick, Title
from selection.domain.late_pick import check_seed, commitment, committed_seed, reveal, unrevealed
from selection.domain.refusal import (
    CommitmentMismatchError,
    ContentInvalidError,
    LatePickRevealedError,
    LatePickUnknownError,
    SeedNotNeededError,
    StageDecidedError,
)
from selection.domain.stage import StageState
from selection.domain.waits import WaitCode, wait

from tests.builders.selection_cases import document, inputs
from tests.unit.selection.test_agenda import STAGE

BARE = load_rule_set(document("stage-1"))
SHA256 = hashlib.sha256(b"pepper\nthe hidden set").hexdigest()
PICK = LatePick(id="hidden", title=Title(ko="비공개", en="Hidden"), sha256=SHA256)
RULES = BARE.model_copy(update={"changes": Changes(consent="all-entered-teams", late_picks=(PICK,))})


def test_what_was_committed_is_revealed_once_with_its_salt() -> None:
    revealed = reveal(STAGE, RULES, "hidden", "pepper", "the hidden set", set())
    assert (revealed.pick, revealed.sha256, revealed.content) == ("hidden", SHA256, "the hidden set")
    assert (unrevealed(RULES, set()), unrevealed(RULES, {("hidden", SHA256)})) == (("hidden",), ())
    with pytest.raises(LatePickRevealedError):
        reveal(STAGE, RULES, "hidden", "pepper", "the hidden set", {("hidden", SHA256)})


def test_other_content_is_refused_with_both_hashes() -> None:
    with pytest.raises(CommitmentMismatchError) as refused:
        reveal(STAGE, RULES, "hidden", "pepper", "another set", set())
    assert (refused.value.committed, refused.value.found) == (SHA256, commitment("pepper", "another set"))


def test_without_a_salt_the_content_alone_is_hashed() -> None:
    assert commitment("", "x") == hashlib.sha256(b"x").hexdigest()


@pytest.mark.parametrize(("salt", "content"), [("pep\nper", "x"), ("", ""), ("", "x" * 65_537)])
def test_what_cannot_be_kept_is_refused(salt: str, content: str) -> None:
    with pytest.raises(ContentInvalidError):
        reveal(STAGE, RULES, "hidden", salt, content, set())


def test_a_pick_is_of_the_rule_set_and_revealed_before_the_decision() -> None:
    with pytest.raises(LatePickUnknownError):
        reveal(STAGE, RULES, "other", "", "x", set())
    with pytest.raises(StageDecidedError):
        reveal(replace(STAGE, state=StageState.OBJECTION), RULES, "hidden", "pepper", "the hidden set", set())


def test_the_seed_is_revealed_only_where_a_tie_needs_it_and_only_the_committed_one() -> None:
    seed = inputs("stage-1").seed
    assert seed is not None
    with pytest.raises(SeedNotNeededError):
        check_seed(STAGE, BARE, seed)
    waiting = replace(STAGE, waits=(wait(WaitCode.SEED_MISSING, teams="a,b"),))
    assert check_seed(waiting, BARE, seed) == committed_seed(BARE)
    with pytest.raises(CommitmentMismatchError):
        check_seed(waiting, BARE, seed + "!")
