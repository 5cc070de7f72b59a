"""The closed list of grounds."""

from __future__ import annotations

import pytest
from selection.domain.objection_grounds import GROUNDS, Kind, ground_of
from selection.domain.objection_refusal import GroundUnknownError


def test_every_ground_has_two_titles_a_source_and_a_code_of_its_own() -> None:
    assert len({each.code for each in GROUNDS}) == len(GROUNDS)
    assert {each.kind for each in GROUNDS} == set(Kind)
    for each in GROUNDS:
        assert ground_of(each.kind, each.code) == each
        assert all((each.title_ko, each.title_en, each.source))


@pytest.mark.parametrize(("kind", "code"), [(Kind.OBJECTION, "technical"), (Kind.CASE, "input"), (Kind.CASE, "")])
def test_a_ground_of_the_other_kind_or_of_none_is_refused(kind: Kind, code: str) -> None:
    with pytest.raises(GroundUnknownError) as refused:
        ground_of(kind, code)
    assert refused.value.value == code
