"""The programme's outcome as the rule engine computes it from the data files, without any service."""

from __future__ import annotations

from typing import Any

from client.replay.programme import load_programme
from rules import collect, decide, sha256_of


def computed_outcome() -> dict[str, Any]:
    """The report that a replay must write, byte for byte."""
    stages = []
    for stage in load_programme().stages:
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
    return {"stages": stages, "final": stages[-1]["advanced"]}


def _elimination(eliminated: Any) -> dict[str, str]:
    reason = {"team": eliminated.team, "reason": str(eliminated.reason)}
    return reason | {"gate": eliminated.gate} if eliminated.gate else reason
