from __future__ import annotations

from typing import Any

import pytest
from common.errors import FieldInvalidError
from common.paging import LARGEST_PAGE, following, page_size, position, token


def test_a_page_is_as_large_as_asked_up_to_the_contracts_limit() -> None:
    assert (page_size(0), page_size(7), page_size(LARGEST_PAGE)) == (50, 7, LARGEST_PAGE)
    with pytest.raises(FieldInvalidError):
        page_size(LARGEST_PAGE + 1)


def test_a_token_is_a_position_and_none_is_the_beginning() -> None:
    assert (position(""), position("7"), position(str(2**63 - 1))) == (0, 7, 2**63 - 1)


def test_the_page_after_starts_behind_the_last_row_shown_and_only_where_there_is_another() -> None:
    rows: Any = [{"position": 3, "number": 1}, {"position": 5, "number": 2}, {"position": 9, "number": 3}]
    assert (following(rows, 2), following(rows, 2, "number"), following(rows, 3), following([], 1)) == (
        5,
        2,
        None,
        None,
    )
    assert (token(None), token(0), token("a.b"), position(token(following(rows, 2)))) == ("", "0", "a.b", 5)


@pytest.mark.parametrize("given", ["-1", "x", "1.0", "\u0661", "\u00b2", str(2**63), "9" * 5000])
def test_a_token_that_we_never_gave_is_refused(given: str) -> None:
    with pytest.raises(FieldInvalidError):
        position(given)
