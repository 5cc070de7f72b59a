"""The pages over sources that are plain values: what people, scripts and browsers get."""

from __future__ import annotations

import asyncio
import html
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import grpc
import httpx
import pytest
from common.clock import FixedClock
from common.consumer import Received
from common.errors import Refused
from console.domain.board import Stage, Standing
from console.domain.facts import CandidateRatio, Check, Head, Integrity, Label, Ledger, Run, Scoring, Target, TeamName
from console.domain.feed import Feed
from console.domain.proceedings import Proceeding
from console.domain.published import Figure, PartFigures, Published
from console.domain.waiting import Wait
from console.events import LiveFeed
from console.handlers import UnreachableError
from console.pages.routes import Pages
from dokpamo.selection.v1 import events_pb2

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from console.domain.lineage import Lineage
    from console.domain.released import Released
    from dokpamo.selection.v1 import service_pb2 as selection

NOW = datetime(2026, 1, 15, 6, tzinfo=UTC)
WON = Standing(
    "alpha", "90.2", 1, "advanced", "", "", {"benchmark": "40.0", "nia": "15.0"}, "synthetic", {"nia": "published"}
)
LOST = Standing("beta", "76.7", 2, "eliminated", "gate", "originality", {"benchmark": "30.0", "nia": "9.0"})
STAGE = Stage("stage-1", "1차 단계평가", "Stage 1", "final", NOW, NOW, NOW, (), "a" * 64, "b" * 64, (WON, LOST))
SCORING = Scoring(
    (Label("benchmark", "벤치마크 평가", "Benchmarks"), Label("nia", "NIA 벤치마크", "NIA benchmark", inside=True)),
    (Label("originality", "독자성", "Originality"),),
)
HIDDEN = Stage(
    "stage-2", "2차 단계평가", "Stage 2", "objection", NOW, NOW, NOW, (), "a" * 64, "",
    (Standing("alpha", "", 0, "advanced", "", ""), Standing("beta", "", 0, "entered", "", "")),
)  # fmt: skip
PUBLISHED = Published(
    "stage-1/1", "stage-1", "평균과 격차", "Means and gaps", NOW, "언론의 요청", "press asked",
    (PartFigures("nia", Figure("9.2", "synthetic", ("alpha",)), Figure("8.75", "published")), PartFigures("total")),
    (("nia", ('{"operator":"linear","points":"10","scale":"100"}', '{"digits":1,"operator":"round"}')),),
)  # fmt: skip
UPHELD = Proceeding(
    "stage-1-objection-1", "objection", "stage-1", 1, Label("rule", "평가기준 미준수", "A rule was not followed"),
    "closed", "upheld", "", NOW, None, NOW, silent=False, result_version=0, waits=(), provenance="synthetic",
)  # fmt: skip
HEARD = replace(
    UPHELD, number=2, state="hearing", outcome="", owner="panel", deadline=NOW, closed_at=None, provenance="recorded"
)
RUN = Run("run", "alpha", "2025-h2", "c" * 64, "completed", "0.2152", "4.7997")
TARGET = Target(
    "t", "stage-1", "AAII", "2026-06", "2025-12-30", "2026-06-30", "best", "63.1", "0.95", "59.945",
    (CandidateRatio("alpha", "31.0", "0.4913", ""),), "synthetic",
)  # fmt: skip


INTEGRITY = Integrity(
    24, 3 * 2**29, NOW, 1, 2, (Check("names", NOW, 9, 3), Check("objects", None, 0, 0))
)  # fmt: skip


class Programme:
    """Sources with one decided stage; services in `away` do not answer."""

    def __init__(self, away: tuple[str, ...] = (), stages: tuple[Stage, ...] = (STAGE,)) -> None:
        self.away = away
        self._stages = stages

    def _reach(self, service: str) -> None:
        if service in self.away:
            raise UnreachableError(service)

    async def stages(self) -> tuple[Stage, ...]:
        self._reach("selection")
        return self._stages

    async def scoring(self, rule_set_sha256: str) -> Scoring:
        self._reach("selection")
        assert rule_set_sha256 == STAGE.rule_set_sha256
        return SCORING

    async def published(self) -> tuple[Published, ...]:
        self._reach("selection")
        return (PUBLISHED,) if self._stages else ()

    async def proceedings(self) -> tuple[Proceeding, ...]:
        self._reach("selection")
        return (UPHELD, HEARD) if self._stages else ()

    async def runs(self) -> tuple[Run, ...]:
        self._reach("evaluation")
        return (RUN, replace(RUN, period="2026-h1", state="running", accuracy="", bits_per_byte=""))

    async def targets(self) -> tuple[Target, ...]:
        self._reach("evaluation")
        return (TARGET,)

    async def ledger(self) -> Ledger:
        self._reach("grants")
        return Ledger(balanced=True, transactions=66, findings=())

    async def head(self) -> Head | None:
        self._reach("notary")
        return Head(601, "d" * 64)

    async def integrity(self) -> Integrity:
        self._reach("registry")
        return INTEGRITY

    async def releases(self, team_id: str) -> tuple[Released, ...]:
        raise AssertionError(team_id)

    async def lineage(self, *, checkpoint_digest: str, team_id: str, model: str) -> Lineage:
        raise AssertionError(f"nobody asks for {checkpoint_digest}{team_id}{model}")

    async def decision(self, stage_id: str) -> selection.GetDecisionResponse:
        self._reach("selection")
        raise Refused("NOT_FOUND", "there is none", {"field": "stage_id", "value": stage_id}, grpc.StatusCode.NOT_FOUND)


