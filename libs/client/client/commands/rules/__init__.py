"""`dokpamo rules`: write, check, compare, try, understand and freeze rule sets; all but the last without a server."""

from __future__ import annotations

import typer

from client.commands.rules import checking, comparing, explaining, freezing, sensitivity, trying
from client.commands.rules.language import both


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        name="rules",
        no_args_is_help=True,
        rich_markup_mode=None,
        help=both(
            "Check, compare, try, explain and freeze rule sets.", "평가기준을 검사, 비교, 시험, 설명, 동결합니다."
        ),
    )
    for module in (checking, comparing, explaining, trying, sensitivity, freezing):
        module.register(group)
    app.add_typer(group)
