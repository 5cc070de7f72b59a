"""What a call makes the registry do: statements of the caller's transactions, and looks into the store."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from common.database import Transaction
from registry.store.objects import S3Objects

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Observed:
    """Statements, as they were prepared, of the transactions of one `actor`, and looks into the store."""

    actor: str
    done: list[str] = field(default_factory=list)


@contextmanager
def observed(actor: str) -> Iterator[Observed]:
    """What the registry does for `actor` while this lasts; a look into the store may be anybody's."""
    seen = Observed(actor)

    def statements(name: str) -> Any:
        real = getattr(Transaction, name)

        async def noted(self: Transaction, sql: str, *args: object) -> Any:
            if self.actor == actor:
                seen.done.append(f"{name} {sql} with {len(args)}")
            return await real(self, sql, *args)

        return patch.object(Transaction, name, noted)

    real_answer = S3Objects._answer

    def answer(self: S3Objects, method: str, *args: Any, **more: Any) -> Any:
        # What the registry does by itself meanwhile, it does by other methods.
        if method == "HEAD":
            seen.done.append("a look into the store")
        return real_answer(self, method, *args, **more)

    with (
        statements("fetch"),
        statements("fetchrow"),
        statements("fetchval"),
        statements("execute"),
        patch.object(S3Objects, "_answer", answer),
    ):
        yield seen
