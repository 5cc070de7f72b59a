"""What the replay lets happen by itself: a stage is planned long before, and told by a pipeline what it waits for."""

from __future__ import annotations

from typing import Any

from client.replay.programme import load_programme
from client.replay.rule_beats import RuleBeats


def test_what_a_stage_waits_for_comes_between_its_planning_and_its_opening() -> None:
    programme = load_programme()
    nobody: Any = None
    beats = {beat.what: beat.at for beat in RuleBeats(programme, nobody).in_order()}
    waiting = [(stage, trigger) for stage in programme.stages for trigger in stage.triggers]
    assert [(stage.stage_id, trigger.trigger_id) for stage, trigger in waiting] == [("stage-2", "index-edition-pinned")]
    for stage, trigger in waiting:
        brought = beats[f"{trigger.trigger_id} for {stage.stage_id}"]
        assert beats[f"rule set {stage.stage_id}"] < brought < stage.rule_set.dates.opens
