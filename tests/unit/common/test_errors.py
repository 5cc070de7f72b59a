from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import Enum

import grpc
import pytest
from common.clock import SEOUL
from common.errors import (
    AwaitedError,
    DatabaseUnavailableError,
    FieldInvalidError,
    NotFoundError,
    Reason,
    Reasons,
    Refused,
    TransientError,
    as_refused,
    facts_of,
)
from common.grpc.status import PeerUnavailableError, from_error, to_details, wire_message
from grpc import aio


class Stage(Enum):
    WRITTEN = "written-review"


class RuleBrokenError(Exception):
    def __init__(self) -> None:
        super().__init__("the application is late")
        self.field = "submitted_at"
        self.closed_at = datetime(2025, 7, 21, 16, 0, tzinfo=SEOUL)
        self.stage = Stage.WRITTEN
        self.score = Decimal("90.20")
        self.teams = ["nc-ai", "upstage"]
        self.absent = None
        self._hidden = "not for clients"


class TooLateError(RuleBrokenError):
    pass


REASONS: Reasons = {RuleBrokenError: Reason(grpc.StatusCode.FAILED_PRECONDITION, "RULE_BROKEN")}


def received(refused: Refused) -> Refused:
    trailing = aio.Metadata(("grpc-status-details-bin", to_details(refused, "dokpamo.intake")))
    return from_error(aio.AioRpcError(refused.status, aio.Metadata(), trailing, wire_message(refused)))


def test_a_domain_exception_is_refused_by_the_services_table_along_its_base_classes() -> None:
    refused = as_refused(TooLateError(), REASONS)

    assert refused is not None
    assert (refused.code, refused.status) == ("RULE_BROKEN", grpc.StatusCode.FAILED_PRECONDITION)
    assert refused.message == "the application is late"


def test_facts_are_the_public_attributes_as_text() -> None:
    assert facts_of(TooLateError()) == {
        "field": "submitted_at",
        "closed_at": "2025-07-21T07:00:00+00:00",
        "stage": "written-review",
        "score": "90.20",
        "teams": "nc-ai,upstage",
    }


def test_an_unknown_exception_is_no_refusal() -> None:
    assert as_refused(KeyError("secret"), REASONS) is None


def test_a_service_may_give_a_platform_exception_a_code_of_its_own() -> None:
    table: Reasons = {NotFoundError: Reason(grpc.StatusCode.NOT_FOUND, "TEAM_UNKNOWN")}

    own = as_refused(NotFoundError("team_id", "nobody"), table)
    default = as_refused(NotFoundError("team_id", "nobody"), {})

    assert own is not None
    assert default is not None
    assert (own.code, default.code) == ("TEAM_UNKNOWN", "NOT_FOUND")
    assert own.facts == {"field": "team_id", "value": "nobody"}


@pytest.mark.parametrize("error", [TransientError("x"), AwaitedError("x"), DatabaseUnavailableError("x")])
def test_what_may_work_a_moment_later_is_unavailable(error: Exception) -> None:
    refused = as_refused(error, {})

    assert refused is not None
    assert refused.status is grpc.StatusCode.UNAVAILABLE


def test_a_refusal_is_the_same_on_both_sides_of_the_wire() -> None:
    sent = as_refused(FieldInvalidError("score", "NaN", "점수는 수여야 한다"), {})
    assert sent is not None

    got = received(sent)

    assert type(got) is Refused
    assert (got.code, got.message, got.facts, got.status) == (sent.code, sent.message, sent.facts, sent.status)


def test_an_unavailable_peer_is_both_a_refusal_and_transient() -> None:
    got = received(Refused("DATABASE_UNAVAILABLE", "away", status=grpc.StatusCode.UNAVAILABLE))

    assert isinstance(got, PeerUnavailableError)
    assert isinstance(got, TransientError)
    assert got.code == "DATABASE_UNAVAILABLE"


def test_a_refusal_with_enormous_facts_still_fits_into_metadata() -> None:
    facts = {f"fact{number}": "한" * 100_000 for number in range(100)}
    refused = Refused("BIG", "한" * 100_000, facts)

    # Binary metadata may be sent as base64, and the message is sent with its bytes as %XX.
    sent_bytes = len(to_details(refused, "dokpamo.intake")) * 4 // 3 + 3 * len(wire_message(refused).encode())
    assert sent_bytes < 7000
    assert received(refused).code == "BIG"


def test_a_status_without_readable_details_keeps_its_name() -> None:
    broken = aio.Metadata(("grpc-status-details-bin", b"\xff\xff"))
    error = aio.AioRpcError(grpc.StatusCode.NOT_FOUND, aio.Metadata(), broken, "gone")

    assert (from_error(error).code, from_error(error).message) == ("NOT_FOUND", "gone")
