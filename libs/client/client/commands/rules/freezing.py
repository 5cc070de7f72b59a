"""`dokpamo rules freeze`: the last look at a rule set, and then it is frozen on a running platform."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

import typer

from client.commands.rules.files import fail, refuse, rule_set_of
from client.commands.rules.language import AnyLang, AsJson, both, say, spoken
from client.commands.rules.sensitivity import report_on

if TYPE_CHECKING:
    from datetime import datetime

    from common.grpc import Client
    from dokpamo.selection.v1 import service_pb2 as pb
    from rules import RuleSet
    from rules.explaining_words import Language, Words

    from client.access import Access

SERVICE = "dokpamo.selection.v1.SelectionService"
_SHORT = both("Freeze a rule set on the platform.", "플랫폼에서 평가기준을 동결합니다.")
_FREEZE = both(
    """Freeze a rule set on the running platform; from then on only a new version can differ.

    It shows the sensitivity summary and the hash and asks; then it publishes the rule set if that was not done, freezes
    it and prints the receipt. Frozen twice is frozen once: the receipt is the first one's.""",
    """실행 중인 플랫폼에서 평가기준을 동결합니다. 그 뒤에는 새 판만 다를 수 있습니다.

    민감도 요약과 해시를 보여 주고 확인을 받은 뒤, 아직 공개되지 않았으면 공개하고 동결하여 접수증을 출력합니다.
    이미 동결된 것은 처음의 접수증을 보여 줍니다.""",
)
_SAY: Words = {
    "ask": {
        "ko": "{id} 제{version}판을 동결합니까? 되돌릴 수 없습니다.",
        "en": "Freeze {id} version {version}? It cannot be undone.",
    },
    "ask-publish": {
        "ko": "{id} 제{version}판을 공개하고 동결합니까? 되돌릴 수 없습니다.",
        "en": "Publish and freeze {id} version {version}? It cannot be undone.",
    },
    "unpublished": {
        "ko": "{sha}은(는) 공개되지 않았습니다. 파일을 주세요",
        "en": "{sha} was not published; give its file",
    },
    "declined": {"ko": "동결하지 않았습니다", "en": "nothing was frozen"},
    "late": {
        "ko": "! 이미 시작된 단계입니다({opens}): 지금 동결한 기준으로는 결정할 수 없습니다",
        "en": "! the stage has opened already ({opens}): nothing is decided under rules frozen after that",
    },
    "receipt": {"ko": "동결됨 {id} 제{version}판, 단계 {stage}", "en": "frozen: {id} version {version}, stage {stage}"},
    "superseded": {"ko": "더 새로운 판으로 대체됨", "en": "superseded by a newer version"},
    "at": {"ko": "동결 시각 {at}", "en": "frozen at {at}"},
}
_What = Annotated[
    str,
    typer.Argument(
        metavar="FILE|SHA",
        help=both(
            "A rule-set file, or the SHA-256 of a published one.", "평가기준 파일 또는 공개된 평가기준의 SHA-256"
        ),
    ),
]
_Scores = Annotated[
    Path | None,
    typer.Option(
        help=both(
            "Past scores for the sensitivity summary; made up if not given.", "민감도 요약에 쓸 과거 점수, 없으면 합성"
        ),
        dir_okay=False,
        readable=True,
    ),
]
_Yes = Annotated[bool, typer.Option("--yes", "-y", help=both("Do not ask.", "묻지 않음"))]
_Address = Annotated[
    str | None,
    typer.Option(
        envvar="DOKPAMO_SELECTION_ADDRESS",
        help=both("host:port; default: of the running stack.", "host:port, 기본값은 실행 중인 스택"),
    ),
]
_Token = Annotated[
    str | None,
    typer.Option(
        envvar="DOKPAMO_TOKEN",
        help=both(
            "Your token, better given by the environment; default: the running stack's development issuer's.",
            "토큰, 환경 변수로 주는 것이 좋음, 기본값은 실행 중인 스택의 개발용 발급자",
        ),
    ),
]


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command("freeze", help=_FREEZE, short_help=_SHORT)(freeze)


def freeze(
    what: _What,
    scores: _Scores = None,
    yes: _Yes = False,
    selection: _Address = None,
    token: _Token = None,
    as_json: AsJson = False,
    lang: AnyLang = None,
) -> None:
    """Freeze a rule set."""
    from common.errors import Refused

    from client.refusal import in_words

    language = spoken(lang)
    path = Path(what)
    if not path.is_file() and not re.fullmatch(r"[0-9a-f]{64}", what):
        english = f"{what} is neither a file nor 64 digits of lower-case hex"
        korean = f"{what}은(는) 파일도 아니고 소문자 16진수 64자리도 아닙니다"
        raise typer.BadParameter(say(language, english, korean), param_hint="FILE|SHA")
    # What is wrong with a file is said before anybody is asked.
    local = rule_set_of(path, language, as_json=as_json) if path.is_file() else None
    access = _access(selection, token)
    try:
        asyncio.run(_freeze(what, local, access, _Manner(language, scores, yes, as_json)))
    except Refused as refused:
        fail("freeze", in_words(refused))


