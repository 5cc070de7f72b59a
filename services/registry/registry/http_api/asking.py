"""What a request asks for, as HTTP says it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from registry.domain.byte_range import ByteRange, parse_range
from registry.http_api import refusals

if TYPE_CHECKING:
    from starlette.requests import Request
    from weights.manifest import FileEntry

_MOST_PATHS: Final = 1_000
_LARGEST_BODY: Final = 2**20


async def asked_paths(request: Request) -> tuple[list[str], bool]:
    """Return the paths that are asked about, and whether more is wanted of each: from a form, or from JSON.

    Raises `RefusedError`.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_BODY:
            refusals.refuse(refusals.TOO_MUCH)
    try:
        if request.headers.get("content-type", "").startswith("application/json"):
            told = json.loads(body)
            paths, expand = told["paths"], str(told.get("expand", ""))
        else:
            form = parse_qs(body.decode(), max_num_fields=_MOST_PATHS + 1)
            paths, expand = form.get("paths", []), form.get("expand", [""])[0]
        if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
            refusals.refuse(refusals.NOT_PATHS)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        refusals.refuse(refusals.NOT_PATHS)
    if len(paths) > _MOST_PATHS:
        refusals.refuse(refusals.TOO_MUCH)
    return paths, is_true(expand)


def is_true(text: str) -> bool:
    """Return whether a parameter says yes."""
    return text.lower() in {"true", "1"}


def has_it(request: Request, etag: str) -> bool:
    """Return whether the reader has these bytes already, as it says (RFC 9110, section 13.1.2)."""
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    return etag in known or known == ["*"]


def part_of(request: Request, etag: str, file: FileEntry) -> ByteRange | None:
    """Return the range that is asked for; `None` for the whole, also where it is one of other bytes than these."""
    if request.headers.get("if-range", etag) != etag:
        return None
    return parse_range(request.headers.get("range", ""), file.size_bytes)