async def get(path: str, sources: Programme | None = None, *, language: str = "ko") -> httpx.Response:
    feed = Feed()
    feed.add(NOW, "dokpamo.selection.v1.DecisionFinalized", "stage-1")
    live = LiveFeed(feed)
    live.names["alpha"] = TeamName("알파", "Alpha <Labs>")
    made = Pages(sources or Programme(), live, FixedClock(NOW), embedded=True, virtual=True)
    transport = httpx.ASGITransport(made.application())
    headers = {"Accept-Language": language}
    async with httpx.AsyncClient(transport=transport, base_url="http://console", headers=headers) as client:
        return await client.get(path)


def arrival() -> Received[Any]:
    name = "dokpamo.selection.v1.DecisionFinalized"
    message = events_pb2.DecisionFinalized(stage_id="stage-1")
    return Received(
        uuid4(), name, "/dokpamo/selection", "stage-1", NOW, "service:selection", message, b"", "t", 0, 0, {}
    )


def words(answer: httpx.Response) -> str:
    """What people read: the text without tags, style and script."""
    text = re.sub(r"<(style|script).*?</\1>|<[^>]*>", " ", answer.text, flags=re.DOTALL)
    return html.unescape(re.sub(r"\s+", " ", text))


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        (
            "ko",
            [
                "팀과 단계",
                "알파",
                "탈락 관문: 독자성",
                "벤치마크 평가 NIA 벤치마크",
                "21.52 %",
                "측정 중",
                "결정이 확정",
            ],
        ),
        ("en", ["Teams and stages", "Alpha <Labs>", "eliminated by gate: Originality", "NIA benchmark", "running"]),
    ],
)
async def test_the_page_says_everything_in_its_language(language: str, wanted: list[str]) -> None:
    answer = await get("/", language=language)
    assert (answer.status_code, answer.headers["content-language"]) == (200, language)
    assert [phrase for phrase in wanted if phrase not in words(answer)] == []


async def test_what_was_computed_from_synthetic_values_is_marked_on_the_page() -> None:
    said = words(await get("/?lang=en"))
    assert said.count("90.2 synthetic") == 2  # on the board and in the standings
    assert "15.0 p " in said
    assert "40.0 p " not in said
    assert "76.7 synthetic" not in said
    assert "best 63.1 synthetic" in said


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("ko", ["등록소 무결성", "24 (1.50 GiB)", "손상된 조각 1 복구됨 2", "다른 점 3 확인한 수 9", "아직 확인하지"]),
        ("en", ["Registry integrity", "Damaged parts 1 healed 2", "names in MLflow 3 of 9", "not checked yet"]),
    ],
)
async def test_whether_what_is_kept_is_still_there_is_shown(language: str, wanted: list[str]) -> None:
    said = words(await get("/", language=language))
    assert [phrase for phrase in wanted if phrase not in said] == []


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("ko", "대기: 관문 판정: originality (알파)"), ("en", "Waits for: verdicts of gate originality (Alpha <Labs>)")],
)
async def test_what_a_stage_waits_for_is_said_in_the_pages_language(language: str, sentence: str) -> None:
    waits = (Wait("verdicts-missing", {"gate": "originality", "teams": "alpha"}),)
    waiting = replace(STAGE, state="collecting", decision_sha256="", waits=waits)
    assert sentence in words(await get("/", Programme(stages=(waiting,)), language=language))


async def test_the_page_asks_nothing_of_any_other_host_and_lets_nothing_in() -> None:
    answer = await get("/")
    assert re.findall(r"(?:https?:)?//[a-z]", re.sub(r"// .*", "", answer.text)) == []
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "connect-src 'self'" in answer.headers["content-security-policy"]


async def test_what_is_replaced_on_the_page_is_there_before_and_after() -> None:
    whole, fragment = (await get("/")).text, (await get("/fragment")).text
    parts = re.findall(r'id="([a-z-]+)" data-part', whole)
    assert parts == re.findall(r'id="([a-z-]+)" data-part', fragment)
    assert {"notices", "clock", "part-board", "part-events"} <= set(parts)


