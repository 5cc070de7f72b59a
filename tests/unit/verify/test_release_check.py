"""Results are released when the rule set says: what was blind is open then, not before, and not never."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import rules
from dokpamo.intake.v1.events_pb2 import CallClosed
from dokpamo.selection.v1 import events_pb2 as selection
from verify.export import DecisionDocuments
from verify.instants import for_people
from verify.words import Language, lines

from tests.builders.public_record import RULE_SET, STAGE, TEAMS, LogBuilder, private_key, record_of, scored
from tests.builders.versions_record import report_of

if TYPE_CHECKING:
    from pathlib import Path

    from verify.findings import Report


class Decided:
    """A stage that is decided and final, by rules with their own instant of release."""

    def __init__(self, release: dict[str, object]) -> None:
        document = rules.read_yaml(rules.canonical_bytes(RULE_SET).decode())
        assert isinstance(document, dict)
        document["disclosure"] = {"release": release}
        self.rule_set = rules.load_rule_set(rules.canonical_json(document).decode())
        self.sha256, self.log = rules.sha256_of(self.rule_set), LogBuilder()
        published = selection.RuleSetPublished(
            rule_set_sha256=self.sha256, stage_id=STAGE, rule_set_json=rules.canonical_bytes(self.rule_set)
        )
        self.log.add(published)
        self.log.add(selection.RuleSetFrozen(rule_set_sha256=self.sha256, stage_id=STAGE))
        self.log.add(CallClosed(call_id="call", team_ids=TEAMS))
        self.log.add(selection.StageOpened(stage_id=STAGE, rule_set_sha256=self.sha256, team_ids=TEAMS))
        self.inputs = scored(self.log)
        self.decision = rules.decide(self.rule_set, self.inputs)
        said: dict[str, Any] = {
            "stage_id": STAGE,
            "rule_set_sha256": self.sha256,
            "inputs_sha256": self.inputs.sha256(),
        }
        provisional = selection.DecisionProvisional(
            **said, decision_sha256=self.decision.sha256(), decision_json=self.decision.canonical_bytes()
        )
        self.log.add_decision(provisional, self.rule_set)
        out = [
            selection.Elimination(team_id=e.team, reason=e.reason, gate=e.gate or "", forfeits=["gpu"])
            for e in self.decision.eliminated
        ]
        final = selection.DecisionFinalized(
            **said, decision_sha256=self.decision.sha256(), advanced=self.decision.advanced, eliminated=out
        )
        self.final = self.log.add(final)

    def release(self, after: timedelta, sha256: str = "") -> None:
        """Everything is opened to everybody, so long after the final decision."""
        self.log.now = self.final.time + after - timedelta(minutes=1)
        self.log.add(selection.ResultsReleased(stage_id=STAGE, decision_sha256=sha256 or self.decision.sha256()))

    def goes_on(self, after: timedelta) -> None:
        """Something else happens, so long after the final decision."""
        self.log.now = self.final.time + after - timedelta(minutes=1)
        self.log.add(selection.RuleSetFrozen(rule_set_sha256="f" * 64, stage_id="another"))

    def checked(self, folder: Path, *, documents: bool) -> Report:
        """What is said of the record, with the documents of the decision where they are open."""
        found = DecisionDocuments(self.inputs.canonical_bytes(), self.decision.canonical_bytes())
        record = replace(
            record_of(self.log, private_key()),
            rule_sets={self.sha256: rules.canonical_bytes(self.rule_set)},
            decisions={STAGE: found} if documents else {},
        )
        return report_of(record, folder)


LATER = {"after": "final", "days": 30}


def test_what_is_released_long_after_the_final_decision_holds_and_is_blind_until_then(tmp_path: Path) -> None:
    made = Decided(LATER)
    before = made.checked(tmp_path / "before", documents=False)
    assert (before.findings, before.decisions, before.opened) == ([], [], 0)
    said = before.not_verified[STAGE]
    assert "its results are not released" in said
    assert for_people(made.final.time + timedelta(days=30)) in said
    assert lines(before, Language.EN, key_known=True)[-1] == "The record holds as far as it is open."
    made.release(timedelta(days=30))
    after = made.checked(tmp_path / "after", documents=True)
    assert (after.findings, after.decisions, after.not_verified) == ([], [STAGE], {})


def test_neither_scores_nor_a_hash_to_try_guesses_on_are_open_before_the_release() -> None:
    made = Decided(LATER)
    shown = b"\n".join(made.log.leaves)
    assert made.decision.sha256().encode() not in shown
    assert made.inputs.sha256().encode() not in shown
    assert made.log.released() == []


def test_a_release_that_is_due_and_does_not_come_is_noticed(tmp_path: Path) -> None:
    made = Decided(LATER)
    made.goes_on(timedelta(days=30, hours=23))
    assert made.checked(tmp_path / "due", documents=False).findings == []
    made.goes_on(timedelta(days=31, hours=1))
    (found,) = made.checked(tmp_path / "overdue", documents=False).findings
    due = for_people(made.final.time + timedelta(days=30))
    assert found.rule == f"the results of stage {STAGE} were due to be released at {due}, and were not"


@pytest.mark.parametrize(
    ("release", "after"),
    [
        (LATER, timedelta(days=29)),
        ({"after": "decision", "days": 30}, timedelta(days=18)),
        ({"at": "2026-03-01T10:00:00+09:00"}, timedelta(days=2)),
    ],
)
def test_a_release_that_comes_too_early_is_noticed(
    tmp_path: Path, release: dict[str, object], after: timedelta
) -> None:
    made = Decided(release)
    made.release(after)
    rules_said = f"the results of stage {STAGE} were released before the instant that the rule set names"
    assert [each.rule for each in made.checked(tmp_path, documents=True).findings] == [rules_said]


def test_an_instant_by_the_calendar_is_that_instant(tmp_path: Path) -> None:
    made = Decided({"at": "2026-03-01T10:00:00+09:00"})
    made.release(datetime.fromisoformat("2026-03-01T10:00:00+09:00") - made.final.time)
    assert made.checked(tmp_path, documents=True).findings == []


def test_a_release_of_what_nobody_decided_is_noticed(tmp_path: Path) -> None:
    made = Decided({"after": "final"})
    made.release(timedelta(), sha256="a" * 64)
    (found,) = made.checked(tmp_path, documents=True).findings
    assert found.rule == f"a decision of stage {STAGE} was released that the log does not have"
