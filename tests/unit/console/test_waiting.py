"""What a stage waits for, in words."""

from __future__ import annotations

import re

import pytest
from console.domain.waiting import LACKING, SENTENCES, Wait, in_words
from selection.domain.waits import WaitCode


def name(team: str) -> str:
    return team.upper()


def test_every_code_of_selection_has_a_sentence_in_both_languages() -> None:
    assert SENTENCES.keys() == {code.value for code in WaitCode}


def test_a_sentence_has_instants_of_seoul_and_the_names_of_teams() -> None:
    wait = Wait("verdicts-missing", {"gate": "originality", "teams": "lg,skt"})
    assert in_words(wait, "ko", name) == "관문 판정: originality (LG, SKT)"
    assert in_words(wait, "en", name) == "verdicts of gate originality (LG, SKT)"
    wait = Wait("objections", {"until": "2026-01-25T15:00:00Z"})
    assert in_words(wait, "ko", name) == "2026-01-26 00:00까지 이의제기"


def test_what_a_new_decision_lacks_is_said_in_words() -> None:
    wait = Wait("redecision-impossible", {"missing": "verdicts-missing,seed-missing,moon"})
    assert in_words(wait, "ko", name) == "재결정에 빠진 자료: 관문 판정, 추첨 시드, moon"
    assert in_words(wait, "en", name) == "what a new decision lacks: verdicts, the seed of the lot, moon"
    assert LACKING.keys() <= SENTENCES.keys()


def test_the_two_languages_say_the_same_facts() -> None:
    for code, (korean, english) in SENTENCES.items():
        assert set(re.findall(r"{(\w+)}", korean)) == set(re.findall(r"{(\w+)}", english)), code


@pytest.mark.parametrize("language", ["ko", "en"])
def test_what_a_newer_selection_says_is_shown_as_it_is(language: str) -> None:
    assert in_words(Wait("moon", {"phase": "full"}), "ko" if language == "ko" else "en", name) == "moon (phase full)"
    assert in_words(Wait("moon", {}), "ko", name) == "moon"


def test_a_fact_that_is_not_said_leaves_its_place_empty_and_no_instant_stays_as_it_is() -> None:
    assert in_words(Wait("call-open", {}), "en", name) == "the end of call –"
    assert in_words(Wait("objections", {"until": "soon"}), "en", name) == "objections until soon"
