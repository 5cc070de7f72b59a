"""What is missing, as codes and facts."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from rules import Lacking, Missing
from selection.domain.waits import Wait, WaitCode, wait, waits_of


def test_what_is_missing_is_grouped_by_source_and_gate() -> None:
    missing = [
        Missing(Lacking.SCORE, "experts", ("a",), "kim", "plan"),
        Missing(Lacking.SHEETS, "experts", ("b",)),
        Missing(Lacking.MEASUREMENT, "nia", ("a",), criterion="set"),
        Missing(Lacking.VERDICT, "originality", ("b",)),
        Missing(Lacking.VERDICT, "originality", ("a",)),
        Missing(Lacking.ASSESSORS, "users", have=47, need=49),
        Missing(Lacking.SEED, "rules", ("a", "b")),
        Missing(Lacking.FIGURE, "before", ("b",), criterion="total"),
    ]
    assert [(each.code.value, dict(each.facts)) for each in waits_of(missing)] == [
        ("scores-missing", {"source": "experts", "teams": "a,b", "count": "2"}),
        ("measurements-missing", {"source": "nia", "teams": "a", "count": "1"}),
        ("verdicts-missing", {"gate": "originality", "teams": "a,b"}),
        ("assessors-missing", {"source": "users", "have": "47", "need": "49"}),
        ("seed-missing", {"rule_set": "rules", "teams": "a,b"}),
        ("figures-missing", {"source": "before", "teams": "b", "count": "1"}),
    ]


def test_whatever_a_rule_set_can_lack_is_a_reason_to_wait() -> None:
    for what in Lacking:
        (reason,) = waits_of([Missing(what, "source", ("a",))])
        assert reason.code.value.endswith("-missing")


def test_facts_are_text_in_order_and_instants_utc() -> None:
    at = datetime(2026, 1, 15, 15, tzinfo=ZoneInfo("Asia/Seoul"))
    assert wait(WaitCode.OPENING, opens_at=at) == Wait(WaitCode.OPENING, (("opens_at", "2026-01-15T06:00:00Z"),))
