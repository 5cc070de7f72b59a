"""What the console takes from the contracts."""

from __future__ import annotations

import json

import pytest
from console import wire
from console.domain.facts import Label
from console.domain.published import Figure, PartFigures
from dokpamo.common.v1 import provenance_pb2
from dokpamo.evaluation.v1 import service_pb2 as evaluation
from dokpamo.registry.v1 import releases_pb2 as releases
from dokpamo.selection.v1 import disclosure_pb2 as disclosure
from dokpamo.selection.v1 import objections_pb2 as objections
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
    "sources": [{"id": "nia-set", "title": {"ko": "NIA 문항", "en": "NIA set"}}],
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
    assert made.formulas == (("nia", tuple(figures[3]["steps"])),)
    assert wire.published(disclosure.Publication(publication_id="one/2")).parts == ()


@pytest.mark.parametrize(
    ("reason", "korean", "english"),
    [({"ko": "요청", "en": "asked"}, "요청", "asked"), ("asked", "asked", "asked"), (None, "", "")],
)
def test_why_more_was_published_is_said_in_the_language_it_was_given_in(
    reason: object, korean: str, english: str
) -> None:
    policy = {} if reason is None else {"reason": reason}
    made = wire.published(disclosure.Publication(policy_json=json.dumps(policy).encode()))
    assert (made.reason_ko, made.reason_en) == (korean, english)


def test_a_proceeding_has_its_ground_in_words_and_how_it_stands() -> None:
    label = wire.ground(objections.Ground(ground="rule", kind="objection", title_ko="기준", title_en="Rule"))
    message = objections.Proceeding(
        proceeding_id="one-objection-1", kind="objection", ground="rule", state="hearing", owner="panel",
        provenance=provenance_pb2.PROVENANCE_SYNTHETIC,
    )  # fmt: skip
    found = wire.proceeding(message, {label.key: label})
    assert (found.ground, found.standing, found.deadline, found.provenance) == (
        label, "proceeding_hearing", None, "synthetic"
    )  # fmt: skip
    message.outcome = "upheld"
    newer = wire.proceeding(message, {})
    assert (newer.standing, newer.ground.korean) == ("proceeding_upheld", "rule")


def test_a_target_says_where_its_best_model_comes_from() -> None:
    references = [{"model_id": "real", "provenance": "published"}, {"model_id": "made-up", "provenance": "synthetic"}]
    for best, provenance in (("real", "published"), ("made-up", "synthetic")):
        message = evaluation.Target(best_model_id=best, snapshot_json=json.dumps({"references": references}).encode())
        assert wire.target(message).provenance == provenance


def test_a_release_is_withdrawn_where_it_says_why() -> None:
    message = releases.Release(checkpoint_digest="a" * 64, team_id="alpha", model="solar", version=3, gated=True)
    kept = wire.released(message)
    assert (kept.version, kept.gated, kept.withdrawn_reason) == (3, True, "")
    assert kept.files_address("http://hub/") == "http://hub/api/models/alpha/solar/revision/v3"
    message.withdrawal.reason = "not ours"
    assert wire.released(message).withdrawn_reason == "not ours"
    assert wire.released(message).files_address("http://hub") == ""