class _Manner:
    """How to show and ask."""

    def __init__(self, lang: Language, scores: Path | None, yes: bool, as_json: bool) -> None:
        self.lang, self.scores, self.yes, self.as_json = lang, scores, yes, as_json

    def say(self, name: str, **facts: object) -> str:
        return _SAY[name][self.lang].format(**facts)


async def _freeze(what: str, local: RuleSet | None, access: Access, manner: _Manner) -> None:
    from common.grpc import Client, connect
    from dokpamo.selection.v1 import service_pb2 as pb
    from rules import canonical_bytes, sha256_of

    sha = what if local is None else sha256_of(local)
    async with connect(*access) as channel:
        client = Client(channel, SERVICE)
        kept = await _kept(client, sha)
        if kept is None and local is None:
            fail("freeze", manner.say("unpublished", sha=sha))
        rule_set = local or _read(kept, manner.lang)
        if kept is None or kept.state == "published":
            _confirm(rule_set, manner, published=kept is not None)
            if kept is None and local is not None:
                document = canonical_bytes(local).decode()
                await client.PublishRuleSet(
                    pb.PublishRuleSetRequest(request_id=_request("publish", sha), document=document)
                )
            request = pb.FreezeRuleSetRequest(request_id=_request("freeze", sha), rule_set_sha256=sha)
            kept = (await client.FreezeRuleSet(request)).rule_set
    _receipt(kept, rule_set, manner)


async def _kept(client: Client, sha: str) -> pb.RuleSet | None:
    """The rule set as the platform keeps it, None where it has none of this hash."""
    import grpc
    from common.errors import Refused
    from dokpamo.selection.v1 import service_pb2 as pb

    try:
        answer: pb.GetRuleSetResponse = await client.GetRuleSet(pb.GetRuleSetRequest(rule_set_sha256=sha))
    except Refused as refused:
        if refused.status is grpc.StatusCode.NOT_FOUND:
            return None
        raise
    return answer.rule_set


def _read(kept: pb.RuleSet | None, lang: Language) -> RuleSet:
    from rules import RuleSetInvalidError, rule_set_from_json

    document = b"" if kept is None else kept.rule_set_json
    try:
        return rule_set_from_json(document)
    except RuleSetInvalidError as error:
        refuse("selection", error.violations, lang)


def _confirm(rule_set: RuleSet, manner: _Manner, *, published: bool) -> None:
    """Show what staff must know and ask; ends with 1 where they decline."""
    from rules.disclosure_limits import limits

    from client.commands.rules.sensitivity_text import summary_lines

    if not manner.as_json:
        report = report_on(rule_set, manner.scores, None, manner.lang)
        print("\n".join(summary_lines(report, rule_set, manner.lang, made_up=manner.scores is None)), flush=True)
        for limit in limits(rule_set):
            print(f"! {limit.words(manner.lang)}", flush=True)
    if manner.yes:
        return
    name = "ask" if published else "ask-publish"
    if not typer.confirm(manner.say(name, id=rule_set.id, version=rule_set.version), err=True):
        fail("freeze", manner.say("declined"))


def _receipt(kept: pb.RuleSet | None, rule_set: RuleSet, manner: _Manner) -> None:
    from client.commands.rules.files import print_json

    if kept is None or not kept.HasField("frozen_at"):
        fail("freeze", manner.say("superseded"))
    at = kept.frozen_at.ToDatetime(UTC)
    sha = kept.rule_set_sha256
    if manner.as_json:
        identity = {"id": kept.rule_set_id, "version": kept.version, "stage": kept.stage_id, "state": kept.state}
        print_json({**identity, "rule_set_sha256": sha, "frozen_at": _utc(at)})
        return
    print(manner.say("receipt", id=kept.rule_set_id, version=kept.version, stage=kept.stage_id))
    print(f"SHA-256 {sha}")
    if kept.state == "superseded":
        print(manner.say("superseded"))
    zone = ZoneInfo(rule_set.zone)
    print(manner.say("at", at=f"{_utc(at)} ({at.astimezone(zone):%Y-%m-%d %H:%M:%S} {rule_set.zone})"))
    if at > rule_set.dates.opens:
        print(manner.say("late", opens=_utc(rule_set.dates.opens)))


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _request(verb: str, sha: str) -> str:
    """The same request for the same rule set: a repetition gives the same answer."""
    return str(uuid5(NAMESPACE_URL, f"dokpamo-rules/{verb}/{sha}"))


def _access(address: str | None, token: str | None) -> Access:
    """Where selection is and what gives a token for each call."""
    from client.access import NoAccessError, access
    from client.session import Caller

    try:
        return access("selection", Caller.staff(), address, token)
    except NoAccessError as error:
        fail("freeze", str(error))
