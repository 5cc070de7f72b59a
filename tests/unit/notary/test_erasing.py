"""Personal openings are erased by two people, blind ones never, and what is erased is not opened any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from notary.domain.erasing import (
    Erasure,
    ErasureDoneError,
    KeptOpening,
    NotErasableError,
    OpeningErasedError,
    OpeningUnknownError,
    ReasonMissingError,
    SamePersonError,
    require_erasable,
    require_openings,
    require_second_person,
)
from verify.sealing import Opening, SealClass

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 1, 10, tzinfo=UTC)
ASKED = Erasure("e", "event", ("/payload/name",), "asked to be forgotten", "kim", NOW)
KEPT = {
    path: KeptOpening(path, seal_class, Opening(bytes(32), "x"), released=False)
    for path, seal_class in (("/a", SealClass.PERSONAL), ("/b", SealClass.BLIND_PERSONAL), ("/c", SealClass.BLIND))
}
GONE = KEPT | {"/a": replace(KEPT["/a"], opening=None)}


def test_what_is_personal_may_be_erased_also_where_it_was_released() -> None:
    require_erasable(KEPT | {"/b": replace(KEPT["/b"], released=True)}, ["/a", "/b"], "why")


def test_what_is_blind_is_never_erased() -> None:
    with pytest.raises(NotErasableError) as refused:
        require_erasable(KEPT, ["/a", "/c"], "why")
    assert (refused.value.field, refused.value.value) == ("paths", "/c")


@pytest.mark.parametrize("require", [require_openings, require_erasable])
def test_what_is_not_there_or_gone_or_without_reason_is_refused(require: Callable[..., None]) -> None:
    with pytest.raises(OpeningUnknownError):
        require(KEPT, ["/d"], "why")
    with pytest.raises(OpeningErasedError):
        require(GONE, ["/a"], "why")
    for reason, paths in ((" ", ["/a"]), ("why", [])):
        with pytest.raises(ReasonMissingError):
            require(KEPT, paths, reason)


def test_another_person_confirms_and_once() -> None:
    require_second_person(ASKED, "lee")
    with pytest.raises(SamePersonError):
        require_second_person(ASKED, "kim")
    with pytest.raises(ErasureDoneError):
        require_second_person(replace(ASKED, confirmed_by="lee", confirmed_at=NOW), "park")
