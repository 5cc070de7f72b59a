"""`dokpamo catalogue`: the known models that checkpoints are examined against. For staff."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from client import desk
from client.commands.rules.language import both, say
from client.desk import Desk, Office, as_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dokpamo.registry.v1 import examinations_pb2 as pb
    from rules.explaining_words import Language


def _call() -> desk.Call:
    from client.sdk.calls import called
    from client.sdk.examinations import CONTRACT

    return partial(called, CONTRACT)


_OFFICE = Office("catalogue", "registry", _call)
_Title = Annotated[str, typer.Option("--title", help=both("Its makers' name and version.", "제작자의 이름과 버전"))]
_Source = Annotated[str, typer.Option("--source", help=both("Where its weights come from.", "가중치의 출처"))]
_Licence = Annotated[str, typer.Option("--licence", help=both("SPDX licence identifier.", "SPDX 라이선스 식별자"))]
_Fingerprint = Annotated[
    Path | None,
    typer.Option(
        "--fingerprint",
        help=both("A file of `dokpamo originality fingerprint`.", "`dokpamo originality fingerprint`가 만든 파일"),
    ),
]
_Why = Annotated[str, typer.Option("--why", help=both("Why, for everyone to read.", "모두에게 알릴 사유"))]
_Id = Annotated[str, typer.Argument(metavar="ID", help=both("Its id, lower case.", "소문자 ID"))]
_Checkpoint = Annotated[
    str, typer.Option("--checkpoint", help=both("Or the digest of a checkpoint.", "또는 체크포인트의 다이제스트"))
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help=both("Known models that checkpoints are examined against.", "검사에서 비교하는 알려진 모델 목록"),
        no_args_is_help=True,
    )
    app.add_typer(group, name="catalogue")
    text = both(
        "Add a model by its fingerprint; its weights are not kept.",
        "모델을 지문으로 추가합니다. 가중치는 보관하지 않습니다.",
    )
    desk.command(_OFFICE, group, "add", both("Add a model.", "모델 추가"), text, writes=True)(add)
    text = both(
        "Examine checkpoints against a model no more. It stays in the list with the reason, and reports stay.",
        "이 모델과 더는 비교하지 않습니다. 사유와 함께 목록에 남고, 이미 작성된 보고서도 그대로입니다.",
    )
    desk.command(_OFFICE, group, "withdraw", both("Withdraw a model.", "모델 철회"), text, writes=True)(withdraw)
    text = both("List the models in order of addition.", "추가된 순서로 모델 목록을 보여줍니다.")
    desk.command(_OFFICE, group, "list", both("List models.", "모델 목록"), text, writes=False)(listing)


def add(
    desk: Desk,
    name: _Id,
    title: _Title,
    source: _Source,
    licence: _Licence,
    fingerprint: _Fingerprint = None,
    checkpoint: _Checkpoint = "",
) -> None:
    """Add a model."""
    from client.sdk.examinations import add_reference
    from client.session import Caller

    if (fingerprint is None) == (not checkpoint):
        raise typer.BadParameter("one of --fingerprint and --checkpoint must be given")
    work = add_reference(
        desk.access(Caller.staff()),
        fingerprint.read_bytes() if fingerprint else None,
        desk.request_id,
        reference_id=name,
        title=title,
        source=source,
        licence=licence,
        checkpoint_digest=checkpoint,
    )
    added: pb.Reference = desk.answered(work)
    desk.tell(added, _lines([added], desk.language))


def withdraw(desk: Desk, name: _Id, why: _Why) -> None:
    """Withdraw a model."""
    from client.session import Caller

    found: pb.Reference = desk.do(Caller.staff(), "WithdrawReference", reference_id=name, reason=why).reference
    desk.tell(found, _lines([found], desk.language))


def listing(desk: Desk) -> None:
    """List models."""
    from client.sdk.calls import listed
    from client.sdk.examinations import CONTRACT
    from client.session import Caller

    found: list[pb.Reference] = desk.answered(
        listed(CONTRACT, desk.access(Caller.staff()), "ListReferences", "references")
    )
    desk.tell({"references": [as_document(each) for each in found]}, _lines(found, desk.language))


def _lines(found: list[pb.Reference], language: Language) -> Iterator[str]:
    for each in found:
        state = ""
        if each.withdrawn_reason:
            state = say(language, f"  (withdrawn: {each.withdrawn_reason})", f"  (철회됨: {each.withdrawn_reason})")
        elif not each.confirmed:
            state = say(language, "  (its fingerprint is not confirmed)", "  (지문이 확인되지 않음)")
        yield f"{each.reference_id}  {each.title}  {each.licence}  {each.source}{state}"
    if not found:
        yield say(language, "There are none.", "없음")
