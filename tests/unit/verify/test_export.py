"""The rules of the public record: what holds is accepted, and nothing can be changed in it unnoticed."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import rules
from dokpamo.selection.v1 import events_pb2 as selection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from verify import canonical, layout
from verify import export as exporting
from verify.check import check
from verify.checkpoint import sign_checkpoint
from verify.export import FolderTakenError, LogForkedError, NothingSignedError, write
from verify.head import log_id
from verify.writer import EntriesMissingError

from tests.builders.public_record import LogBuilder, manifest_again, places, private_key, record_of, small_record


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small export that holds. Tests copy it."""
    folder = tmp_path_factory.mktemp("record") / "export"
    write(small_record(), folder)
    return folder


@pytest.fixture
def copy(export: Path, tmp_path: Path) -> Path:
    return shutil.copytree(export, tmp_path / "copy")


def test_an_untouched_export_holds_and_says_what_was_checked(export: Path) -> None:
    report = check(export)
    assert report.findings == []
    assert report.decisions == ["trial"]
    assert (report.receipts, report.rule_sets, report.heads) == (3, 1, 3)
    assert report.tree_size == len(small_record().entries)  # type: ignore[arg-type] # the builder makes a tuple
    assert report.log_id == log_id(private_key().public_key())


def test_two_exports_of_one_record_are_the_same_bytes(export: Path, tmp_path: Path) -> None:
    write(small_record(), tmp_path / "again")
    for path in (p for p in export.rglob("*") if p.is_file()):
        assert (tmp_path / "again" / path.relative_to(export)).read_bytes() == path.read_bytes()


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_one_changed_byte_of_any_file_is_noticed_at_its_file(export: Path, data: st.DataObject) -> None:
    files = sorted(p for p in export.rglob("*") if p.is_file())
    victim = data.draw(st.sampled_from(files))
    good = victim.read_bytes()
    at = data.draw(st.integers(0, len(good) - 1))
    change = data.draw(st.integers(1, 255))
    try:
        victim.write_bytes(good[:at] + bytes([good[at] ^ change]) + good[at + 1 :])
        found = places(export)
    finally:
        victim.write_bytes(good)
    assert found
    name = victim.relative_to(export).as_posix()
    # A changed manifest is told by itself or by the file that its row no longer fits.
    assert name == layout.MANIFEST or any(place.startswith(name) for place in found)


def test_every_byte_of_every_file_but_the_tile_is_covered(export: Path) -> None:
    for victim in sorted(p for p in export.rglob("*.json") if p.stat().st_size < 700):
        good = victim.read_bytes()
        for at in range(0, len(good), 7):
            victim.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
            assert not check(export).holds, (victim, at)
        victim.write_bytes(good)
    assert check(export).holds


@pytest.mark.parametrize(
    "path",
    ["README.txt", "public-key.json", "heads/000000000003.json", "entries/000000.jsonl", "decisions/trial.json"],
)
def test_a_missing_file_is_noticed_even_with_a_new_manifest(copy: Path, path: str) -> None:
    (copy / path).unlink()
    assert places(copy)
    manifest_again(copy)
    if path.startswith("heads/"):
        return  # the heads after it still prove the whole log, as in an export that was made with fewer heads
    assert places(copy)


@pytest.mark.parametrize(
    "path", ["notes.txt", "entries/000001.jsonl", "receipts/call/delta/1.json", "decisions/more.json"]
)
def test_a_file_that_the_log_does_not_know_is_noticed_even_with_a_new_manifest(copy: Path, path: str) -> None:
    (copy / path).parent.mkdir(parents=True, exist_ok=True)
    (copy / path).write_bytes(b"{}")
    assert any(place.startswith(path) for place in places(copy))
    manifest_again(copy)
    assert any(place.startswith(path) for place in places(copy))


