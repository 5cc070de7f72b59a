"""The notary's table of refusals."""

from __future__ import annotations

import grpc
from common.errors import Reason, Reasons

from notary.domain.admission import EventRewrittenError
from notary.domain.extent import NotLoggedError

REASONS: Reasons = {
    EventRewrittenError: Reason(grpc.StatusCode.DATA_LOSS, "EVENT_REWRITTEN"),
    NotLoggedError: Reason(grpc.StatusCode.NOT_FOUND, "NOT_LOGGED"),
}
