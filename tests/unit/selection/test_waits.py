"""What is missing, as codes and facts."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from rules.completeness import Missing
from selection.domain.waits import Wait, WaitCode, wait, waits_of


def test_what_is_missing_is_grouped_by_source_and_gate() -> None:
    missing = [
        Missing("score", "experts", "a", "kim", "plan"),
        Missing("sheets", "experts", "b"),
        Missing("measurement", "nia", "a", criterion="set"),
        Missing("verdict", "originality", "b"),
        Missing("verdict", "originality", "a"),
        Missing("assessors", "users", assessor="47 of at least 49"),
        Missing("seed of the lot between a, b", "rules"),
        Missing("moon", "sky"),
    ]
    assert [(each.code.value, dict(each.facts)) for each in waits_of(missing)] == [
        ("scores-missing", {"source": "experts", "teams": "a,b", "count": "2"}),
        ("measurements-missing", {"source": "nia", "teams": "a", "count": "1"}),
        ("verdicts-missing", {"gate": "originality", "teams": "a,b"}),
        ("assessors-missing", {"source": "users", "have": "47", "need": "49"}),
        ("seed-missing", {"rule_set": "rules", "teams": "a,b"}),
        ("other-missing", {"what": "moon", "source": "sky", "teams": "", "count": "1"}),
    ]


def test_facts_are_text_in_order_and_instants_utc() -> None:
    at = datetime(2026, 1, 15, 15, tzinfo=ZoneInfo("Asia/Seoul"))
    assert wait(WaitCode.OPENING, opens_at=at) == Wait(WaitCode.OPENING, (("opens_at", "2026-01-15T06:00:00Z"),))
