"""Every way to ask, by everybody who is not staff: nothing that the profile hides is in any answer.

Each value of the decision, its inputs and its hashes is looked for in every answer of every RPC that reads, in every
address of the console, and in every leaf of the public log, beside what the asker was shown.
"""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from common.errors import Refused
from common.grpc import connect
from common.grpc.contract import rpcs_of
from console.domain.feed import Feed
from console.events import LiveFeed
from console.pages.gateway import Gateway
from console.pages.routes import Pages
from dokpamo.selection.v1 import events_pb2
from google.protobuf import symbol_database
from google.protobuf.json_format import MessageToDict
from rules import collect, decide, load_rule_set
from rules.disclosure_showing import disclose
from selection import handlers
from selection.app import PACKAGE_NAME, apis
from selection.domain.webhook_address import Reach
from selection.store.webhook_keys import WebhookKeys

from tests.builders.objection_cases import FRESH
from tests.builders.public_record import LogBuilder
from tests.builders.selection_cases import DECIDES, STAGE_ONE_BY_CALL, Selection
from tests.builders.selection_rpcs import Served, served
from tests.component.selection.test_disclosure import GIVEN, decide_stage_one, plan_and_wake

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from google.protobuf.message import Message
    from rules.disclosure_view import ViewAudience

RULES = load_rule_set(STAGE_ONE_BY_CALL)
INPUTS = collect(
    GIVEN.stage, GIVEN.entrants, scores=GIVEN.scores(), measurements=GIVEN.measurements, verdicts=GIVEN.verdicts
)
DECISION = decide(RULES, INPUTS)
PANELLIST = next(GIVEN.scores()).assessor
VALUE = re.compile(r"(?<![\w.])\d+\.\d+(?![\w.])")
"""A value with a digit after the point, alone: every total, part and measurement of the stage is one."""


@dataclass(frozen=True)
class Asker:
    """Somebody who asks, with the audience that he belongs to."""

    subject: str
    role: str
    audience: ViewAudience
    team: str = ""


ASKERS = [
    Asker("", "", "public"),
    Asker("service:grants", "service", "public"),
    Asker("tester", "testing_body", "public"),
    Asker("outside", "pipeline", "public"),
    Asker("elsewhere", "assessor", "public"),
    Asker(PANELLIST, "assessor", "panel"),
    *(Asker(f"member:{team}", "consortium", "team", team) for team in GIVEN.entrants),
]


def texts(value: object) -> Iterator[str]:
    """Every text and number in some JSON."""
    match value:
        case dict():
            for each in value.values():
                yield from texts(each)
        case list() | tuple():
            for each in value:
                yield from texts(each)
        case _:
            yield str(value)


def values(text: str) -> set[str]:
    return set(VALUE.findall(text))


def everything() -> set[str]:
    """All values of the decision and its inputs."""
    table = {text for row in DECISION.table for text in (row.total, *(part.points for part in row.parts))}
    return {text for text in {*table, *(f"{each.value}" for each in INPUTS.measurements)} if VALUE.fullmatch(text)}


def hidden_from(asker: Asker, *, published: bool) -> set[str]:
    """Values that he was not shown; those that also stand in the rule set say nothing, wherever they stand."""
    views = [
        disclose(DECISION, INPUTS, RULES, policy, asker.audience, asker.team)
        for policy in RULES.disclosure.every_policy()
        if published
    ]
    shown = {each for view in views for each in values(view.canonical_bytes().decode())}
    return everything() - shown - values(RULES.model_dump_json())


def told_in(answer: Message) -> str:
    """All that an answer says: its fields, and the documents in them."""
    document = MessageToDict(answer, preserving_proto_field_name=True)
    raw = re.findall(rb"[\x20-\x7e]{3,}", answer.SerializeToString())
    return "\n".join([*texts(document), *(each.decode() for each in raw)])


def requests(rpc: Any, asker: Asker, known: dict[str, str]) -> Iterator[Message]:
    """A request for all, and one with everything named that the asker can know."""
    yield rpc.request()
    names = {**known, "team_id": asker.team, "scorer_id": asker.subject, "judge_id": asker.subject}
    for audience in ("", asker.audience):
        request = rpc.request()
        for name, field in request.DESCRIPTOR.fields_by_name.items():
            if field.type == field.TYPE_STRING and not field.is_repeated and names.get(name):
                setattr(request, name, names[name])
        if "audience" in request.DESCRIPTOR.fields_by_name:
            request.audience = audience
        yield request


def reading() -> list[tuple[str, Any]]:
    """Every RPC of selection that changes nothing."""
    names = apis(WebhookKeys(None), Reach(own_network=False))
    found = [(name, rpc) for name in names for rpc in rpcs_of(name)]
    return [(name, rpc) for name, rpc in found if "request_id" not in rpc.request.DESCRIPTOR.fields_by_name]


