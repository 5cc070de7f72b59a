"""`dokpamo objections` against selection's RPCs: an objection from its filing to its end, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.builders.objection_cases import FRESH, GIVEN
from tests.builders.objections_command import Commands
from tests.builders.selection_cases import decided_stage_one
from tests.builders.selection_rpcs import served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

FILING = ("file", "stage-1", "--team", "naver-cloud", "--ground", "not-considered")
UNNAMED = (*sorted({each.source for each in GIVEN.measurements}), "originality")


@pytest.fixture
async def commands(tmp_path: Path, fresh_database_url: str) -> AsyncIterator[Commands]:
    async with served(tmp_path, fresh_database_url) as at:
        await decided_stage_one(at.selection)
        yield Commands(at.address, at.issuer)


async def test_an_objection_is_led_from_its_filing_to_its_end(commands: Commands, tmp_path: Path) -> None:
    (tmp_path / "objection.txt").write_text("the explanation was not heard")
    (tmp_path / "log.txt").write_text("step 0")
    shown = f"{tmp_path / 'log.txt'}=weights before the first step"
    filing = (*FILING, "--statement", f"@{tmp_path / 'objection.txt'}", "--evidence", shown)
    again = ("--request-id", str(uuid4()))
    filed = await commands.json("team:naver-cloud", *filing, *again)
    # The same request is done once, with all that belongs to it.
    assert await commands.json("team:naver-cloud", *filing, *again) == filed
    assert (filed["statement"], filed["decision_version"]) == ("the explanation was not heard", 1)
    (evidence,) = filed["evidence"]
    assert (evidence["reference"], evidence["description"], evidence["size_bytes"]) == (
        "log.txt", "weights before the first step", "6"
    )  # fmt: skip
    name = filed["proceeding_id"]
    await commands.run("team:naver-cloud", "evidence", name, str(tmp_path / "log.txt"), "--team", "naver-cloud",
                       "--shows", "once more")  # fmt: skip
    await commands.run("staff:kim", "admit", name, "--reason", "in time")
    assert "answered by lee" in await commands.run("staff:lee", "reply", name, "--text", "answered by lee")
    for source in UNNAMED:
        said = await commands.run("staff:kim", "originals", "stage-1", source, "tester")
    assert "everybody is known" in said
    await commands.run("staff:kim", "seat", name, *FRESH)
    for member in FRESH:
        await commands.run(f"person:{member}", "find", name, "uphold", "--member", member, "--reason", "it was heard")
    ended = await commands.run("team:naver-cloud", "show", name, "--lang", "ko")
    assert "기각, 결정 유지" in ended
    assert "소명·증거 미반영 (not-considered)" in ended
    # Anybody sees how it ended, and nobody's name or words.
    public = await commands.json("public", "show", name)
    assert (public["outcome"], "statement" in public, "team_id" in public) == ("upheld", False, False)


async def test_a_case_is_recomputed_as_a_file_orders_and_shows_what_differs(commands: Commands, tmp_path: Path) -> None:
    made = await commands.json("staff:kim", "case", "stage-1", "--team", "upstage", "--ground", "technical",
                               "--statement", "the encoder")  # fmt: skip
    name = made["proceeding_id"]
    await commands.run("staff:kim", "admit", name, "--reason", "serious", "--reply-days", "5")
    await commands.run("team:upstage", "reply", name, "--team", "upstage", "--text", "it is our own")
    for source in UNNAMED:
        await commands.run("staff:kim", "originals", "stage-1", source, "tester")
    await commands.run("staff:kim", "seat", name, *FRESH)
    for member in FRESH:
        await commands.run(f"person:{member}", "find", name, "recompute", "--member", member, "--reason", "it is not")
    order = tmp_path / "order.yaml"
    failed = "{gate: originality, team_id: upstage, passed: false, reason: copied, judged_by: %d}"
    order.write_text(f"verdict_changes: [{failed % 3}]")
    refused = await commands.run("staff:kim", "order", name, str(order), "--reason", "as the panel found", code=1)
    assert "path=verdicts.originality.upstage value=3" in refused
    order.write_text(f"verdict_changes: [{failed % 10}]")
    closed = await commands.json("staff:kim", "order", name, str(order), "--reason", "as the panel found")
    assert (closed["outcome"], closed["result_version"]) == ("recomputed", 2)
    assert closed["difference"]["left"] == ["upstage"]
    assert "originality/upstage ✓ → ✗" in await commands.run("staff:kim", "show", name)


async def test_proceedings_are_listed_a_page_at_a_time(commands: Commands) -> None:
    for ground in ("rule", "input", "conflict"):
        await commands.run("team:nc-ai", "file", "stage-1", "--team", "nc-ai", "--ground", ground, "--statement", "x")
    first = await commands.json("public", "list", "--limit", "2")
    assert [each["ground"] for each in first["proceedings"]] == ["rule", "input"]
    rest = await commands.json("public", "list", "--limit", "2", "--page", first["next_page_token"])
    assert [each["ground"] for each in rest["proceedings"]] == ["conflict"]
    assert "--page" in await commands.run("public", "list", "--limit", "2", "--open", "--stage", "stage-1")
    await commands.run("team:nc-ai", "withdraw", "stage-1-objection-2", "--team", "nc-ai", "--reason", "settled")
    await commands.run("staff:kim", "reject", "stage-1-objection-3", "--reason", "about another stage")
    opened = await commands.json("public", "list", "--open")
    assert [each["ground"] for each in opened["proceedings"]] == ["rule"]


async def test_what_is_refused_ends_with_its_code_field_value_and_rule(commands: Commands, tmp_path: Path) -> None:
    assert "conflict  " in await commands.run("public", "grounds")
    taste = ("file", "stage-1", "--team", "nc-ai", "--ground", "taste", "--statement", "x")
    said = await commands.run("team:nc-ai", *taste, code=1)
    assert "GROUND_UNKNOWN" in said
    told = await commands.json("team:nc-ai", *taste, code=1)
    assert (told["code"], told["facts"]["field"], told["facts"]["value"]) == ("GROUND_UNKNOWN", "ground", "taste")
    assert "PERMISSION_DENIED" in await commands.run("team:upstage", *FILING, "--statement", "x", code=1)
    assert "PROCEEDING_UNKNOWN" in await commands.run("public", "show", "nothing", code=1)
    assert "--as" in await commands.run("staff:kim", "list", "--as", "the press", code=2)
    # A file that is not there is said before anything is filed.
    gone = await commands.run(
        "team:naver-cloud", *FILING, "--statement", "x", "--evidence", str(tmp_path / "no"), code=2
    )
    assert str(tmp_path / "no") in gone
    assert "none" in await commands.run("public", "list")
    for document, word in (("[1]", "mapping"), ("fresh: 1", "fresh"), ("reason: x", "must be among"), ("a: &b c", "a")):
        order = tmp_path / "order.yaml"
        order.write_text(document)
        assert word in await commands.run("staff:kim", "order", "x", str(order), "--reason", "x", code=2)


async def test_without_a_stack_it_says_what_to_name(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOKPAMO_HOME", str(tmp_path / "none"))
    said = await Commands("", commands.issuer).run("public", "list", code=1)
    assert "dokpamo up" in said
    assert "--selection" in said
    tokenless = await commands.run("public", "admit", "x", "--reason", "x", code=1)
    assert "DOKPAMO_TOKEN" in tokenless
