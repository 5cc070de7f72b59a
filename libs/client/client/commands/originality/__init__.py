"""`dokpamo originality`: compare the weights of models in folders, offline, and say what is found with stated error."""

from __future__ import annotations

import typer

from client.commands.originality import cataloguing, examining
from client.commands.rules.language import both


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        name="originality",
        no_args_is_help=True,
        rich_markup_mode=None,
        help=both(
            "Compare the weights of models in folders: examine, fingerprint, compare. Needs no server.",
            "폴더에 있는 모델의 가중치를 비교합니다: examine, fingerprint, compare. 서버가 필요 없습니다.",
        ),
    )
    examining.register(group)
    cataloguing.register(group)
    app.add_typer(group)
