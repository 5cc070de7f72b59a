"""Publications of an export: computed again from decision and policy, once, and not too early."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from dokpamo.selection.v1.events_pb2 import ResultsPublished
from rules.canonical import sha256_hex
from rules.disclosure import policy_bytes, policy_sha256
from rules.disclosure_reading import load_policy
from rules.disclosure_showing import disclose
from verify.check import check
from verify.export import write

from tests.builders.public_record import (
    RULE_SET,
    RULES_SHA256,
    STAGE,
    TEAMS,
    LogBuilder,
    decide,
    decided_record,
    freeze,
    open_stage,
    publish,
    scored,
)

if TYPE_CHECKING:
    from pathlib import Path

    import rules
    from rules.disclosure import Policy
    from rules.disclosure_view import ViewAudience
    from verify.export import Record
    from verify.findings import Report

[POLICY] = RULE_SET.disclosure.every_policy()
WIDER = load_policy(
    """
id: wider
title: {ko: 추가, en: Wider}
when: {after: decision}
widens: means
reason: the press asked
audiences: [{audience: public, shows: [{figure: best, of: [plan], names: true}]}]
""",
    RULE_SET,
)


class Published:
    """A log with a decided stage, to which publications are added."""

    def __init__(self) -> None:
        self.log = LogBuilder()
        publish(self.log)
        freeze(self.log)
        open_stage(self.log)
        self.inputs: rules.Inputs = scored(self.log)
        self.decision: rules.Decision = decide(self.log, self.inputs)

    def show(
        self,
        audience: ViewAudience = "public",
        team: str = "",
        policy: Policy = POLICY,
        number: int = 1,
        changed: dict[str, Any] | None = None,
    ) -> None:
        view = disclose(self.decision, self.inputs, RULE_SET, policy, audience, team).canonical_bytes()
        event = ResultsPublished(
            stage_id=STAGE,
            publication_id=f"{STAGE}/{number}",
            audience=audience,
            team_id=team,
            policy_id=policy.id,
            policy_sha256=policy_sha256(policy),
            policy_json=policy_bytes(policy),
            rule_set_sha256=RULES_SHA256,
            decision_sha256=self.decision.sha256(),
            view_json=view if audience == "public" else b"",
            restricted_view_json=b"" if audience == "public" else view,
            reason=str(policy.reason or ""),
        )
        for name, value in (changed or {}).items():
            setattr(event, name, value)
        self.log.add(event)

    def record(self) -> Record:
        return decided_record(self.log, self.inputs, self.decision)

    def checked(self, folder: Path) -> Report:
        write(self.record(), folder / "export")
        return check(folder / "export")

    def found(self, folder: Path) -> list[str]:
        return [finding.rule for finding in self.checked(folder).findings]


def test_every_view_that_was_published_is_computed_again(tmp_path: Path) -> None:
    made = Published()
    made.show()
    for team in TEAMS:
        made.show("team", team)
    made.show(policy=WIDER, number=2)
    report = made.checked(tmp_path)
    assert (report.findings, report.publications, report.publications_unchecked) == ([], 5, 0)


def other_figures(made: Published) -> bytes:
    view = disclose(made.decision, made.inputs, RULE_SET, POLICY, "public").canonical_bytes()
    return view.replace(b'"rank":1', b'"rank":2', 1)


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"policy_sha256": "a" * 64}, "names another policy than the one that it holds"),
        ({"policy_id": "other"}, "names another policy than the one that it holds"),
        ({"policy_json": b"{}"}, "its policy is none of the stage's"),
        ({"audience": "everybody"}, "the contract knows no audience 'everybody'"),
        ({"audience": "team", "team_id": "nobody"}, "team 'nobody' did not enter the stage"),
        ({"view_json": b""}, "is not exactly one view, open for the public and sealed for others"),
        ({"view_json": other_figures}, "shows other figures than decision and policy give"),
        ({"restricted_view_json": b"{}"}, "is not exactly one view, open for the public and sealed for others"),
    ],
)
def test_a_publication_that_is_not_what_follows_is_noticed(tmp_path: Path, changed: dict[str, Any], rule: str) -> None:
    made = Published()
    made.show(changed={name: value(made) if callable(value) else value for name, value in changed.items()})
    assert any(found.startswith(rule) for found in made.found(tmp_path))


def test_a_policy_of_the_rule_set_is_not_another(tmp_path: Path) -> None:
    made = Published()
    made.show(policy=WIDER.model_copy(update={"id": "means", "widens": None, "reason": None}))
    assert made.found(tmp_path) == ["the rule set's policy means is another"]


def test_a_policy_beyond_the_rule_set_widens_one_that_was_published_before(tmp_path: Path) -> None:
    made = Published()
    made.show(policy=WIDER)
    made.show(number=2)
    assert made.found(tmp_path) == ["its policy is not in the rule set and widens none that was published before"]


def test_nothing_is_published_before_its_instant(tmp_path: Path) -> None:
    made = Published()
    made.show()
    later = WIDER.when.model_copy(update={"days": 20})
    made.show(policy=WIDER.model_copy(update={"when": later}), number=2)
    assert made.found(tmp_path) == ["was published before the instant that its policy names"]


def test_one_audience_is_shown_one_publication_once(tmp_path: Path) -> None:
    made = Published()
    made.show()
    made.show()
    assert made.found(tmp_path) == ["one audience was shown one publication twice"] * 2


def test_views_of_a_decision_that_is_not_here_are_counted_as_not_verified(tmp_path: Path) -> None:
    made = Published()
    made.show(changed={"decision_sha256": sha256_hex(b"a superseded one")})
    report = made.checked(tmp_path)
    assert (report.publications, report.publications_unchecked, report.findings) == (0, 1, [])


def test_a_view_that_nobody_opened_is_not_verified(tmp_path: Path) -> None:
    made = Published()
    made.show("team", TEAMS[0])
    index = len(made.log.leaves) - 1
    record = made.record()
    kept = [each for each in record.openings if each.index != index]
    write(replace(record, openings=kept), tmp_path / "export")
    assert check(tmp_path / "export").publications_unchecked == 1
