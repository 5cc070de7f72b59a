"""`dokpamo objections`: object to a decision, open a case, and lead either to its end."""

from __future__ import annotations

import typer

from client.commands.objections import panels, parties, reading, staff
from client.commands.rules.language import both

_HELP = both(
    """Objections and cases: file, show, reply, decide.

    A team objects within the window of a decision; it is not final before the objection is closed. Against the running
    stack each command speaks as the one whose step it is, so that no token is needed; elsewhere name --selection and
    give your token as DOKPAMO_TOKEN.

    The way: objections file → admit → reply → originals → seat → find → (order) → closed. See docs/objections.md.""",
    """이의제기와 조사 건: 제출, 조회, 답변, 판단.

    팀은 결정의 이의제기 기간 안에 이의를 제기하며, 종결되기 전에는 결정이 확정되지 않습니다. 실행 중인 스택에서는
    각 명령이 그 단계를 맡은 사람의 이름으로 호출하므로 토큰이 필요 없습니다. 다른 곳에서는 --selection과
    DOKPAMO_TOKEN을 지정하십시오.

    순서: objections file → admit → reply → originals → seat → find → (order) → 종결. docs/objections.md 참고.""",
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(name="objections", help=_HELP, no_args_is_help=True, rich_markup_mode=None)
    for module in (reading, parties, staff, panels):
        module.register(group)
    app.add_typer(group)
