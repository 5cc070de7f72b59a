"""Everything people read is in both languages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from common.topics import event_types
from console.domain.feed import Item
from console.domain.words import WORDS


@pytest.mark.parametrize("event_type", sorted(event_types()))
def test_every_event_of_the_contracts_has_words_in_both_languages(event_type: str) -> None:
    name = event_type.rpartition(".")[2]
    item = Item(1, datetime(2026, 1, 15, tzinfo=UTC), name, "key")
    assert name not in {item.words("ko"), item.words("en")}
    assert item.words("ko") != item.words("en")


def test_no_word_is_left_untranslated() -> None:
    assert [word for word, (korean, english) in WORDS.items() if not korean or not english or korean == english] == []
