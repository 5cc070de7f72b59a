"""Decisions in versions: what a later one corrected is in the log, and every version follows from it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from dokpamo.notary.v1.events_pb2 import OpeningsErased
from dokpamo.selection.v1 import events_pb2 as selection
from rules import Provenance, Verdict, inputs_from_json
from selection.domain.events import DecisionSuperseded
from selection.domain.versions import Corrections, ScoreChange
from selection.wire.telling import event_message
from verify.instants import for_people
from verify.words import Language, lines

from tests.builders.public_record import STAGE, TEAMS
from tests.builders.versions_record import Versions, report_of

if TYPE_CHECKING:
    from pathlib import Path

    from verify.export import Record

RAISED = ScoreChange("panel", "kim", "beta", "plan", Decimal(60), Provenance.RECORDED)
MEASURED = ScoreChange("bench", "", "alpha", "accuracy", Decimal("99.9"), Provenance.RECONSTRUCTED)
TURNED = Verdict(
    "originality", "beta", passed=True, reason="the encoder is its own", evidence=("report 2",), judged_by=3
)
BOTH = Corrections((RAISED, MEASURED), (TURNED,))
LATER = Corrections((replace(RAISED, value=Decimal(50)),))
RESCORED = Corrections((
    *(ScoreChange("panel", who, team, "plan", None, Provenance.RECORDED) for who in ("kim", "lee", "park")
      for team in TEAMS),
    *(ScoreChange("panel", who, team, "plan", Decimal(30 + number), Provenance.RECORDED)
      for who in ("ahn", "bae", "choi") for number, team in enumerate(TEAMS)),
))  # fmt: skip


def made(*corrections: Corrections) -> Versions:
    """A stage that was decided, and again with each of these corrections, and is final."""
    versions = Versions()
    versions.decide()
    for each in corrections:
        versions.redecide(each)
    versions.finalize()
    return versions


@pytest.mark.parametrize("corrections", [(BOTH,), (BOTH, LATER), (RESCORED,), (BOTH, RESCORED)])
def test_a_corrected_decision_holds_and_so_does_each_version_before(
    tmp_path: Path, corrections: tuple[Corrections, ...]
) -> None:
    report = report_of(made(*corrections).record(), tmp_path)
    assert report.findings == []
    assert report.decisions == [STAGE]
    (said,) = [line for line in lines(report, Language.EN, key_known=True) if line.startswith(f"✓ decision {STAGE}: ")]
    assert said.endswith(f"; go on: {', '.join(report.standing[STAGE].advanced)}")
    assert report.superseded == [(STAGE, number) for number, _ in enumerate(corrections, start=1)]
    assert report.not_verified == {}
    assert f"✓ decision {STAGE}, version 1, superseded: computed again from the log, the same byte for byte" in lines(
        report, Language.EN, key_known=True
    )
    assert any("제1판(대체됨)" in line for line in lines(report, Language.KO, key_known=True))


def test_a_final_decision_that_is_decided_again_and_is_final_again_holds(tmp_path: Path) -> None:
    versions = Versions()
    versions.decide()
    versions.finalize()
    versions.redecide(BOTH)
    versions.finalize()
    report = report_of(versions.record(), tmp_path)
    assert (report.findings, report.superseded) == ([], [(STAGE, 1)])


def test_a_version_that_is_not_final_yet_changes_nothing_of_the_one_that_is(tmp_path: Path) -> None:
    versions = Versions()
    versions.decide()
    versions.finalize()
    final = versions.record()
    versions.redecide(BOTH)
    again = versions.record()
    report = report_of(replace(again, decisions=final.decisions), tmp_path)
    assert (report.findings, report.decisions, report.superseded) == ([], [STAGE], [])
    pending = report.pending[STAGE]
    assert (pending.version, pending.final_version) == (2, 1)
    (said,) = [line for line in lines(report, Language.EN, key_known=True) if "version 2" in line]
    assert said.startswith(f"– decision {STAGE}, version 2: provisional since {for_people(pending.since)}")
    assert said.endswith("until then the final version 1 counts")
    assert report.document()["pending"][STAGE]["version"] == 2


def test_a_decision_that_is_not_final_yet_is_told(tmp_path: Path) -> None:
    versions = Versions()
    versions.decide()
    report = report_of(replace(versions.record(), decisions={}), tmp_path)
    assert (report.findings, report.decisions, report.pending[STAGE].final_version) == ([], [], None)
    assert any(line.startswith(f"– 결정 {STAGE} 제1판: ") for line in lines(report, Language.KO, key_known=True))


def test_a_version_after_the_final_one_is_a_later_one(tmp_path: Path) -> None:
    versions = Versions()
    first = versions.decide()
    versions.finalize()
    final = versions.record()
    versions._told(first)
    report = report_of(replace(versions.record(), decisions=final.decisions), tmp_path)
    place = f"entries/000000.jsonl, line {report.pending[STAGE].index + 1}"
    assert [str(each) for each in report.findings] == [
        f"{place}: version 1 of the decision of stage {STAGE} is in the log after version 1"
    ]


def changed_in_silence(told: Corrections) -> Record:
    versions = Versions()
    versions.decide()
    versions.redecide(BOTH, told=told)
    versions.finalize()
    return versions.record()


def test_a_change_that_was_not_logged_is_named_where_it_parts(tmp_path: Path) -> None:
    report = report_of(changed_in_silence(Corrections((MEASURED,))), tmp_path)
    name = f"inputs/{STAGE}.json: verdict of originality, beta"
    assert [str(each) for each in report.findings] == [
        f"inputs/{STAGE}.json: score of panel, kim, beta, plan: 60 here, 43 in the log",
        f"{name}, passed: True here, False in the log",
        f"{name}, reason: the encoder is its own here, encoder of another model in the log",
        f"{name}, evidence: ['report 2'] here, ['report'] in the log",
    ]
    assert report.decisions == []


def test_a_logged_change_that_was_left_out_is_named(tmp_path: Path) -> None:
    more = replace(BOTH, scores=(*BOTH.scores, ScoreChange("panel", "lee", "alpha", "plan", None, Provenance.RECORDED)))
    report = report_of(changed_in_silence(more), tmp_path)
    assert [str(each) for each in report.findings] == [
        f"inputs/{STAGE}.json: score of panel, lee, alpha, plan: is not in the log"
    ]


def test_a_change_with_another_mark_is_named(tmp_path: Path) -> None:
    other = replace(BOTH, scores=(RAISED, replace(MEASURED, provenance=Provenance.RECORDED)))
    report = report_of(changed_in_silence(other), tmp_path)
    assert [str(each) for each in report.findings] == [
        f"inputs/{STAGE}.json: provenance of bench, alpha, accuracy: reconstructed here, recorded in the log"
    ]


def test_changes_of_a_version_after_the_final_one_do_not_count(tmp_path: Path) -> None:
    versions = Versions()
    versions.decide()
    versions.finalize()
    first = versions.made[0]
    versions.redecide(BOTH)
    # The documents of version 2, and the log has only version 1 as final.
    report = report_of(versions.record(), tmp_path)
    assert any("score of panel, kim, beta, plan: 60 here, 43 in the log" in str(each) for each in report.findings)
    assert first.version == 1


def superseded_again(**said: object) -> Record:
    """A record whose second version is told with fields that say something else."""
    versions = Versions()
    versions.decide()
    add = versions.log.add

    def other(message: object, **more: object) -> object:
        if isinstance(message, selection.DecisionSuperseded):
            for name, value in said.items():
                setattr(message, name, value(getattr(message, name)) if callable(value) else value)
        return add(message, **more)  # type: ignore[arg-type] # passed on

    versions.log.add = other  # type: ignore[assignment, method-assign] # a log that is lied to
    versions.redecide(BOTH)
    versions.finalize()
    return versions.record()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            {"difference_json": lambda it: it.replace(b'"before":"43"', b'"before":"44"')},
            "what differs, scores.panel/kim/beta/plan.before: '44' here, '43' expected",
        ),
        (
            {"difference_json": lambda it: it.replace(b'"joined":["alpha","beta"]', b'"joined":["alpha"]')},
            "what differs, joined[1]: nothing here, 'beta' expected",
        ),
        ({"difference_json": b"{"}, "what differs cannot be read"),
        ({"old_decision_sha256": "0" * 64}, "old_decision_sha256 is that of another decision"),
        ({"decision_sha256": "0" * 64}, "decision_sha256 is that of another decision"),
        ({"cause": "override"}, "its cause is said to be 'override', and it was computed"),
        ({"reason": " "}, "stage trial was decided again without a reason"),
        ({"old_version": 0}, "version 2 of stage trial took the place of 0, and 2 became final"),
    ],
)
def test_a_version_that_tells_wrong_what_it_changed_is_named(
    tmp_path: Path, said: dict[str, object], told: str
) -> None:
    report = report_of(superseded_again(**said), tmp_path)
    assert len(report.findings) == 1, report.findings
    assert told in str(report.findings[0])


def test_a_version_of_which_nothing_tells_what_it_changed_is_named(tmp_path: Path) -> None:
    versions = Versions()
    versions.decide()
    versions.made[0] = replace(versions.made[0], version=2)
    versions._told(versions.made[0])
    versions.finalize()
    report = report_of(versions.record(), tmp_path)
    assert [each.rule for each in report.findings] == ["the log does not say what version 2 of stage trial changed"]


def test_a_number_of_versions_that_the_log_does_not_have_is_named_and_never_counted_through(tmp_path: Path) -> None:
    versions = Versions()
    versions.decide()
    versions._told(replace(versions.made[0], version=2**32 - 1))
    versions.finalize()
    report = report_of(versions.record(), tmp_path)
    assert f"version {2**32 - 1} of the decision of stage trial became final, and the log has 2" in [
        each.rule for each in report.findings
    ]


def with_a_first_version_that_says(**said: str) -> Versions:
    versions = Versions()
    honest = versions.decide()
    for told in (versions.log.leaves, versions.log.arrived, versions.log.recorded):
        told.pop()
    versions._told(replace(honest, **said))  # type: ignore[arg-type] # texts of the record
    versions.made[:] = [honest]
    versions.redecide(BOTH)
    versions.finalize()
    return versions


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("inputs_sha256", "has other inputs than the log gives"),
        ("sha256", "is not what its rule set and inputs give"),
        ("rule_set_sha256", "was made by other rules than the final one"),
    ],
)
def test_a_superseded_version_that_does_not_follow_from_the_log_is_named(tmp_path: Path, name: str, told: str) -> None:
    report = report_of(with_a_first_version_that_says(**{name: "0" * 64}).record(), tmp_path)
    assert [each.rule for each in report.findings] == [f"version 1 of the decision of stage trial {told}"]


def test_a_final_decision_of_other_inputs_than_the_provisional_one_is_named(tmp_path: Path) -> None:
    versions = Versions()
    honest = versions.decide()
    for told in (versions.log.leaves, versions.log.arrived, versions.log.recorded):
        told.pop()
    versions._told(replace(honest, inputs_sha256="0" * 64))
    versions.made[:] = [honest]
    versions.finalize()
    report = report_of(versions.record(), tmp_path)
    assert [each.rule for each in report.findings] == [
        "says otherwise of version 1 of the decision of stage trial than entry 10"
    ]


def test_what_a_version_changed_twice_over_is_named(tmp_path: Path) -> None:
    versions = Versions()
    versions.decide()
    versions.redecide(BOTH)
    versions.log.add(event_message(DecisionSuperseded(*versions.made)))
    versions.finalize()
    report = report_of(versions.record(), tmp_path)
    assert "what version 2 of stage trial changed is in the log twice" in [each.rule for each in report.findings]


def without_names(versions: Versions) -> Record:
    """The record once the names of all assessors were erased."""
    erased = ["/payload/assessor_id", "/payload/sheet_id", "/place"]
    sheets = [
        (index, recorded.entry.event_id)
        for index, recorded in enumerate(versions.log.recorded)
        if recorded.entry.type.endswith("ScoreSheetSubmitted")
    ]
    for _, event_id in sheets:
        versions.log.add(OpeningsErased(event_id=event_id, paths=erased, reason="asked", erasure_id="e"))
    record = versions.record()
    gone = {(index, path) for index, _ in sheets for path in erased}
    return replace(record, openings=[each for each in record.openings if (each.index, each.path) not in gone])


@pytest.mark.parametrize("corrections", [BOTH, RESCORED])
def test_sheets_without_names_are_known_by_what_was_not_corrected(tmp_path: Path, corrections: Corrections) -> None:
    report = report_of(without_names(made(corrections)), tmp_path)
    assert report.findings == []
    assert (report.decisions, report.superseded, report.not_verified) == ([STAGE], [(STAGE, 1)], {})


def test_a_version_whose_sheets_nobody_can_tell_apart_any_more_is_not_said_to_hold(tmp_path: Path) -> None:
    report = report_of(without_names(with_a_first_version_that_says(inputs_sha256="0" * 64)), tmp_path)
    assert (report.findings, report.superseded) == ([], [])
    assert "it is not known which sheet is whose" in report.not_verified["trial, version 1"]


def test_the_inputs_of_the_builder_are_those_that_selection_reads() -> None:
    versions = made(BOTH)
    values = {s.assessor: s.value for s in inputs_from_json(versions.made[-1].inputs).scores() if s.team == "beta"}
    assert values["kim"] == Decimal(60)
