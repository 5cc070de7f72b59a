"""The programme's outcome as the rule engine computes it from the data files, without any service."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from client.replay.objection_plan import numbered
from client.replay.programme import load_programme
from rules import collect, decide, sha256_of
from rules.disclosure import Policy, policy_sha256
from rules.disclosure_reading import load_policy
from rules.disclosure_showing import disclose

if TYPE_CHECKING:
    from client.replay.objection_plan import ObjectionPlan
    from rules.disclosure_view import View


def computed_outcome() -> dict[str, Any]:
    """The report that a replay must write, byte for byte."""
    programme = load_programme()
    stages = []
    made: list[tuple[datetime, dict[str, Any]]] = []
    for stage in programme.stages:
        given = stage.inputs
        # A lot's seed is revealed only where a lot is drawn; no stage of the model case needs one.
        inputs = collect(
            given.stage,
            given.entrants,
            scores=given.scores(),
            measurements=given.measurements,
            verdicts=given.verdicts,
        )
        decision = decide(stage.rule_set, inputs)
        eliminated = {each.team: each for each in decision.eliminated}
        stages.append(
            {
                "id": stage.stage_id,
                "entered": sorted(decision.entered),
                "advanced": list(decision.advanced),
                "eliminated": [_elimination(eliminated[team]) for team in decision.ranking if team in eliminated],
                "totals": dict(decision.totals()),
                "rule_set_sha256": sha256_of(stage.rule_set),
                "decision_sha256": decision.sha256(),
            }
        )
        planned = [(stage.rule_set.dates.decides, policy) for policy in stage.rule_set.disclosure.every_policy()]
        further = [
            (plan.entry.at, load_policy(plan.document, stage.rule_set))
            for plan in programme.publications
            if plan.entry.stage_id == stage.stage_id
        ]
        for at, policy in [*planned, *further]:
            view = disclose(decision, inputs, stage.rule_set, policy, "public")
            made.append((at, _publication(at, policy, view)))
    return {
        "stages": stages,
        "final": stages[-1]["advanced"],
        "publications": [each for _, each in sorted(made, key=lambda one: one[0])],
        "objections": [_objection(name, plan) for name, plan in numbered(programme.objections).items()],
    }


def _objection(name: str, plan: ObjectionPlan) -> dict[str, Any]:
    """An objection that a majority of its panel holds unfounded: it ends there, and the decision stands."""
    founded = sum(each.remedy != "uphold" for each in plan.found.findings)
    unfounded = len(plan.found.findings) - founded
    assert unfounded >= founded
    return {
        "id": name,
        "stage": plan.stage_id,
        "team": plan.team_id,
        "ground": plan.ground,
        "provenance": plan.provenance.value,
        "filed_at": plan.filed.at.astimezone(UTC).isoformat(),
        "closed_at": plan.found.at.astimezone(UTC).isoformat(),
        "outcome": "upheld",
        "founded": founded,
        "unfounded": unfounded,
        "result_version": 0,
    }


def _publication(at: datetime, policy: Policy, view: View) -> dict[str, Any]:
    return {
        "stage": view.stage,
        "policy": policy.id,
        "policy_sha256": policy_sha256(policy),
        "at": at.astimezone(UTC).isoformat(),
        "view": json.loads(view.canonical_bytes())["figures"],
    }


def _elimination(eliminated: Any) -> dict[str, str]:
    reason = {"team": eliminated.team, "reason": str(eliminated.reason)}
    return reason | {"gate": eliminated.gate} if eliminated.gate else reason
