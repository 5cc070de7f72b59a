"""What is answered in place of what was asked for.

The codes are those by which clients of hubs know what happened. A text names nothing of the request and nothing of what
there is: what is not released is answered like what never was, to the byte.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from registry.domain.release import Release

NOSNIFF: Final = {"x-content-type-options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status, the code that clients know, and words in English and Korean."""

    status: int
    code: str
    english: str
    korean: str
    headers: Mapping[str, str]

    def response(self) -> Response:
        """The answer. Clients show the header; browsers and people the body."""
        words = f"{self.english} {self.korean}"
        headers = {
            **NOSNIFF,
            "cache-control": "no-store",
            # UTF-8, one byte a character for what encodes headers: clients of hubs decode it so.
            "x-error-message": words.encode().decode("latin-1"),
            **({"x-error-code": self.code} if self.code else {}),
            **self.headers,
        }
        body = json.dumps({"error": words}, ensure_ascii=False).encode()
        return Response(body, self.status, headers, "application/json; charset=utf-8")


class RefusedError(Exception):
    """What is asked for is not answered; the edge knows how."""

    def __init__(self, refusal: Refusal) -> None:
        """Keep the `refusal`."""
        super().__init__(refusal.english)
        self.refusal = refusal


def refuse(refusal: Refusal) -> NoReturn:
    """Raise `RefusedError`."""
    raise RefusedError(refusal)


NO_REPOSITORY: Final = Refusal(404, "RepoNotFound", "No such model is released.", "공개된 모델이 없습니다.", {})
NO_REVISION: Final = Refusal(
    404, "RevisionNotFound", "No such version of this model is released.", "공개된 버전이 없습니다.", {}
)
NO_ENTRY: Final = Refusal(
    404, "EntryNotFound", "The released version has no such file.", "공개된 버전에 이 파일이 없습니다.", {}
)
NO_PAGE: Final = Refusal(404, "", "There is nothing at this address.", "이 주소에는 아무것도 없습니다.", {})
ONLY_READING: Final = Refusal(
    405, "", "Only GET and HEAD are answered.", "GET과 HEAD만 사용할 수 있습니다.", {"allow": "GET, HEAD"}
)
NOT_PATHS: Final = Refusal(
    400,
    "",
    "The body must name paths, as a form or as JSON.",
    "본문에 paths를 폼이나 JSON으로 적어야 합니다.",
    {},
)
TOO_MUCH: Final = Refusal(
    413,
    "",
    "Ask about at most 1,000 paths at once, in 1 MiB.",
    "한 번에 경로 1,000개, 1 MiB까지 물을 수 있습니다.",
    {},
)
AWAY: Final = Refusal(503, "", "Try again in a moment.", "잠시 후 다시 시도해 주십시오.", {"retry-after": "2"})
DAMAGED: Final = Refusal(
    500,
    "",
    "The stored bytes of this file are no longer what was verified: staff are told.",
    "저장된 파일이 검증된 내용과 다릅니다. 담당자에게 통보되었습니다.",
    {},
)
TOKEN_REFUSED: Final = Refusal(
    401,
    "GatedRepo",
    "The token is not good, or no longer: take a new one.",
    "토큰이 유효하지 않거나 만료되었습니다. 새 토큰을 사용해 주십시오.",
    {"www-authenticate": 'Bearer error="invalid_token"'},
)


def gated(release: Release, *, signed_in: bool) -> Refusal:
    """What who has not accepted the licence of `release` is told: where to."""
    how = f"`dokpamo licence accept {release.repository}`"
    return Refusal(
        403 if signed_in else 401,
        "GatedRepo",
        f"This model is read by who accepted its licence: {how}, then give your token as HF_TOKEN.",
        f"이용허락에 동의한 사람만 받을 수 있습니다. {how} 실행 후 토큰을 HF_TOKEN으로 지정하십시오.",
        {} if signed_in else {"www-authenticate": "Bearer"},
    )


def withdrawn(release: Release) -> Refusal:
    """What is told of a release that is withdrawn: it was public, and so is why it is no more."""
    assert release.withdrawal is not None
    # A header has one line.
    reason = " ".join(release.withdrawal.reason.split())
    return Refusal(
        410,
        "RevisionNotFound",
        f"This version is withdrawn: {reason}",
        f"이 버전은 공개가 철회되었습니다. 사유: {reason}",
        {},
    )


def no_such_range(size_bytes: int) -> Refusal:
    """What is told to who asks for bytes behind the end of a file."""
    return Refusal(
        416,
        "",
        f"The file has {size_bytes} bytes.",
        f"파일 크기는 {size_bytes}바이트입니다.",
        {"content-range": f"bytes */{size_bytes}"},
    )
