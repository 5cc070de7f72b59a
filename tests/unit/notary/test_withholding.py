"""What can be withheld and given back, as it is now."""

from __future__ import annotations

import pytest
from notary.domain.withholding import (
    TELLING,
    NotWithheldError,
    NotWithholdableError,
    WithheldAlreadyError,
    WithholdingKind,
    require_possible,
    require_withholdable,
)

WITHHOLD, RESTORE = WithholdingKind.WITHHOLD, WithholdingKind.RESTORE


def test_what_is_there_is_withheld_and_what_is_withheld_is_given_back() -> None:
    require_possible(WITHHOLD, "one", withheld=False, waiting=False)
    require_possible(RESTORE, "one", withheld=True, waiting=False)


def test_what_is_withheld_is_not_withheld_again_and_what_is_there_not_given_back() -> None:
    with pytest.raises(WithheldAlreadyError):
        require_possible(WITHHOLD, "one", withheld=True, waiting=False)
    with pytest.raises(NotWithheldError):
        require_possible(RESTORE, "one", withheld=False, waiting=False)


@pytest.mark.parametrize(("kind", "withheld"), [(WITHHOLD, False), (RESTORE, True)])
def test_of_an_entry_one_request_waits_at_a_time(kind: WithholdingKind, withheld: bool) -> None:
    with pytest.raises(WithheldAlreadyError):
        require_possible(kind, "one", withheld=withheld, waiting=True)


@pytest.mark.parametrize("event_type", TELLING)
def test_the_word_about_a_withholding_is_not_withheld(event_type: str) -> None:
    with pytest.raises(NotWithholdableError):
        require_withholdable("one", event_type)
    require_withholdable("one", "dokpamo.selection.v1.RuleSetFrozen")