async def said(answer: Any, rpc: Any, moves: int) -> list[Message]:
    """An answer, or as many of a stream as there are moves of stages to tell."""
    if not rpc.streams:
        return [await answer]
    found: list[Message] = []
    async with asyncio.timeout(30):
        async for each in answer:
            found.append(each)
            if len(found) == moves:
                break
    return found


async def answers(at: Served, asker: Asker, known: dict[str, str]) -> list[tuple[str, str]]:
    """What every RPC that reads says to the asker."""
    told: list[tuple[str, str]] = []
    moves = len(await at.selection.said(events_pb2.StageAdvanced))
    for name, rpc in reading():
        roles = [asker.role] if asker.role else []
        client = await at.as_(name.removeprefix(f"{PACKAGE_NAME}."), asker.subject, *roles, team=asker.team or None)
        for request in requests(rpc, asker, known):
            try:
                told += [
                    (rpc.name, told_in(each)) for each in await said(getattr(client, rpc.name)(request), rpc, moves)
                ]
            except Refused as refused:
                told.append((rpc.name, json.dumps([refused.code, refused.message, dict(refused.facts)])))
    return told


async def console_pages(at: Served) -> list[tuple[str, str]]:
    """What every address of the console says."""
    async with AsyncExitStack() as stack:
        channel = await stack.enter_async_context(connect(at.address))
        live = LiveFeed(Feed())
        pages = Pages(
            Gateway({"selection": channel}, fresh_seconds=0), live, at.selection.clock, embedded=False, virtual=False
        )
        application = pages.application()
        paths = [route.path for route in application.routes if route.path != "/live"]  # type: ignore[attr-defined]  # each is a Route
        transport = httpx.ASGITransport(application)
        client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://console"))
        return [
            (path, (await client.get(path.format(stage_id="stage-1"), params={"lang": lang})).text)
            for path in paths
            for lang in ("ko", "en")
        ]


async def log_leaves(selection: Selection) -> str:
    """What stands in the public log of all that selection has said: values of blind fields are commitments."""
    log = LogBuilder()
    async with selection.database.transaction(readonly=True) as tx:
        for row in await tx.fetch("SELECT type, payload, topic FROM outbox ORDER BY seq"):
            log.add(symbol_database.Default().GetSymbol(row["type"]).FromString(row["payload"]), topic=row["topic"])
    return "\n".join(leaf.decode() for leaf in log.leaves)


async def objected(at: Served) -> str:
    """An objection of Naver Cloud in its hearing: also what is said of it must not tell what is hidden."""
    kept = await at.selection.write(
        handlers.file_objection, "stage-1", "naver-cloud", 1, "rule", "not heard", actor="member:naver-cloud"
    )
    await at.selection.write(handlers.rule_on_admission, kept.id, "in time", 0, admitted=True)
    await at.selection.write(handlers.reply, kept.id, "", "it was", actor="lee")
    for source in (*sorted({each.source for each in GIVEN.measurements}), "originality"):
        await at.selection.write(handlers.record_original_assessors, "stage-1", source, ["tester"])
    await at.selection.write(handlers.seat_panel, kept.id, FRESH, 0, "")
    return str(kept.id)


@pytest.mark.parametrize("published", [False, True])
async def test_no_way_to_ask_tells_what_is_hidden(tmp_path: Path, fresh_database_url: str, *, published: bool) -> None:
    async with served(tmp_path, fresh_database_url) as at:
        await decide_stage_one(at.selection)
        if published:
            await plan_and_wake(at.selection)
        record = (await at.selection.read("decision", "stage-1")).record
        known = {"stage_id": "stage-1", "proceeding_id": await objected(at), "rule_set_sha256": record.rule_set_sha256}
        at.selection.clock.set(DECIDES + timedelta(days=1))
        hashes = {record.sha256, DECISION.inputs_sha256}
        leaks: list[tuple[str, str, set[str]]] = []
        asked = 0
        for asker in ASKERS:
            hidden = hidden_from(asker, published=published)
            assert len(hidden) > 10
            for where, text in await answers(at, asker, known):
                asked += 1
                if found := (hidden & values(text)) | {each for each in hashes if each in text}:
                    leaks.append((asker.subject, where, found))
        hidden = hidden_from(ASKERS[0], published=published)
        for where, text in [*await console_pages(at), ("log", await log_leaves(at.selection))]:
            if found := (hidden & values(text)) | {each for each in hashes if each in text}:
                leaks.append(("", where, found))
        assert leaks == []
        assert asked > 300
        # The same search finds everything in what staff are told.
        staff = await answers(at, Asker("kim", "staff", "staff"), known)
        assert everything() - values(RULES.model_dump_json()) <= set().union(*(values(text) for _, text in staff))
