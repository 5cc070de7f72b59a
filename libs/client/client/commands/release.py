"""`dokpamo release`: give a checkpoint to everybody, or no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from client.commands.rules.language import both
from client.desk import Desk, command
from client.registry_desk import Ref, Team, reference
from client.release_words import OFFICE, lines_of, named_version

if TYPE_CHECKING:
    from client.session import Caller

_HELP = both(
    """Release a checkpoint: everybody reads it by HTTP, or, gated, who accepted its licence (docs/releases.md).

    It cannot be taken back; --withdraw ends that its bytes are given out, and says to everybody why.

    dokpamo release upstage/solar@3

    dokpamo release upstage/solar@3 --gated

    dokpamo release upstage/solar@3 --withdraw "a file was not ours" """,
    """체크포인트를 공개합니다. 누구나 HTTP로 받을 수 있고, --gated이면 이용허락에 동의한 사람만 받습니다.

    공개 사실은 되돌릴 수 없습니다. --withdraw는 배포를 멈추고 그 사유를 모두에게 알립니다.

    dokpamo release upstage/solar@3

    dokpamo release upstage/solar@3 --gated

    dokpamo release upstage/solar@3 --withdraw "다른 곳의 파일이 포함됨" """,
)
_Gated = Annotated[
    bool,
    typer.Option("--gated", help=both("Only for who accepts the licence.", "이용허락에 동의한 사람에게만")),
]
_Licence = Annotated[
    str,
    typer.Option(
        "--licence-file",
        metavar="PATH",
        help=both("File of the checkpoint with the licence's text; default: LICENSE.", "이용허락 전문 파일"),
    ),
]
_Withdraw = Annotated[
    str | None,
    typer.Option("--withdraw", metavar="REASON", help=both("Give it out no more; why, for all.", "공개 철회 사유")),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(OFFICE, app, "release", both("Release a checkpoint.", "체크포인트 공개"), _HELP, writes=True)(release)


def release(
    desk: Desk,
    ref: Ref,
    gated: _Gated = False,
    licence_file: _Licence = "",
    withdraw: _Withdraw = None,
    team: Team = "",
) -> None:
    """Release a checkpoint, or withdraw its release."""
    if withdraw is not None and (gated or licence_file):
        raise typer.BadParameter("ends a release: it has no terms", param_hint="--withdraw")
    caller = _caller(team or reference(ref).team)
    found = named_version(desk, caller, ref)
    which = {"team_id": found.team_id, "checkpoint_digest": found.checkpoint_digest}
    if withdraw is not None:
        made = desk.do(caller, "WithdrawRelease", **which, reason=withdraw).release
    else:
        made = desk.do(caller, "ReleaseCheckpoint", **which, gated=gated, licence_path=licence_file).release
    desk.tell(made, lines_of(made, desk.language))


def _caller(team: str) -> Caller:
    from client.session import Caller

    return Caller.consortium(team) if team else Caller.staff()
