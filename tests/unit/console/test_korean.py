"""The Korean page of the whole programme: every word that has a Korean one is in Korean."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from client.replay.programme import load_programme
from console import wire
from console.domain.board import Stage, Standing
from console.domain.facts import Label
from console.domain.proceedings import OPEN_STATES, OUTCOMES, OWNERS, Proceeding
from console.domain.waiting import SENTENCES, Wait
from console.domain.words import WORDS
from dokpamo.selection.v1 import disclosure_pb2 as disclosure
from rules import Provenance, canonical_bytes, collect, decide, sha256_of
from rules.disclosure import policy_bytes
from rules.disclosure_reading import load_policy
from rules.disclosure_showing import disclose

from tests.unit.console.test_pages import NOW, RUN, TARGET, Programme, get, words

if TYPE_CHECKING:
    from console.domain.facts import Scoring
    from console.domain.published import Published
    from rules.disclosure import Policy

ENGLISH = re.compile(r"(?:[A-Za-z][a-z]+(?:[ ,;:]+|$)){3,}|\b(?:linear|round|mean|rank|gate|total)\b")
"""Three English words in a row are a sentence; and a name of the engine's own is none for readers."""


class Whole(Programme):
    """The model programme as it was decided and published, with a wait of every code and a proceeding of every kind."""

    def __init__(self) -> None:
        self.scorings: dict[str, Scoring] = {}
        self.views: list[Published] = []
        stages = [self._stage(plan) for plan in load_programme().stages]
        waits = tuple(Wait(code, {}) for code in SENTENCES)
        waiting = Stage("next", "다음 단계", "Next", "planned", NOW, NOW, None, waits, "", "", ())
        super().__init__(stages=(*stages, waiting))

    def _stage(self, plan: Any) -> Stage:
        rules = plan.rule_set
        given = plan.inputs
        inputs = collect(
            given.stage, given.entrants, scores=given.scores(), measurements=given.measurements, verdicts=given.verdicts
        )
        decision = decide(rules, inputs)
        sha256 = sha256_of(rules)
        self.scorings[sha256] = wire.scoring(canonical_bytes(rules))
        further = [
            load_policy(each.document, rules)
            for each in load_programme().publications
            if each.entry.stage_id == plan.stage_id
        ]
        for policy in (*rules.disclosure.every_policy(), *further):
            self.views.append(
                self._published(plan.stage_id, policy, disclose(decision, inputs, rules, policy, "public"))
            )
        out = {each.team: each for each in decision.eliminated}
        standings = tuple(
            Standing(
                row.team,
                row.total,
                row.rank or 0,
                "eliminated" if row.team in out else "advanced",
                str(out[row.team].reason) if row.team in out else "",
                (out[row.team].gate or "") if row.team in out else "",
                {part.part: part.points for part in row.parts},
                Provenance.SYNTHETIC.value,
            )
            for row in decision.table
        )
        title = rules.title
        return Stage(
            plan.stage_id, title.ko, title.en, "final", NOW, NOW, NOW, (), sha256, decision.sha256(), standings
        )

    def _published(self, stage: str, policy: Policy, view: Any) -> Published:
        return wire.published(
            disclosure.Publication(
                publication_id=f"{stage}/{policy.id}",
                stage_id=stage,
                policy_json=policy_bytes(policy),
                view_json=view.canonical_bytes(),
                title_ko=policy.title.ko,
                title_en=policy.title.en,
            )
        )

    async def scoring(self, rule_set_sha256: str) -> Scoring:
        return self.scorings[rule_set_sha256]

    async def published(self) -> tuple[Published, ...]:
        return tuple(self.views)

    async def proceedings(self) -> tuple[Proceeding, ...]:
        ground = Label("case/x", "사유", "A ground in words")
        standing = [(state, "") for state in OPEN_STATES] + [("closed", outcome) for outcome in OUTCOMES]
        return tuple(
            Proceeding(
                f"{kind}-{number}", kind, "stage-1", number, ground, state, outcome,
                "" if outcome else OWNERS[number % len(OWNERS)], NOW, NOW, None,
                silent=True, result_version=2, waits=(), provenance="synthetic",
            )
            for kind in ("objection", "case")
            for number, (state, outcome) in enumerate(standing)
        )  # fmt: skip


def left_in_english(said: str) -> list[str]:
    return [match.group() for match in ENGLISH.finditer(said)]


async def test_no_english_is_left_on_the_korean_page() -> None:
    whole = Whole()
    said = words(await get("/", whole))
    # Names of models, indexes and commands are the same in every language.
    for name in (TARGET.index, RUN.period, "dokpamo export DIR && dokpamo verify DIR", "Alpha <Labs>", "English"):
        said = said.replace(name, " ")
    assert any(each.formulas for each in whole.views)
    assert any(each.reason_ko for each in whole.views)
    assert left_in_english(said) == []


async def test_the_english_page_has_such_words_so_that_the_search_finds_them() -> None:
    assert len(left_in_english(words(await get("/", Whole(), language="en")))) > 20


@pytest.mark.parametrize("kind", [*OPEN_STATES, *OUTCOMES])
def test_every_state_and_end_of_a_proceeding_has_words(kind: str) -> None:
    assert f"proceeding_{kind}" in WORDS