@pytest.mark.parametrize(
    ("away", "lost", "kept"),
    [
        ("selection", "90.2", "66"),
        ("evaluation", "21.52", "90.2"),
        ("notary", "601", "90.2"),
        ("grants", "66", "90.2"),
        ("registry", "1.50 GiB", "90.2"),
    ],
)
async def test_a_service_that_is_away_is_named_and_costs_its_own_part_only(away: str, lost: str, kept: str) -> None:
    answer = await get("/?lang=en", Programme((away,)))
    assert answer.status_code == 200
    assert f"Services out of reach now: {away}" in words(answer)
    assert lost not in words(answer)
    assert kept in words(answer)


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        (
            "ko",
            [
                "공표된 결과",
                "1차 단계평가: 평균과 격차",
                "NIA 벤치마크 9.2 합 알파 8.75 공 –",
                "추가 공개 사유: 언론의 요청",
                "NIA 벤치마크: 값 × 10 ÷ 100 → 소수점 아래 1자리로 반올림",
            ],
        ),
        (
            "en",
            [
                "Published results",
                "Stage 1: Means and gaps",
                "NIA benchmark 9.2 s Alpha <Labs> 8.75 p –",
                "Why more is shown: press asked",
                "NIA benchmark: value × 10 ÷ 100 → round half up",
                "Total – – –",
            ],
        ),
    ],
)
async def test_what_was_published_is_shown_and_what_was_not_is_a_dash(language: str, wanted: list[str]) -> None:
    said = words(await get("/", language=language))
    assert [phrase for phrase in wanted if phrase not in said] == []


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        (
            "ko",
            [
                "1차 단계평가 · 이의제기 1 합성",
                "평가기준 미준수 기각, 결정 유지 2026-01-15",
                "심의위원회 ~ 2026-01-15 15:00",
            ],
        ),
        ("en", ["Stage 1 · Objection 1 synthetic", "not founded, the decision stands", "before its panel the panel ~"]),
    ],
)
async def test_objections_are_shown_with_how_they_stand_and_made_up_ones_are_marked(
    language: str, wanted: list[str]
) -> None:
    said = words(await get("/", language=language))
    assert [phrase for phrase in wanted if phrase not in said] == []


@pytest.mark.parametrize(("language", "hidden"), [("ko", "미공개"), ("en", "not published")])
async def test_what_is_hidden_of_a_decided_stage_is_called_not_published(language: str, hidden: str) -> None:
    answer = await get("/", Programme(stages=(STAGE, HIDDEN)), language=language)
    begins, ends = {"ko": ("현재 순위", "평가기준"), "en": ("Current standings", "Rule set")}[language]
    rows = words(answer).split(begins)[1].split(ends)[0]
    # Of both teams rank and total; of the one whose outcome was not published that too. No part was: no column.
    assert rows.count(hidden) == 5
    assert "/api/decisions/stage-2" not in answer.text


async def test_before_anything_has_happened_the_page_says_so() -> None:
    said = words(await get("/?lang=en", Programme(stages=())))
    assert "Teams and stages Nothing yet." in said
    assert "No decision yet." in said


async def test_what_is_not_known_now_is_not_called_nothing() -> None:
    said = words(await get("/?lang=en", Programme(("selection", "evaluation"))))
    assert said.count("Not known at the moment.") == 6
    assert "Nothing yet." not in said
    assert "No decision yet." not in said


@pytest.mark.parametrize(
    ("path", "away", "status", "code"),
    [
        ("/api/decisions/nothing", (), 404, "NOT_FOUND"),
        ("/api/decisions/stage-1", ("selection",), 503, "SERVICE_UNREACHABLE"),
        ("/api/events?after=soon", (), 400, "FIELD_INVALID"),
        ("/api/events?after=" + "9" * 5000, (), 400, "FIELD_INVALID"),
    ],
)
async def test_what_cannot_be_answered_has_its_status_and_a_stable_code(
    path: str, away: tuple[str, ...], status: int, code: str
) -> None:
    answer = await get(path, Programme(away))
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_the_page_is_there_as_data() -> None:
    document = (await get("/api/programme")).json()
    assert document["current"]["stage_id"] == "stage-1"
    assert document["rows"][0]["team_id"] == "alpha"
    assert document["scoring"]["a" * 64]["gates"][0]["english"] == "Originality"


async def test_a_listener_is_told_at_once_after_an_arrival_and_when_it_is_quiet() -> None:
    live = LiveFeed(Feed())
    totals = live.totals(pause_seconds=0, quiet_seconds=0.01)
    assert [await anext(totals), await anext(totals)] == [0, 0]
    patient = live.totals(pause_seconds=0, quiet_seconds=3600)
    assert await anext(patient) == 0
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(_step(patient))
        await asyncio.sleep(0)
        await live.on_event(arrival())
    assert waiting.result() == 1


@pytest.mark.parametrize("event_type", ["dokpamo.evaluation.v1.ScoreSheetSubmitted", "dokpamo.unknown.v1.Event"])
async def test_a_key_that_names_a_person_or_is_not_known_is_not_shown(event_type: str) -> None:
    live = LiveFeed(Feed())
    await live.on_event(replace(arrival(), type=event_type, key="stage-1/panel/kim"))
    await live.on_event(arrival())
    assert sorted(item.key for item in live.feed.newest(2)) == ["", "stage-1"]


async def _step(totals: AsyncIterator[int]) -> int:
    return await anext(totals)
