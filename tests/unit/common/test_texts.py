from __future__ import annotations

import pytest
from common.errors import FieldInvalidError
from common.grpc.texts import refuse_nul, texts_of
from dokpamo.common.v1 import platform_pb2 as pb


def test_texts_are_found_wherever_they_stand() -> None:
    answer = pb.ListParkedResponse(next_page_token="7", parked=[pb.ParkedEvent(parked_id="1", facts={"field": "name"})])

    assert sorted(texts_of(answer)) == [
        ("next_page_token", "7"),
        ("parked.facts", "field"),
        ("parked.facts", "name"),
        ("parked.parked_id", "1"),
    ]


@pytest.mark.parametrize(
    "message",
    [
        pb.DismissParkedRequest(reason="a\0b"),
        pb.ListParkedResponse(parked=[pb.ParkedEvent(reason="\0")]),
        pb.ListParkedResponse(parked=[pb.ParkedEvent(facts={"\0": "x"})]),
        pb.ListParkedResponse(parked=[pb.ParkedEvent(facts={"x": "\0"})]),
    ],
)
def test_a_text_with_nul_is_refused(message: pb.ListParkedResponse) -> None:
    with pytest.raises(FieldInvalidError):
        refuse_nul(message)


def test_bytes_and_numbers_are_none_of_its_business() -> None:
    refuse_nul(pb.ListParkedResponse(parked=[pb.ParkedEvent(payload=b"\0", offset=0, attempts=7)]))
