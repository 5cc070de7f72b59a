from __future__ import annotations

import pytest
from common.errors import FieldInvalidError
from common.paging import LARGEST_PAGE, page_size, position


def test_a_page_is_as_large_as_asked_up_to_the_contracts_limit() -> None:
    assert (page_size(0), page_size(7), page_size(LARGEST_PAGE)) == (50, 7, LARGEST_PAGE)
    with pytest.raises(FieldInvalidError):
        page_size(LARGEST_PAGE + 1)


def test_a_token_is_a_position_and_none_is_the_beginning() -> None:
    assert (position(""), position("7"), position(str(2**63 - 1))) == (0, 7, 2**63 - 1)


@pytest.mark.parametrize("token", ["-1", "x", "1.0", "\u0661", "\u00b2", str(2**63), "9" * 5000])
def test_a_token_that_we_never_gave_is_refused(token: str) -> None:
    with pytest.raises(FieldInvalidError):
        position(token)
