"""The page of lineage, and how its graph is drawn."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import pairwise

import grpc
import httpx
import pytest
from common.clock import FixedClock
from common.errors import Refused
from console.domain.facts import TeamName
from console.domain.feed import Feed
from console.domain.lineage import Lineage, Link, Origin, drawing
from console.domain.released import Released
from console.events import LiveFeed
from console.pages.routes import Pages

from tests.unit.console.test_pages import Programme, words

NOW = datetime(2026, 1, 15, 6, tzinfo=UTC)


def version(digest: str, number: int, outcome: str = "") -> Origin:
    outcomes = (("stage-1", outcome),) if outcome else ()
    return Origin(
        digest, external=False, team_id="alpha", model="solar", version=number, committed_at=NOW, seed=str(2**64 - 1),
        parameters=31_000_000_000, job_id="job-7", training_log_sha256="ab" * 32, outcomes=outcomes,
    )  # fmt: skip


def link(child: str, parent: str, owner: str = "own", *, frozen: bool = False, share: str = "") -> Link:
    return Link(child, parent, "transformer", owner, "weights", frozen, share, ("<b>run</b>",))


FOUND = Lineage(
    (version("a" * 64, 1, "advanced"), version("b" * 64, 2), version("c" * 64, 3), Origin("siglip-2", external=True)),
    (
        link("a" * 64, "siglip-2", "third-party", frozen=True),
        link("b" * 64, "a" * 64),
        link("c" * 64, "a" * 64, share="0.5"),
        link("c" * 64, "b" * 64, share="0.5"),
    ),
)


def released(digest: str, number: int, *, gated: bool = False, model: str = "solar", withdrawn: str = "") -> Released:
    return Released(digest, "alpha", model, number, gated, "Apache-2.0", 2**30, NOW, withdrawn)


RELEASED = (
    released("c" * 64, 3),
    released("b" * 64, 2, gated=True),
    released("a" * 64, 1, withdrawn="a <b>file</b> was not ours"),
    released("d" * 64, 9, model="lunar"),
)


class WithLineage(Programme):
    async def releases(self, team_id: str) -> tuple[Released, ...]:
        assert team_id == "alpha"
        return RELEASED

    async def lineage(self, *, checkpoint_digest: str, team_id: str, model: str) -> Lineage:
        self._reach("registry")
        if not (team_id or checkpoint_digest):
            raise Refused("FIELD_INVALID", "no", {"field": "team_id"}, grpc.StatusCode.INVALID_ARGUMENT)
        return FOUND if model != "none" else Lineage((), ())


async def get(
    path: str, sources: WithLineage | None = None, downloads: str = "http://hub.example:8080"
) -> httpx.Response:
    live = LiveFeed(Feed())
    live.names["alpha"] = TeamName("알파", "Alpha <Labs>")
    pages = Pages(sources or WithLineage(), live, FixedClock(NOW), embedded=True, virtual=True, downloads=downloads)
    transport = httpx.ASGITransport(pages.application())
    async with httpx.AsyncClient(transport=transport, base_url="http://console") as client:
        return await client.get(path)


def test_what_comes_from_something_stands_to_the_right_of_it_and_no_two_in_one_place() -> None:
    drawn = drawing(FOUND)
    left = {box.node.node_id: box.x for box in drawn.boxes}
    assert [left[name] for name in ("siglip-2", "a" * 64, "b" * 64, "c" * 64)] == sorted(left.values())
    assert all(left[each.parent] + 190 < left[each.child] for line in drawn.lines for each in line.links)
    assert len({(box.x, box.y) for box in drawn.boxes}) == len(drawn.boxes)
    assert drawn.width > max(box.x + box.width for box in drawn.boxes)
    assert drawn.height > max(box.y + box.height for box in drawn.boxes)
    third = next(line for line in drawn.lines if line.third_party)
    assert third.frozen
    assert sum(line.frozen for line in drawn.lines) == 1


def test_a_chain_is_as_wide_as_it_is_long() -> None:
    names = [f"{number:064d}" for number in range(30)]
    chain = Lineage(
        tuple(version(name, at + 1) for at, name in enumerate(names)),
        tuple(link(child, parent) for parent, child in pairwise(names)),
    )
    assert sorted(box.x for box in drawing(chain).boxes) == [8 + 260 * at for at in range(30)]


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("ko", ["계보", "알파", "제3자", "가중치", "동결", "31,000,000,000", str(2**64 - 1), "solar v3", "siglip-2"]),
        ("en", ["Lineage", "Alpha <Labs>", "third party", "weights", "2026-01-15 15:00 KST", "not in the registry"]),
    ],
)
async def test_the_page_says_everything_in_its_language(language: str, wanted: list[str]) -> None:
    answer = await get(f"/lineage?team=alpha&lang={language}")
    assert (answer.status_code, answer.headers["content-language"]) == (200, language)
    assert [phrase for phrase in wanted if phrase not in words(answer)] == []
    assert "<b>run</b>" in words(answer)
    assert "<b>run" not in answer.text


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        (
            "ko",
            ["공개된 버전", "누구나", "이용허락에 동의한 사람", "공개 철회: a <b>file</b> was not ours", "파일 목록"],
        ),
        ("en", ["Released versions", "everybody", "who accepts its licence", "withdrawn: a <b>file</b> was not ours"]),
    ],
)
async def test_what_is_released_says_where_it_is_to_be_had(language: str, wanted: list[str]) -> None:
    answer = await get(f"/lineage?team=alpha&lang={language}")
    assert [phrase for phrase in wanted if phrase not in words(answer)] == []
    links = re.findall(r'href="(http[^"]*)"', answer.text)
    assert links == [f"http://hub.example:8080/api/models/alpha/solar/revision/v{number}" for number in (3, 2)]
    assert "HF_ENDPOINT=http://hub.example:8080 hf download alpha/solar --revision v3" in words(answer)
    # Another model's is not of this graph, and without an address there is none to tell.
    assert "lunar" not in answer.text
    assert "HF_ENDPOINT" not in (await get(f"/lineage?team=alpha&lang={language}", downloads="")).text


async def test_the_graph_as_json_holds_seeds_as_text_and_every_link() -> None:
    found = (await get(f"/api/lineage?checkpoint={'c' * 64}")).json()
    assert found["nodes"][0]["seed"] == "18446744073709551615"
    assert [each["share"] for each in found["links"]] == ["", "", "0.5", "0.5"]
    assert found["links"][0]["frozen"] is True


async def test_an_empty_graph_and_wrong_questions_are_answered_in_words() -> None:
    assert (await get("/lineage?team=alpha&model=none&lang=en")).status_code == 200
    for path in ("/lineage", "/api/lineage"):
        assert (await get(path)).status_code == 400
        away = await get(f"{path}?team=alpha", WithLineage(away=("registry",)))
        assert (away.status_code, away.json()["code"]) == (503, "SERVICE_UNREACHABLE")


async def test_a_query_that_carries_markup_stays_text() -> None:
    answer = await get("/lineage?team=%3Cscript%3Ealert(1)%3C/script%3E&lang=en")
    assert "<script>alert" not in answer.text
