"""What the console takes from the contracts."""

from __future__ import annotations

import json

from console import wire
from console.domain.facts import Label
from console.domain.published import Figure, PartFigures
from dokpamo.common.v1 import provenance_pb2
from dokpamo.evaluation.v1 import service_pb2 as evaluation
from dokpamo.selection.v1 import disclosure_pb2 as disclosure
from dokpamo.selection.v1 import service_pb2 as selection

RULE_SET = {
    "parts": [
        {
            "id": "benchmark",
            "title": {"ko": "벤치마크", "en": "Benchmarks"},
            "parts": [{"id": "nia", "title": {"ko": "NIA", "en": "NIA benchmark"}, "parts": []}],
        },
        {"id": "expert", "title": {"ko": "전문가", "en": "Experts"}, "parts": []},
    ],
    "gates": [{"id": "originality", "title": {"ko": "독자성", "en": "Originality"}}],
}


def test_parts_are_named_in_the_order_of_the_rule_set_with_those_inside_after_theirs() -> None:
    scoring = wire.scoring(json.dumps(RULE_SET).encode())
    columns = scoring.columns(["nia", "expert", "benchmark", "unknown"])
    assert [(part.key, part.english, part.inside) for part in columns] == [
        ("benchmark", "Benchmarks", False),
        ("nia", "NIA benchmark", True),
        ("expert", "Experts", False),
        ("unknown", "unknown", False),
    ]


def test_a_gate_has_its_title_and_an_unknown_one_its_id() -> None:
    scoring = wire.scoring(json.dumps(RULE_SET).encode())
    assert scoring.gate("originality").korean == "독자성"
    assert scoring.gate("safety") == Label("safety", "safety", "safety")


def test_a_total_and_each_part_say_where_they_come_from() -> None:
    message = selection.Standing(
        team_id="a",
        outcome="advanced",
        provenance=provenance_pb2.PROVENANCE_SYNTHETIC,
        part_provenances={"index": provenance_pb2.PROVENANCE_PUBLISHED},
    )
    [standing] = wire.stage(selection.Stage(stage_id="one", standings=[message])).standings
    assert standing.provenance == "synthetic"
    assert standing.part_provenances == {"index": "published"}


def test_a_publication_is_read_from_the_view_that_was_published() -> None:
    figures = [
        {"figure": "winners", "teams": ["a"]},
        {"figure": "best", "part": "nia", "value": "9.2", "teams": ["a", "b"], "provenance": "synthetic"},
        {"figure": "mean", "part": "nia", "value": "8.75", "teams": [], "provenance": "published"},
        {"figure": "formula", "part": "nia", "points": "10", "source": "nia",
         "steps": ['{"operator":"linear","points":"10","scale":"100"}', '{"digits":1,"operator":"round"}']},
    ]  # fmt: skip
    view = json.dumps({"figures": figures}).encode()
    made = wire.published(disclosure.Publication(publication_id="one/1", stage_id="one", view_json=view))
    [part] = made.parts
    assert part == PartFigures("nia", Figure("9.2", "synthetic", ("a", "b")), Figure("8.75", "published"))
    assert made.formulas == (("nia", "linear (points 10, scale 100) → round (digits 1)"),)
    assert wire.published(disclosure.Publication(publication_id="one/2")).parts == ()


def test_a_target_says_where_its_best_model_comes_from() -> None:
    references = [{"model_id": "real", "provenance": "published"}, {"model_id": "made-up", "provenance": "synthetic"}]
    for best, provenance in (("real", "published"), ("made-up", "synthetic")):
        message = evaluation.Target(best_model_id=best, snapshot_json=json.dumps({"references": references}).encode())
        assert wire.target(message).provenance == provenance
