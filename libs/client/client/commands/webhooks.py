"""`dokpamo webhooks`: tell outside pipelines what happens, and try out how it arrives."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from dokpamo.selection.v1 import webhooks_pb2 as pb
    from google.protobuf.timestamp_pb2 import Timestamp

    from client.access import Access

Address = Annotated[
    str | None,
    typer.Option(
        "--selection",
        envvar="DOKPAMO_SELECTION_ADDRESS",
        help="host:port; default: of the running stack. 선정 서비스 주소",
    ),
]
Token = Annotated[
    str | None,
    typer.Option(envvar="DOKPAMO_TOKEN", help="A staff token; default: the running stack's. 담당자 토큰"),
]
Id = Annotated[str, typer.Argument(metavar="WEBHOOK", help="Id of the webhook. 웹훅 ID")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON. JSON으로 출력")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Tell outside pipelines what happens, signed and in order. 외부 파이프라인에 선정 이벤트를 알린다.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    app.add_typer(group, name="webhooks")
    group.command("create", short_help="Register an address. 등록")(create)
    group.command("list", short_help="Show all webhooks. 목록")(list_webhooks)
    group.command("test", short_help="Send one test event. 시험 전송")(send_test)
    group.command("deliveries", short_help="Show deliveries. 전달 내역")(deliveries)
    group.command("replay", short_help="Deliver past events again. 재전송")(replay)
    group.command("pause", short_help="Deliver nothing for now. 일시 중지")(pause)
    group.command("resume", short_help="Go on where it stands. 재개")(resume)
    group.command("rotate", short_help="Make a new secret. 비밀값 교체")(rotate)
    group.command("delete", short_help="End it for good. 삭제")(delete)
    group.command("listen", short_help="Receive, verify and print events. 수신·검증·출력")(listen)


def create(
    url: Annotated[str, typer.Argument(help="Where events are sent: https, a public address. 받을 주소")],
    description: Annotated[str, typer.Option(help="What it is for. 용도")],
    event: Annotated[
        list[str] | None, typer.Option(help="Only this type, for example StageOpened; repeat for more. 이벤트 종류")
    ] = None,
    selection: Address = None,
    token: Token = None,
) -> None:
    """Register an address; events from now on are delivered to it. 웹훅을 등록한다."""
    made = _call(selection, token, "CreateWebhook", url=url, description=description, event_types=event or [])
    print(made.webhook.webhook_id)
    _print_keys(made.webhook, made.secret)


def list_webhooks(as_json: Json = False, selection: Address = None, token: Token = None) -> None:
    """Show all webhooks and how they are. 웹훅 목록과 상태를 보여준다."""
    from client.sdk.webhook_calls import all_webhooks

    found = _answered(all_webhooks(_access(selection, token)))
    if as_json:
        _print_json(found)
        return
    for each in found:
        types = ", ".join(name.rpartition(".")[2] for name in each.event_types) or "all events"
        print(f"{each.webhook_id}  {_state(each, 'state')}  {each.waiting} waiting  {each.url}  ({types})")
        print(f"  {each.description}")
        if each.state_reason:
            print(f"  {each.state_reason} ({each.changed_by}, {_instant(each.changed_at)})")
        if each.HasField("failing_since"):
            print(f"  failing since {_instant(each.failing_since)}")


def deliveries(
    webhook: Id,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only what is not taken yet. 미전달만")] = False,
    limit: Annotated[int, typer.Option(min=1, max=500, help="So many, newest first. 개수")] = 20,
    as_json: Json = False,
    selection: Address = None,
    token: Token = None,
) -> None:
    """Show the deliveries of a webhook, newest first. 전달 내역을 최신순으로 보여준다."""
    state = "DELIVERY_STATE_WAITING" if waiting else "DELIVERY_STATE_UNSPECIFIED"
    found = _call(selection, token, "ListDeliveries", webhook_id=webhook, state=state, page_size=limit).deliveries
    if as_json:
        _print_json(found)
        return
    for each in found:
        print(_delivery_line(each))


def replay(
    webhook: Id,
    since: Annotated[
        str | None, typer.Option(help="From this instant on (ISO 8601; without a zone: Seoul). 이 시각부터")
    ] = None,
    sequence: Annotated[int | None, typer.Option(min=1, help="From this place of the order on. 이 순번부터")] = None,
    delivery: Annotated[str | None, typer.Option(help="The event of this delivery. 이 전달 건")] = None,
    selection: Address = None,
    token: Token = None,
) -> None:
    """Deliver past events again, in order and marked as replayed. 지난 이벤트를 순서대로 다시 보낸다."""
    named = {"since": since, "sequence": sequence, "delivery_id": delivery}
    chosen = {name: value for name, value in named.items() if value is not None}
    if len(chosen) != 1:
        raise typer.BadParameter("name one of --since, --sequence and --delivery")
    fields: dict[str, Any] = {"since": _timestamp(since)} if since is not None else chosen
    print(f"{_call(selection, token, 'ReplayDeliveries', webhook_id=webhook, **fields).deliveries} deliveries")


def send_test(webhook: Id, selection: Address = None, token: Token = None) -> None:
    """Send one test event and tell how it went; ends with 1 if it was not taken. 시험 이벤트를 보낸다."""
    from client.sdk.webhook_calls import TEST_PATIENCE_SECONDS, tested

    made = _answered(tested(_access(selection, token), webhook))
    if made is None:
        _fail(f"no attempt within {TEST_PATIENCE_SECONDS:g} s; `dokpamo webhooks deliveries {webhook}` tells more")
    print(_delivery_line(made))
    if made.last_error:
        raise typer.Exit(1)


def pause(
    webhook: Id,
    reason: Annotated[str, typer.Option(help="Why. 사유")],
    selection: Address = None,
    token: Token = None,
) -> None:
    """Deliver nothing until it is resumed; what happens meanwhile is kept. 전달을 멈춘다."""
    _call(selection, token, "PauseWebhook", webhook_id=webhook, reason=reason)


def resume(
    webhook: Id,
    skip: Annotated[list[str] | None, typer.Option(help="Give up this delivery; repeat for more. 건너뛸 전달")] = None,
    selection: Address = None,
    token: Token = None,
) -> None:
    """Go on where it stands; what waits for a retry is tried at once. 멈춘 곳부터 다시 전달한다."""
    _call(selection, token, "ResumeWebhook", webhook_id=webhook, skip_delivery_ids=skip or [])


def delete(webhook: Id, selection: Address = None, token: Token = None) -> None:
    """End it for good; its deliveries stay as the record. 웹훅을 삭제한다."""
    _call(selection, token, "DeleteWebhook", webhook_id=webhook)


def rotate(
    webhook: Id,
    overlap_hours: Annotated[
        float, typer.Option(min=0, max=168, help="So long the old secret holds as well. 이전 비밀값 유효 시간")
    ] = 24,
    selection: Address = None,
    token: Token = None,
) -> None:
    """Make a new secret and key. 서명 비밀값을 새로 만든다."""
    from google.protobuf.duration_pb2 import Duration

    overlap = Duration()
    overlap.FromTimedelta(timedelta(hours=overlap_hours))
    made = _call(selection, token, "RotateSecret", webhook_id=webhook, overlap=overlap)
    _print_keys(made.webhook, made.secret)
    print(f"the old ones hold until {_instant(made.old_valid_until)}")


def listen(
    key: Annotated[
        str,
        typer.Option(envvar="DOKPAMO_WEBHOOK_SECRET", help="whsec_… or whpk_… of the webhook. 비밀값 또는 공개키"),
    ],
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any free one. 포트")] = 8787,
    host: Annotated[str, typer.Option(help="Where to listen. 주소")] = "127.0.0.1",
) -> None:
    """Receive, verify and print events until Ctrl-C; for trying out. 이벤트를 받아 검증하고 출력한다."""
    from client.sdk.webhook_listener import Listener
    from client.sdk.webhooks import WebhookKeyError

    try:
        opened = Listener((host, port), key, _print_event, lambda why: print(f"refused: {why}", file=sys.stderr))
    except WebhookKeyError as error:
        raise typer.BadParameter(str(error), param_hint="--key") from error
    with opened as listener:
        print(f"listening at http://{host}:{listener.server_port}/", file=sys.stderr)
        try:
            listener.serve_forever()
        except KeyboardInterrupt:
            print("stopped", file=sys.stderr)


def _print_event(event: dict[str, Any]) -> None:
    print(json.dumps(event, ensure_ascii=False), flush=True)


def _print_keys(webhook: pb.Webhook, secret: str) -> None:
    print(f"secret      {secret}  (it is told this once: keep it)")
    print(f"public key  {webhook.public_keys[0]}")


def _print_json(messages: Any) -> None:
    from google.protobuf.json_format import MessageToDict

    print(json.dumps([MessageToDict(message) for message in messages], ensure_ascii=False, indent=2))


def _delivery_line(each: pb.Delivery) -> str:
    kind = each.event_type.rpartition(".")[2] + (" replayed" if each.replayed else "")
    outcome = f"  {each.last_error}" if each.last_error else ""
    following = f"  next try {_instant(each.next_try_at)}" if each.HasField("next_try_at") else ""
    place = f"{each.sequence:>6}  {each.delivery_id}  {kind}  {each.ordering_key}"
    return f"{place}  {_state(each, 'state')}  {each.attempts} attempts{outcome}{following}"


def _state(message: Any, field: str) -> str:
    descriptor = message.DESCRIPTOR.fields_by_name[field].enum_type
    name = descriptor.values_by_number[getattr(message, field)].name
    return str(name.split("_STATE_")[1].replace("_", " ").lower())


def _instant(stamp: Timestamp) -> str:
    from common.clock import SEOUL

    return stamp.ToDatetime(UTC).astimezone(SEOUL).isoformat(timespec="seconds")


def _timestamp(text: str) -> Timestamp:
    from common.clock import SEOUL
    from google.protobuf.timestamp_pb2 import Timestamp

    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("must be an instant such as 2026-01-15T09:00", param_hint="--since") from error
    stamp = Timestamp()
    stamp.FromDatetime(instant if instant.tzinfo else instant.replace(tzinfo=SEOUL))
    return stamp


def _access(selection: str | None, token: str | None) -> Access:
    """Return where selection is and what gives a token for each call."""
    from client.access import NoAccessError, access
    from client.session import Caller

    try:
        return access("selection", Caller.staff(), selection, token)
    except NoAccessError as error:
        _fail(str(error))


def _call(selection: str | None, token: str | None, rpc: str, **fields: Any) -> Any:
    """Call an RPC once; a refusal ends the command with its words."""
    from client.sdk.webhook_calls import called

    return _answered(called(_access(selection, token), rpc, fields))


def _answered(work: Coroutine[Any, Any, Any]) -> Any:
    from common.errors import Refused

    from client.refusal import in_words

    try:
        return asyncio.run(work)
    except Refused as refused:
        _fail(in_words(refused))


def _fail(why: str) -> NoReturn:
    print(f"webhooks: {why}", file=sys.stderr)
    raise typer.Exit(1)
