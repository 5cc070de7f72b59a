"""What docs/webhooks.md shows for checking a signature works as it stands there, on requests that selection signs."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from common.auth import DevelopmentIssuer
from selection.handlers.webhook_records import Generation
from selection.store.webhook_keys import WebhookKeys

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).parents[3] / "docs" / "webhooks.md"
BODY = '{"id": "한 사건"}'.encode()


def shown() -> Callable[..., Any]:
    """The function of the page's only Python block."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    found: Callable[..., Any] = names["event_of"]
    return found


def test_the_page_takes_what_is_ours_and_new_and_nothing_else(tmp_path: Path) -> None:
    DevelopmentIssuer.create(tmp_path / "key.pem")
    keys = WebhookKeys(tmp_path / "key.pem")
    now = datetime.now(UTC)
    # As during a rotation: both generations sign.
    generations = [Generation(1, keys.root, None), Generation(2, keys.root, None)]

    def headers(at: datetime = now) -> dict[str, str]:
        return keys.headers("wh-1", generations, "msg-1", at, BODY)

    event_of = shown()
    for generation in (1, 2):
        assert event_of(headers(), BODY, keys.secret("wh-1", generation)) == {"id": "한 사건"}
    secret = keys.secret("wh-1", 1)
    for wrong in (
        (headers(), BODY + b" ", secret),
        (headers(), BODY, keys.secret("wh-2", 1)),
        ({**headers(), "webhook-id": "msg-2"}, BODY, secret),
        (headers(now - timedelta(minutes=6)), BODY, secret),
        (headers(now + timedelta(minutes=6)), BODY, secret),
    ):
        with pytest.raises(ValueError, match=r"signed|minutes"):
            event_of(*wrong)
