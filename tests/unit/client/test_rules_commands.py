"""`dokpamo rules` towards those who call it: answers, refusals, exit codes, languages, the model case's texts."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path
from xml.etree import ElementTree as ET

import client.programmes
import pytest
import rules
from client.cli import application
from client.commands.rules.columns import aligned, width
from client.commands.rules.language import Lang, of_locale
from rules.score_file_table import COLUMNS
from typer.testing import CliRunner

from tests.builders.score_tables import as_csv

PROGRAMME = Path(next(iter(client.programmes.__path__))) / "sovereign-ai"
GOLDEN = Path(__file__).parent / "golden"
STAGES = ("written-review", "presentation", "stage-1", "added-call", "stage-2")


def rule_file(stage: str) -> str:
    return str(PROGRAMME / "rule-sets" / f"{stage}.yaml")


def score_file(stage: str) -> str:
    return str(PROGRAMME / "scores" / f"{stage}.yaml")


def run(*arguments: str, text: str | None = None, lang: str = "en") -> tuple[int, str, str]:
    environment = {"DOKPAMO_LANG": lang, "DOKPAMO_HOME": "/nonexistent", "DOKPAMO_TOKEN": ""}
    result = CliRunner().invoke(application(["rules"]), ["rules", *arguments], input=text, env=environment)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def changed(tmp_path: Path, before: str, after: str, stage: str = "stage-2") -> str:
    text = Path(rule_file(stage)).read_text()
    assert before in text
    path = tmp_path / "changed.yaml"
    path.write_text(text.replace(before, after))
    return str(path)


def golden(name: str, said: str) -> None:
    """The text as it is kept; hashes are left out, since any byte of a document changes them."""
    found = re.sub(r"\b[0-9a-f]{64}\b", "<sha256>", said)
    kept = GOLDEN / name
    if os.environ.get("DOKPAMO_GOLDEN") == "write":
        kept.write_text(found)
    assert kept.read_text() == found


def test_sound_rule_sets_end_with_zero_and_name_their_hashes() -> None:
    files = [rule_file(stage) for stage in STAGES]
    code, said, _ = run("validate", *files)
    assert code == 0
    for file in files:
        assert rules.sha256_of(rules.load_rule_set(Path(file).read_bytes())) in said


def test_every_defect_is_named_with_path_value_rule_and_code(tmp_path: Path) -> None:
    broken = changed(tmp_path, "highest: 1, lowest: 1", "highest: 9, lowest: 1")
    code, said, wrong = run("validate", rule_file("stage-1"), broken)
    assert code == 1
    assert "✓" in said
    assert "✗ parts[1].steps[1]: fewer than 10 values are dropped; found 10 [TRIM_LEAVES_NONE]" in wrong
    code, said, _ = run("validate", broken, "--json")
    (report,) = json.loads(said)
    assert (code, report["valid"]) == (1, False)
    assert report["violations"][0] == {
        "path": "parts[1].steps[1]",
        "value": "10",
        "rule": "fewer than 10 values are dropped",
        "code": "TRIM_LEAVES_NONE",
    }


def test_a_defect_is_told_in_korean_with_the_same_code(tmp_path: Path) -> None:
    _, _, wrong = run("validate", changed(tmp_path, "operator: trimmed_mean", "operator: eval"), "--lang", "ko")
    assert "✗ parts[1].steps[1]: operator은(는) 다음 중 하나입니다: sum, mean" in wrong
    assert "값 eval [OPERATOR_UNKNOWN]" in wrong


def test_the_rule_sets_of_a_programme_are_held_against_each_other_and_their_schedule(tmp_path: Path) -> None:
    folder = PROGRAMME.parent / "research-grant"
    rounds = [str(folder / "rule-sets" / f"round-{number}.yaml") for number in (1, 2)]
    code, said, _ = run("validate", *rounds, "--schedule", str(folder / "schedule.yaml"))
    assert code == 0
    assert "schedule.yaml: sound, round-1, round-2" in said
    assert run("validate", *(rule_file(stage) for stage in STAGES), "--programme")[0] == 0
    code, _, wrong = run("validate", rounds[1], "--programme")
    assert code == 1
    assert "[STAGE_UNKNOWN]" in wrong
    moved = tmp_path / "schedule.yaml"
    moved.write_text((folder / "schedule.yaml").read_text().replace("by: P13D", "by: P14D"))
    code, said, _ = run("validate", *rounds, "--schedule", str(moved), "--json")
    assert code == 1
    assert {each["path"].partition(".")[0] for each in json.loads(said)[-1]["violations"]} == {"round-2"}


def test_a_rule_set_can_come_by_standard_input() -> None:
    code, said, _ = run("validate", "-", text=Path(rule_file("stage-2")).read_text())
    assert code == 0
    assert "✓ -" in said


@pytest.mark.parametrize("command", ["validate", "hash", "explain", "sensitivity"])
def test_a_file_that_is_not_there_is_a_wrong_call(command: str) -> None:
    code, _, wrong = run(command, "nothing.yaml")
    assert code == 2
    assert "nothing.yaml" in wrong


def test_the_schema_is_the_published_one() -> None:
    code, said, _ = run("schema")
    assert code == 0
    assert json.loads(said) == rules.schema()


def test_the_hash_is_the_one_that_decisions_cite() -> None:
    _, said, _ = run("hash", rule_file("stage-2"))
    rule_set = rules.load_rule_set(Path(rule_file("stage-2")).read_bytes())
    assert said.strip() == rules.sha256_of(rule_set)
    canonical = rules.canonical_bytes(rule_set).decode()
    assert run("hash", "-", text=canonical)[1] == said


def test_a_comparison_ends_like_diff(tmp_path: Path) -> None:
    assert run("diff", rule_file("stage-2"), rule_file("stage-2"))[0] == 0
    other = changed(tmp_path, "seats: {planned: 3", "seats: {planned: 2")
    code, said, _ = run("diff", rule_file("stage-2"), other)
    assert code == 1
    assert "could move the order: 1\n  seats.planned: seats, planned: 3 → 2" in said
    code, said, _ = run("diff", rule_file("stage-2"), other, "--json")
    assert json.loads(said)["changes"] == [
        {
            "path": "seats.planned", "old": 3, "new": 2, "can_move_order": True,
            "words": {"ko": "자리, 계획: 3 → 2", "en": "seats, planned: 3 → 2"},
        }
    ]  # fmt: skip
    assert "순위를 움직일 수 있음: 1" in run("diff", rule_file("stage-2"), other, "--lang=ko")[1]


def test_a_comparison_on_scores_shows_what_really_moves(tmp_path: Path) -> None:
    two = changed(tmp_path, "seats: {planned: 3", "seats: {planned: 2")
    code, said, _ = run("diff", rule_file("stage-2"), two, "--scores", score_file("stage-2"))
    assert code == 1
    assert said.splitlines()[-3:] == [
        "on these scores the order moves",
        "  - sk-telecom > upstage > lg-ai-research > motif-technologies ✗",
        "  + sk-telecom > upstage > lg-ai-research ✗ > motif-technologies ✗",
    ]
    narrow = changed(tmp_path, "minimum: 1, maximum: 5}", "minimum: 2, maximum: 5}")
    code, said, _ = run("diff", rule_file("stage-2"), narrow, "--scores", score_file("stage-2"), "--json")
    assert code == 1
    assert "VALUE_OFF_SCALE" in json.loads(said)["outcomes"]["new"]["refused"][0]
    assert json.loads(said)["outcomes"]["old"]["advanced"] == ["sk-telecom", "upstage", "lg-ai-research"]
    _, said, _ = run("diff", rule_file("stage-2"), narrow, "--scores", score_file("stage-2"), "--lang", "ko")
    heading, old, new = said.splitlines()[-3:]
    assert heading == "이 점수로는 둘 중 하나 이상이 결정할 수 없음"
    assert old == "  - sk-telecom > upstage > lg-ai-research > motif-technologies ✗"
    assert "2부터 5까지, 소수점 아래 최대 0자리입니다; 값 1 [VALUE_OFF_SCALE]" in new


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_each_stage_tried_on_its_scores_tells_the_known_outcome(stage: str, lang: str) -> None:
    code, said, wrong = run("try", rule_file(stage), score_file(stage), lang=lang)
    assert (code, wrong) == (0, "")
    golden(f"try-{stage}-{lang}.txt", said)


@pytest.mark.parametrize("stage", STAGES)
def test_what_was_tried_is_the_decision_itself_from_yaml_csv_and_canonical_inputs(stage: str, tmp_path: Path) -> None:
    rule_set = rules.load_rule_set(Path(rule_file(stage)).read_bytes())
    inputs = rules.load_inputs(Path(score_file(stage)).read_bytes())
    (tmp_path / "scores.csv").write_bytes("\ufeff".encode() + as_csv(inputs))
    (tmp_path / "inputs.json").write_bytes(inputs.canonical_bytes())
    seed = ("--seed", inputs.seed) if inputs.seed else ()
    texts = {
        run("try", rule_file(stage), score_file(stage), "--json")[1],
        run("try", rule_file(stage), str(tmp_path / "scores.csv"), "--json", *seed)[1],
        run("try", rule_file(stage), str(tmp_path / "inputs.json"), "--json")[1],
    }
    assert texts == {rules.decide(rule_set, inputs).canonical_bytes().decode() + "\n"}


def test_a_fault_in_a_table_is_named_with_its_line(tmp_path: Path) -> None:
    table = tmp_path / "scores.csv"
    table.write_text("source,assessor,team,criterion,value\naaii,,alpha,index,101\n")
    code, said, wrong = run("try", rule_file("stage-2"), str(table))
    assert (code, said) == (1, "")
    assert "✗ line 2, value: from 0 to 100 with at most 1 digits; found 101 [VALUE_OFF_SCALE]" in wrong
    code, said, _ = run("try", rule_file("stage-2"), str(table), "--json")
    assert json.loads(said)["refused"][0]["code"] == "VALUE_OFF_SCALE"
    assert code == 1


def test_what_is_missing_is_named_and_nothing_is_decided(tmp_path: Path) -> None:
    table = tmp_path / "scores.csv"
    table.write_text("source,assessor,team,criterion,value\naaii,,alpha,index,50\n")
    code, said, wrong = run("try", rule_file("stage-2"), str(table))
    assert (code, said) == (1, "")
    assert "INPUTS_INCOMPLETE" in wrong
    assert "- measurement nia alpha field-1" in wrong
    code, said, _ = run("try", rule_file("stage-2"), str(table), "--json")
    missing = json.loads(said)["missing"]
    assert {"what": "measurement", "source": "nia", "teams": ["alpha"], "assessor": "", "criterion": "field-1",
            "have": 0, "need": 0} in missing  # fmt: skip


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_one_total_is_explained_from_scores(lang: str) -> None:
    code, said, _ = run("explain", rule_file("stage-2"), score_file("stage-2"), "--team=upstage", "--lang", lang)
    assert code == 0
    golden(f"explain-stage-2-upstage-{lang}.txt", said)


def test_a_decision_is_explained_only_under_its_own_rules(tmp_path: Path) -> None:
    decision = tmp_path / "decision.json"
    decision.write_text(run("try", rule_file("stage-1"), score_file("stage-1"), "--json")[1])
    code, said, _ = run("explain", rule_file("stage-1"), str(decision))
    assert code == 0
    assert "rank 1 lg-ai-research: total 90.2" in said
    pretty = json.dumps(json.loads(decision.read_text()), indent=1)
    decision.write_text(pretty)
    assert run("explain", rule_file("stage-1"), str(decision))[1] == said
    code, _, wrong = run("explain", rule_file("stage-2"), str(decision))
    assert code == 1
    assert "was decided under" in wrong


@pytest.mark.parametrize("command", ["try", "explain", "sensitivity"])
def test_scores_can_come_by_standard_input(command: str) -> None:
    code, said, _ = run(command, rule_file("added-call"), "-", text=Path(score_file("added-call")).read_text())
    assert code == 0
    assert "motif-technologies" in said


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"format": "dokpamo/inputs/1", "x": 1e999}', '{"format": "dokpamo/decision/1", "x": NaN}',
     '{"format": "dokpamo/decision/1", "x": "\\ud800"}', '{"format": "dokpamo/inputs/1", "x": 99999999999999999999}'],
    ids=lambda text: text[:40],
)  # fmt: skip
@pytest.mark.parametrize("command", ["try", "explain", "sensitivity"])
def test_json_that_has_no_canonical_form_is_refused(command: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "scores.json").write_text(text)
    code, said, wrong = run(command, rule_file("added-call"), str(tmp_path / "scores.json"))
    assert (code, said) == (1, "")
    assert "✗" in wrong


@pytest.mark.parametrize("option", ["--json", "--chart"])
def test_a_report_that_cannot_be_written_is_a_wrong_call(option: str) -> None:
    code, _, wrong = run(
        "sensitivity", rule_file("added-call"), score_file("added-call"), option, "/nonexistent/a.svg", "--lang", "ko"
    )
    assert code == 2
    assert "/nonexistent/a.svg에 쓸 수 없습니다" in wrong


def test_a_wrong_call_is_told_in_korean() -> None:
    _, _, wrong = run("validate", "/nonexistent/rules.yaml", "--lang", "ko")
    assert "/nonexistent/rules.yaml 파일이 없습니다" in wrong
    _, _, wrong = run("explain", rule_file("stage-1"), "--team", "upstage", "--lang", "ko")
    assert "점수나 결정을 함께 주어야 합니다" in wrong


def test_a_team_that_did_not_enter_is_a_wrong_call() -> None:
    code, _, wrong = run("explain", rule_file("stage-2"), score_file("stage-2"), "--team", "nobody")
    assert code == 2
    assert "motif-technologies" in wrong
    assert run("explain", rule_file("stage-2"), "--team", "upstage")[0] == 2


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_sensitivity_of_stage_2_shows_the_lost_leader_and_the_weight_that_would_keep_it(lang: str) -> None:
    code, said, _ = run("sensitivity", rule_file("stage-2"), score_file("stage-2"), lang=lang)
    assert code == 0
    assert "54.55 (600/11)" in said
    golden(f"sensitivity-stage-2-{lang}.txt", said)


def test_the_sensitivity_report_can_be_had_as_json_and_as_a_picture(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("report.json", "chart.svg", "chart.html")]
    stage = (rule_file("presentation"), score_file("presentation"))
    code, _, _ = run("sensitivity", *stage, "--json", str(files[0]), "--chart", str(files[1]), "--lang", "ko")
    assert code == 0
    assert run("sensitivity", *stage, "--chart", str(files[2]))[0] == 0
    report = json.loads(files[0].read_text())
    assert (report["format"], report["scores_made_up"]) == ("dokpamo/sensitivity/1", False)
    picture = ET.fromstring(files[1].read_text())
    assert picture.attrib["role"] == "img"
    names = {child.tag.partition("}")[2]: child.attrib.get("id") for child in picture}
    assert picture.attrib["aria-labelledby"] == f"{names['title']} {names['desc']}"
    drawn = files[1].read_text()
    assert "prefers-color-scheme:dark" in drawn
    assert "Noto Sans KR" in drawn
    assert not re.search(r"<script|href=|url\(|@import", drawn)
    flip = next(flip for each in report["weights"] for flip in each["flips"] if flip["winners_change"])
    assert flip["points"]["about"] in drawn
    assert files[2].read_text().startswith("<!doctype html>")


def test_without_scores_it_makes_some_up_and_says_so() -> None:
    code, said, _ = run("sensitivity", rule_file("presentation"))
    assert code == 0
    assert "The scores are made up" in said
    assert said == run("sensitivity", rule_file("presentation"))[1]


def test_a_picture_of_another_kind_is_a_wrong_call() -> None:
    assert run("sensitivity", rule_file("stage-2"), "--chart", "x.png")[0] == 2


def test_freezing_needs_a_platform_and_says_so(tmp_path: Path) -> None:
    code, said, wrong = run("freeze", rule_file("stage-2"), "--yes")
    assert (code, said) == (1, "")
    assert "dokpamo up" in wrong
    assert run("freeze", "nothing")[0] == 2
    code, _, wrong = run("freeze", changed(tmp_path, "points: 100", "points: 99"), "--yes")
    assert code == 1
    assert "POINTS_DO_NOT_ADD_UP" in wrong


def test_a_platform_of_others_needs_a_token_of_theirs() -> None:
    code, _, wrong = run("freeze", rule_file("stage-2"), "--selection", "127.0.0.1:1")
    assert code == 1
    assert "DOKPAMO_TOKEN" in wrong


@pytest.mark.parametrize(
    ("environment", "lang"),
    [
        ({}, Lang.EN), ({"LANG": "ko_KR.UTF-8"}, Lang.KO), ({"LANG": "ko_KR.UTF-8", "LC_ALL": "C.UTF-8"}, Lang.EN),
        ({"DOKPAMO_LANG": "ko", "LC_ALL": "en_US.UTF-8"}, Lang.KO), ({"LC_ALL": "", "LANG": "ko"}, Lang.KO),
    ],
)  # fmt: skip
def test_the_language_is_the_locales_unless_asked(environment: dict[str, str], lang: Lang) -> None:
    assert of_locale(environment) is lang


def test_help_speaks_korean_where_the_locale_does() -> None:
    command = [str(Path(sys.executable).parent / "dokpamo"), "rules", "try", "--help"]
    said = [
        subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | {"LC_ALL": locale}).stdout
        for locale in ("ko_KR.UTF-8", "C.UTF-8")
    ]
    assert "평가위원" in said[0]
    assert "Decide on a score file" in said[1]


def test_columns_stand_straight_where_korean_letters_are_two_wide() -> None:
    assert width("가나a") == 5
    lines = aligned([("팀", "1"), ("team", "20")], right=frozenset({1}))
    assert [width(line) for line in lines] == [8, 8]
    assert all(unicodedata.normalize("NFC", line) == line for line in lines)


def test_the_page_for_staff_names_every_command_and_every_column() -> None:
    page = (Path(__file__).parents[3] / "docs" / "rules-commands.md").read_text()
    _, said, _ = run("--help")
    listed = re.findall(r"^  ([a-z]+)  ", said.partition("Commands:")[2], re.MULTILINE)
    assert len(listed) == 8
    assert [name for name in listed if f"`dokpamo rules {name}" not in page] == []
    assert [name for name, aliases in COLUMNS.items() if f"`{name}`" not in page or aliases[0] not in page] == []
