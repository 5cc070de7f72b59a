"""What a proof may be asked for."""

from __future__ import annotations

import pytest
from notary.domain.extent import NotLoggedError, extent, require_leaf, require_order


def test_no_size_means_that_of_the_newest_head() -> None:
    assert extent("tree_size", 0, grown=9, signed=7) == 7
    assert extent("tree_size", 9, grown=9, signed=7) == 9


def test_what_the_log_does_not_have_is_refused() -> None:
    for refused in (
        lambda: extent("tree_size", 0, grown=9, signed=None),
        lambda: extent("tree_size", 10, grown=9, signed=7),
        lambda: require_leaf(7, 7),
        lambda: require_order(0, 5),
        lambda: require_order(6, 5),
    ):
        with pytest.raises(NotLoggedError):
            refused()