def test_a_link_is_refused_though_it_leads_to_the_same_bytes(copy: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    shutil.move(copy / layout.README, outside)
    (copy / layout.README).symlink_to(outside)
    assert any("links" in place for place in places(copy))


def test_a_path_that_leads_out_of_the_folder_is_refused(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_bytes(b"{}")
    manifest = json.loads((copy / layout.MANIFEST).read_bytes())
    manifest["files"].append({"path": "../secret.json", "sha256": canonical.sha256_hex(b"{}"), "size": 2})
    (copy / layout.MANIFEST).write_bytes(canonical.encode(manifest))
    assert any("'../secret.json'" in place for place in places(copy))


def test_a_key_of_another_fingerprint_is_refused(export: Path) -> None:
    right, wrong = log_id(private_key().public_key()), log_id(private_key(8).public_key())
    assert check(export, fingerprint=right).holds
    assert any(place.startswith(layout.PUBLIC_KEY) for place in places(export, fingerprint=wrong))


def test_a_record_signed_by_a_forger_fails_against_the_known_fingerprint(tmp_path: Path) -> None:
    write(small_record(private_key(8)), tmp_path / "forged")
    assert check(tmp_path / "forged").holds
    assert not check(tmp_path / "forged", fingerprint=log_id(private_key().public_key())).holds


def test_an_older_record_holds_and_says_how_far_it_goes(tmp_path: Path) -> None:
    """What nobody can see from a folder alone, as README.txt says: that there is more."""
    record = small_record()
    checkpoint = sign_checkpoint(record.heads[1].head, private_key()).encode()
    older = replace(record, heads=record.heads[:2], checkpoint=checkpoint, decisions={})
    write(older, tmp_path / "older")
    report = check(tmp_path / "older")
    assert report.findings == []
    assert (report.tree_size, report.decisions) == (record.heads[1].head.tree_size, [])


def test_a_head_cannot_be_cut_off_with_the_decisions_after_it_left_in(tmp_path: Path) -> None:
    record = small_record()
    write(record, tmp_path / "cut")
    newest = record.heads[-1].head.tree_size
    (tmp_path / "cut" / layout.head_path(newest)).unlink()
    manifest = json.loads((tmp_path / "cut" / layout.MANIFEST).read_bytes())
    manifest["head"] = record.heads[-2].document()
    (tmp_path / "cut" / layout.MANIFEST).write_bytes(canonical.encode(manifest))
    manifest_again(tmp_path / "cut")
    assert any("no head covers this" in place for place in places(tmp_path / "cut"))


def test_teams_cannot_be_swapped_by_who_makes_every_hash_anew(copy: Path) -> None:
    inputs = copy / layout.inputs_path("trial")
    honest = rules.inputs_from_json(inputs.read_bytes())
    other = {"alpha": "gamma", "beta": "beta", "gamma": "alpha"}
    document = rules.collect(
        "trial",
        honest.entrants,
        scores=[replace(score, team=other[score.team]) for score in honest.scores()],
        measurements=honest.measurements,
        verdicts=honest.verdicts,
    )
    inputs.write_bytes(document.canonical_bytes())
    rule_set = rules.rule_set_from_json(next((copy / "rule-sets").iterdir()).read_bytes())
    (copy / layout.decision_path("trial")).write_bytes(rules.decide(rule_set, document).canonical_bytes())
    manifest_again(copy)
    found = "\n".join(places(copy))
    assert "inputs/trial.json: its SHA-256 is not the one in the event of the final decision" in found
    assert "decisions/trial.json: its SHA-256 is not the one in the event of the final decision" in found


def test_a_file_of_a_name_that_is_no_text_is_named(copy: Path) -> None:
    (Path(os.fsdecode(os.fsencode(copy) + b"/\xff.json"))).write_bytes(b"{}")
    assert any("the format has no such file" in place for place in places(copy))


def test_digits_of_other_scripts_name_no_file(copy: Path) -> None:
    assert not layout.is_known("heads/00000000000\N{ARABIC-INDIC DIGIT THREE}.json")
    (copy / "entries" / "00000\N{ARABIC-INDIC DIGIT ONE}.jsonl").write_bytes(b"")
    assert any("the format has no such file" in place for place in places(copy))


def test_what_was_logged_and_is_not_published_is_noticed(tmp_path: Path) -> None:
    write(replace(small_record(), receipts=(), decisions={}, rule_sets={}), tmp_path / "export")
    found = "\n".join(places(tmp_path / "export"))
    assert "application call/alpha version 1 is in the log and has no receipt" in found
    assert "decisions/trial.json: the file is missing" in found
    assert "the rule set was published and is missing" in found


def test_a_log_of_many_tiles_holds(tmp_path: Path) -> None:
    log = LogBuilder()
    for _ in range(2 * layout.TILE_ENTRIES + 1):
        log.add(selection.RuleSetFrozen(rule_set_sha256="0" * 64))
    write(record_of(log, private_key(), [1, layout.TILE_ENTRIES, 513]), tmp_path / "export")
    assert check(tmp_path / "export").findings == []
    assert len(list((tmp_path / "export" / "entries").iterdir())) == 3


def test_entries_beyond_the_newest_head_are_left_out(tmp_path: Path) -> None:
    log = LogBuilder()
    for _ in range(5):
        log.add(selection.RuleSetFrozen(rule_set_sha256="0" * 64))
    write(record_of(log, private_key(), [2, 4]), tmp_path / "export")
    assert check(tmp_path / "export").tree_size == 4


def test_a_folder_with_something_in_it_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(FolderTakenError):
        write(small_record(), tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "keep"


def test_a_folder_of_others_that_is_named_like_our_unfinished_one_stays(tmp_path: Path) -> None:
    other = tmp_path / "export.partial"
    other.mkdir()
    (other / "mine.txt").write_text("keep")
    with pytest.raises(FolderTakenError, match=r"export\.partial"):
        write(small_record(), tmp_path / "export")
    assert (other / "mine.txt").read_text() == "keep"


def test_an_export_that_fails_half_way_leaves_nothing_and_can_be_made_again(tmp_path: Path) -> None:
    record = small_record()
    with pytest.raises(EntriesMissingError):
        write(replace(record, entries=list(record.entries)[:-1]), tmp_path / "export")
    assert list(tmp_path.iterdir()) == []
    write(record, tmp_path / "export")
    assert check(tmp_path / "export").holds


def test_nothing_is_written_before_a_head_is_signed_or_with_entries_missing(tmp_path: Path) -> None:
    record = small_record()
    with pytest.raises(NothingSignedError):
        write(replace(record, heads=()), tmp_path / "export")
    with pytest.raises(EntriesMissingError):
        write(replace(record, entries=list(record.entries)[:-1]), tmp_path / "export")
    assert not (tmp_path / "export").exists()


def test_a_folder_that_is_no_export_is_refused_in_one_line(export: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(export)
    (tmp_path / "file").touch()
    for name, why in (
        ("", "manifest.json: is missing"),
        ("nowhere", "not there"),
        ("file", "no folder"),
        ("link", "a link"),
    ):
        (place,) = places(tmp_path / name)
        assert why in place


def test_an_export_is_brought_up_to_date_and_stays_as_it_was_where_the_log_forked(tmp_path: Path) -> None:
    log = LogBuilder()
    for number in range(300):
        log.add(selection.RuleSetFrozen(rule_set_sha256=f"{number:064x}"))
    folder = tmp_path / "export"
    write(record_of(log, private_key(), [100]), folder)
    first = (folder / "tile/0/000.p/100").read_bytes()
    exporting.replace(record_of(log, private_key(), [100, 300]), folder)
    assert check(folder).findings == []
    assert check(folder).tree_size == 300
    assert (folder / "tile/0/000").read_bytes().startswith(first)
    assert [path.name for path in tmp_path.iterdir()] == ["export"]
    other = record_of(log, private_key(), [100, 300])
    forked = replace(other, entries=[b"{}", *list(other.entries)[1:]])
    with pytest.raises(LogForkedError):
        exporting.replace(forked, folder)
    assert check(folder).findings == []
