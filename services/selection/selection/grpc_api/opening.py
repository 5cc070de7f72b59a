"""What an API opens on the transaction of a call: what it writes to, reads from, and may show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from selection.grpc_api.disclosed import Disclosed

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.database import Transaction

    from selection import handlers
    from selection.grpc_api.disclosed import Publications

ViewsT = TypeVar("ViewsT")


class ReadingApi(Generic[ViewsT]):
    """Base of an API that shows to everybody alike what it reads."""

    def __init__(
        self, records: Callable[[Transaction], handlers.Records], views: Callable[[Transaction], ViewsT]
    ) -> None:
        """Write to what `records` opens, read from what `views` opens."""
        self._records = records
        self._views = views


class DisclosingApi(ReadingApi[ViewsT]):
    """Base of an API that shows to each what was published to him."""

    def __init__(
        self,
        records: Callable[[Transaction], handlers.Records],
        views: Callable[[Transaction], ViewsT],
        publications: Callable[[Transaction], Publications],
    ) -> None:
        """Write to what `records` opens, read from what `views` opens, show what `publications` let the caller see."""
        super().__init__(records, views)
        self._disclosed = Disclosed(publications)
