from __future__ import annotations

from typing import cast

import pytest
from common.errors import FieldInvalidError
from common.provenance import mark_of, value_of
from dokpamo.common.v1 import provenance_pb2


@pytest.mark.parametrize("mark", ["recorded", "published", "reconstructed", "synthetic"])
def test_every_mark_is_itself_again(mark: str) -> None:
    assert mark_of(value_of(mark)) == mark


def test_where_nothing_is_said_a_value_is_taken_as_recorded() -> None:
    assert mark_of(provenance_pb2.PROVENANCE_UNSPECIFIED) == "recorded"


def test_a_number_that_the_contract_does_not_know_is_refused() -> None:
    unknown = cast("provenance_pb2.Provenance.ValueType", 99)
    with pytest.raises(FieldInvalidError) as refused:
        mark_of(unknown)
    assert (refused.value.field, refused.value.value) == ("provenance", 99)
