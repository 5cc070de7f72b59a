"""Overrides: two officers decide in the place of the computed decision, and the record says that they did."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from verify.words import Language, lines

from tests.builders.public_record import STAGE
from tests.builders.versions_record import Versions, report_of

if TYPE_CHECKING:
    from pathlib import Path


def overridden(by: str = "kim", confirmed_by: str = "lee", advanced: tuple[str, ...] = ("beta",)) -> Versions:
    versions = Versions()
    versions.decide()
    versions.override(advanced, by, confirmed_by)
    return versions


def test_an_override_is_said_to_be_two_officers_and_not_computed(tmp_path: Path) -> None:
    versions = overridden()
    versions.finalize()
    report = report_of(versions.record(), tmp_path)
    assert report.findings == []
    assert report.decisions == []
    assert {stage: (each.proposed_by, each.confirmed_by) for stage, each in report.overridden.items()} == {
        STAGE: ("kim", "lee")
    }
    english = "\n".join(lines(report, Language.EN, key_known=True))
    assert (
        "decision trial: decided by officers kim and lee in the place of the computed decision, because a court said so"
        in english
    )
    assert "decision trial: computed again" not in english
    korean = "\n".join(lines(report, Language.KO, key_known=True))
    assert "담당관 kim, lee 두 사람이 계산된 결정을 대신하여 결정하였습니다. 사유: a court said so" in korean
    assert report.document()["overridden"] == {
        STAGE: {"proposed_by": "kim", "confirmed_by": "lee", "reason": "a court said so"}
    }


@pytest.mark.parametrize(
    ("by", "confirmed_by", "told"),
    [
        ("kim", "kim", "override trial-override-1 has one officer twice, kim"),
        ("kim", "", "override trial-override-1 was not confirmed by a second officer"),
        ("", "kim", "override trial-override-1 was not proposed by anybody"),
    ],
)
def test_an_override_that_is_not_of_two_officers_is_refused(
    tmp_path: Path, by: str, confirmed_by: str, told: str
) -> None:
    versions = overridden(by, confirmed_by)
    versions.finalize()
    report = report_of(versions.record(), tmp_path)
    assert [each.rule for each in report.findings] == [told]
    assert (report.decisions, report.overridden) == ([], {})


def test_an_override_for_a_team_that_did_not_enter_is_refused(tmp_path: Path) -> None:
    versions = overridden(advanced=("omega", "beta"))
    versions.finalize()
    report = report_of(versions.record(), tmp_path)
    assert "override trial-override-1 lets team omega go on, which did not enter" in [f.rule for f in report.findings]


def test_an_override_that_was_not_proposed_is_refused(tmp_path: Path) -> None:
    versions = overridden()
    versions.finalize()
    at = next(n for n, each in enumerate(versions.log.recorded) if each.entry.type.endswith("OverrideProposed"))
    for told in (versions.log.leaves, versions.log.arrived, versions.log.recorded):
        del told[at]
    report = report_of(versions.record(), tmp_path)
    assert [each.rule for each in report.findings] == ["override trial-override-1 was not proposed in the log"]


def test_an_outcome_that_no_override_explains_is_refused(tmp_path: Path) -> None:
    versions = Versions()
    versions.decide()
    versions.finalize(advanced=["beta"])
    report = report_of(versions.record(), tmp_path)
    assert "names other teams that go on" in report.findings[0].rule


def test_an_override_of_the_final_event_alone_is_refused(tmp_path: Path) -> None:
    versions = overridden()
    record = versions.made[-1]
    versions.made[-1] = replace(record, override=replace(record.override, reason="another"))  # type: ignore[type-var]
    versions.finalize()
    report = report_of(versions.record(), tmp_path)
    assert any("is not the one of the provisional decision" in each.rule for each in report.findings)


def test_others_than_the_override_names_are_refused(tmp_path: Path) -> None:
    versions = overridden()
    versions.finalize(advanced=["alpha"])
    report = report_of(versions.record(), tmp_path)
    assert [each.place for each in report.findings] == ["advanced"]


@pytest.mark.parametrize("confirmed_by", ["lee", "kim"])
def test_an_override_that_a_later_version_ended_is_checked_too(tmp_path: Path, confirmed_by: str) -> None:
    versions = overridden(confirmed_by=confirmed_by)
    versions.finalize()
    computed, over = versions.made
    versions._supersede(over, replace(computed, version=3, reason="again", cause="recompute"), None)
    versions.finalize()
    report = report_of(versions.record(), tmp_path)
    refused = [each.rule for each in report.findings]
    assert set(refused) == (
        set() if confirmed_by == "lee" else {"override trial-override-1 has one officer twice, kim"}
    )
    if not refused:
        assert (report.decisions, report.superseded) == ([STAGE], [(STAGE, 1)])
        assert list(report.overridden) == [f"{STAGE}, version 2"]
