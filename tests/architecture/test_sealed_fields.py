"""Every field of an event that looks like a score or a person is sealed in the public log, or is open for a reason."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from common.sealed import EventField, Sealing, event_fields, sealing_of
from common.topics import event_types
from dokpamo.common.v1 import options_pb2
from google.protobuf.descriptor import FieldDescriptor

from docs import generate

if TYPE_CHECKING:
    from collections.abc import Iterator

TELLING = re.compile(
    r"(?:^|[._])(?:scor|value|points?\b|total|rank|mark|grade|verdict|passed|vote|ballot|rows|inputs|evidence|judg|accuracy"
    r"|reason|error|comment|note|words|message|statement|argument|reply|finding|allegation"
    r"|assessor|person|people|panel|member|name\b|lead|email|phone|contact|address|author|review|officer|actor|owner"
    r"|by\b|objector|applicant|sign|witness|staff|plan\b|application\b)"
)
"""Names of fields that hold a score, a person, or words that may quote one."""

_SYSTEM = "words of the platform about a machine's work; names no person"
_PUBLIC_INDEX = "taken from a public index or model card, listed to everyone"
_ORGANISATION = "a model's or team's organisation, public by the programme's announcement"
_SAID_OPENLY = "written to be read by everyone, as the request says"
_SCALE = "the rule set, public before the stage opens"
_OUTCOME = "the outcome, published with this event"
_OFFICE = "an act in office, whose author and reason the public may know"
_DECLARED = "what a team says of its checkpoint, for everyone to read"
_ROLE = "a service or an office, never a person"

OPEN = {
    "dokpamo.common.v1.ProcessOverdue.owner": _ROLE,
    "dokpamo.evaluation.v1.ReferenceModelsImported.models.scores.index": _PUBLIC_INDEX,
    "dokpamo.evaluation.v1.ReferenceModelsImported.models.scores.edition": _PUBLIC_INDEX,
    "dokpamo.evaluation.v1.ReferenceModelsImported.models.scores.value": _PUBLIC_INDEX,
    "dokpamo.evaluation.v1.ReferenceModelsImported.models.scores.source": _PUBLIC_INDEX,
    "dokpamo.evaluation.v1.TargetPinned.target.best_value": _PUBLIC_INDEX,
    "dokpamo.evaluation.v1.TargetPinned.target.candidates.value": _PUBLIC_INDEX,
    "dokpamo.evaluation.v1.BenchmarkRunFinished.run.accuracy": "a measurement of a checkpoint, public as it happens",
    "dokpamo.evaluation.v1.BenchmarkRunFinished.run.reason": _SYSTEM,
    "dokpamo.grants.v1.HoldRefused.reason": _SYSTEM,
    "dokpamo.notary.v1.EntryRestored.reason": _SAID_OPENLY,
    "dokpamo.notary.v1.EntryRestored.requested_by": _OFFICE,
    "dokpamo.notary.v1.EntryRestored.confirmed_by": _OFFICE,
    "dokpamo.notary.v1.EntryWithheld.reason": _SAID_OPENLY,
    "dokpamo.notary.v1.EntryWithheld.requested_by": _OFFICE,
    "dokpamo.notary.v1.EntryWithheld.confirmed_by": _OFFICE,
    "dokpamo.notary.v1.WitnessRetired.name": "a key's name, which its owner chose to be known by",
    "dokpamo.notary.v1.WitnessRetired.reason": _SAID_OPENLY,
    "dokpamo.notary.v1.WitnessRetired.requested_by": _OFFICE,
    "dokpamo.notary.v1.WitnessRetired.confirmed_by": _OFFICE,
    "dokpamo.notary.v1.OpeningsErased.reason": _SAID_OPENLY,
    "dokpamo.notary.v1.OpeningsReleased.reason": _SAID_OPENLY,
    "dokpamo.registry.v1.CheckpointCommitted.checkpoint.declaration.lineage.owner": _ORGANISATION,
    "dokpamo.registry.v1.CheckpointWithdrawn.reason": _SAID_OPENLY,
    "dokpamo.registry.v1.CheckpointCommitted.checkpoint.declaration.lineage.evidence": _DECLARED,
    "dokpamo.registry.v1.CheckpointCommitted.checkpoint.signature.key_id": _DECLARED,
    "dokpamo.registry.v1.CheckpointCommitted.checkpoint.signature.signature": _DECLARED,
    **{
        f"dokpamo.registry.v1.CheckpointCommitted.checkpoint.findings.{field}": "left out of the event"
        for field in ("code", "field", "value", "rule")
    },
    "dokpamo.registry.v1.ReferenceWithdrawn.reason": _SAID_OPENLY,
    "dokpamo.registry.v1.TeamKeyRegistered.key.retired_reason": _SAID_OPENLY,
    "dokpamo.registry.v1.TeamKeyRetired.key.retired_reason": _SAID_OPENLY,
    "dokpamo.selection.v1.StageOpened.sources.panel_size": _SCALE,
    "dokpamo.selection.v1.StageOpened.sources.panel_minimum": _SCALE,
    "dokpamo.selection.v1.ResultsPublished.reason": _OFFICE,
    "dokpamo.selection.v1.ResultsPublished.accept_reason": _OFFICE,
    "dokpamo.selection.v1.StagePlanned.reason": _OFFICE,
    "dokpamo.selection.v1.StageCancelled.reason": _OFFICE,
    "dokpamo.selection.v1.StageAdvanced.transition.owner": _ROLE,
    "dokpamo.selection.v1.RuleSetChangeProposed.reason": _OFFICE,
    "dokpamo.selection.v1.RuleSetChangeProposed.proposed_by": _OFFICE,
    "dokpamo.selection.v1.RuleSetChanged.reason": _OFFICE,
    "dokpamo.selection.v1.RuleSetChanged.proposed_by": _OFFICE,
    "dokpamo.selection.v1.RuleSetChanged.sources.panel_size": _SCALE,
    "dokpamo.selection.v1.RuleSetChanged.sources.panel_minimum": _SCALE,
    "dokpamo.selection.v1.RuleSetChangeDropped.reason": _OFFICE,
    "dokpamo.selection.v1.DecisionSuperseded.reason": _OFFICE,
    **{
        f"dokpamo.selection.v1.{event}.override.{field}": _OFFICE
        for event in ("DecisionProvisional", "DecisionFinalized", "OverrideProposed")
        for field in ("reason", "proposed_by", "confirmed_by")
    },
    **{
        f"dokpamo.selection.v1.{event}.standing.owner": _ROLE
        for event in (
            "ObjectionFiled",
            "CaseOpened",
            "ProceedingEvidenceAdded",
            "ProceedingAdmitted",
            "ProceedingReplied",
            "ProceedingPanelSeated",
            "ProceedingFindingSubmitted",
            "ProceedingFound",
            "ProceedingRemedyOrdered",
            "ProceedingFreshScoresSubmitted",
            "ProceedingHeld",
            "ProceedingClosed",
        )
    },
    "dokpamo.selection.v1.DecisionFinalized.eliminated.reason": _OUTCOME,
    "dokpamo.training.v1.JobStarted.reason": _SYSTEM,
    "dokpamo.training.v1.JobFinished.reason": _SYSTEM,
}
"""Fields that look so and stand in the open, each with the reason."""


def fields() -> Iterator[tuple[str, EventField]]:
    for name, event in sorted(event_types().items()):
        for field in event_fields(event.descriptor):
            yield f"{name}.{field.path}", field


@pytest.mark.parametrize(("name", "field"), [(n, f) for n, f in fields() if TELLING.search(f.path)])
def test_a_field_that_looks_like_a_score_or_a_person_is_sealed_or_open_for_a_reason(
    name: str, field: EventField
) -> None:
    assert (field.sealing is Sealing.OPEN) == (name in OPEN), f"{name} is {field.sealing}: seal it, or say why not"


def test_what_is_open_for_a_reason_is_a_field_that_looks_so() -> None:
    assert OPEN.keys() <= {name for name, field in fields() if TELLING.search(field.path)}


def test_every_class_of_the_contract_is_known() -> None:
    for number in options_pb2.Sealed.values():
        option = options_pb2.DESCRIPTOR.enum_types_by_name["Sealed"].values_by_number[number].name
        name = option.removeprefix("SEALED_").replace("_", "-").lower()
        assert (name if number else "open") in set(Sealing)


def test_an_event_that_is_blind_says_in_the_open_to_which_stage_or_call_it_belongs() -> None:
    """What opens a blind field is the end of an embargo, which the log alone must tell."""
    blind = {Sealing.BLIND, Sealing.BLIND_PERSONAL}
    for name, event in event_types().items():
        if any(field.sealing in blind for field in event_fields(event.descriptor)):
            owners = [f for f in event.descriptor.fields if f.name in {"stage_id", "call_id", "application_id"}]
            assert owners, name
            assert {sealing_of(field) for field in owners} == {Sealing.OPEN}, name


def test_the_page_of_events_lists_every_field_with_its_class() -> None:
    page = generate.events_page()
    for name, field in fields():
        event = name.removesuffix(f".{field.path}").rsplit(".", 1)[1]
        assert f"| `{event}` | `{field.path}` | {field.sealing} |" in page


def test_no_event_has_a_binary_float() -> None:
    """Figures are decimal text. Canonical JSON could not carry every float into the log and out of it as the same."""
    floats = {FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT}
    assert [name for name, field in fields() if field.descriptor.type in floats] == []
    values = {"google.protobuf.Struct", "google.protobuf.Value", "google.protobuf.ListValue", "google.protobuf.Any"}
    inner = [(name, field.descriptor.message_type) for name, field in fields()]
    assert [name for name, message in inner if message is not None and message.full_name in values] == []
