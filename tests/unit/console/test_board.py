from __future__ import annotations

from datetime import UTC, datetime

from console.domain.board import Outcome, Stage, Standing, current, rows
from console.domain.feed import Feed
from console.domain.words import language_of

NOW = datetime(2026, 1, 15, 6, tzinfo=UTC)


def standing(team: str, rank: int, outcome: Outcome) -> Standing:
    return Standing(team, "1.0" if rank else "", rank, outcome, "", "")


def stage(stage_id: str, decision: str, *standings: Standing) -> Stage:
    state = "final" if decision else "collecting"
    return Stage(stage_id, stage_id, stage_id, state, NOW, NOW, NOW, (), "", decision, standings)


def test_teams_still_inside_come_first_and_those_that_came_further_before_others() -> None:
    first = stage(
        "one", "d1", standing("a", 1, "advanced"), standing("b", 2, "advanced"), standing("c", 3, "eliminated")
    )
    second = stage("two", "d2", standing("b", 1, "advanced"), standing("a", 2, "eliminated"))
    assert [(row.team_id, row.inside) for row in rows([first, second])] == [("b", True), ("a", False), ("c", False)]


def test_a_team_has_no_cell_where_it_was_not_in_the_stage() -> None:
    first = stage("one", "d1", standing("a", 1, "advanced"))
    second = stage("two", "", standing("b", 0, "entered"))
    cells = {row.team_id: [cell is not None for cell in row.cells] for row in rows([first, second])}
    assert cells == {"a": [True, False], "b": [False, True]}


def test_the_current_standings_are_those_of_the_latest_decided_stage() -> None:
    decided, open_stage = (
        stage("one", "d1", standing("a", 1, "advanced")),
        stage("two", "", standing("a", 0, "entered")),
    )
    assert current([decided, open_stage]) is decided
    assert current([open_stage]) is None


def test_the_feed_keeps_the_newest_and_counts_all() -> None:
    feed = Feed(capacity=2)
    for number in range(3):
        feed.add(NOW.replace(minute=number), "dokpamo.intake.v1.CallOpened", str(number))
    assert feed.total == 3
    assert [item.key for item in feed.newest(5)] == ["2", "1"]
    assert feed.newest(1)[0].words("ko") == "공고가 게시되었습니다"


def test_the_newest_events_are_kept_whatever_the_order_in_which_topics_arrive() -> None:
    feed = Feed(capacity=2)
    for minute in (5, 9, 1, 7, 3):
        feed.add(NOW.replace(minute=minute), "dokpamo.intake.v1.CallOpened", str(minute))
    assert [item.key for item in feed.newest(5)] == ["9", "7"]
    assert [item.key for item in feed.after(2)] == ["7"]


def test_the_page_is_korean_unless_english_is_asked_for() -> None:
    assert language_of(None, "") == "ko"
    assert language_of(None, "fr, en;q=0.8, ko;q=0.5") == "en"
    assert language_of("ko", "en") == "ko"
