"""Personal openings are erased by two people, blind ones never, and what is erased is not opened any more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from notary.domain.erasing import (
    KeptOpening,
    NotErasableError,
    OpeningErasedError,
    OpeningUnknownError,
    require_erasable,
    require_openings,
)
from verify.sealing import Opening, SealClass

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT = {
    path: KeptOpening(path, seal_class, Opening(bytes(32), "x"), released=False)
    for path, seal_class in (("/a", SealClass.PERSONAL), ("/b", SealClass.BLIND_PERSONAL), ("/c", SealClass.BLIND))
}
GONE = KEPT | {"/a": replace(KEPT["/a"], opening=None)}


def test_what_is_personal_may_be_erased_also_where_it_was_released() -> None:
    require_erasable(KEPT | {"/b": replace(KEPT["/b"], released=True)}, ["/a", "/b"])


def test_what_is_blind_is_never_erased() -> None:
    with pytest.raises(NotErasableError) as refused:
        require_erasable(KEPT, ["/a", "/c"])
    assert (refused.value.field, refused.value.value) == ("paths", "/c")


@pytest.mark.parametrize("require", [require_openings, require_erasable])
def test_what_is_not_there_or_gone_or_not_named_is_refused(require: Callable[..., None]) -> None:
    for paths in (["/a", "/d"], []):
        with pytest.raises(OpeningUnknownError):
            require(KEPT, paths)
    with pytest.raises(OpeningErasedError):
        require(GONE, ["/a"])
