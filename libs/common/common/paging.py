"""Pages of a listing: their size, and the token that says where the last one ended. The contract's limits, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from common.errors import FieldInvalidError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncpg import Record

DEFAULT_PAGE: Final = 50
LARGEST_PAGE: Final = 500
# Of a bigint.
_LARGEST_POSITION: Final = 2**63 - 1


def page_size(asked: int, usual: int = DEFAULT_PAGE, largest: int = LARGEST_PAGE) -> int:
    """Return how many entries a page has, `usual` for 0; raise `FieldInvalidError` above the contract's limit."""
    if asked > largest:
        raise FieldInvalidError("page_size", asked, f"must be at most {largest}")
    return asked or usual


def position(page_token: str, field: str = "page_token") -> int:
    """Return the position that a token in `field` stands for; raise `FieldInvalidError` for one we never gave."""
    digits = page_token.isascii() and page_token.isdecimal() and len(page_token) <= len(str(_LARGEST_POSITION))
    if page_token and not (digits and int(page_token) <= _LARGEST_POSITION):
        raise FieldInvalidError(field, page_token, "must be empty or a token of an earlier answer")
    return int(page_token or "0")


def token(following: int | str | None) -> str:
    """Return the token of the next page, which `position` reads; empty where there is none."""
    return "" if following is None else str(following)


def following(rows: Sequence[Record], size: int, by: str = "position") -> int | None:
    """Return where the page after the first `size` of `rows` starts: of `size + 1` rows that were asked for."""
    place: int | None = rows[size - 1][by] if len(rows) > size else None
    return place
