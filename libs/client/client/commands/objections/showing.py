"""Proceedings as text for people, and as JSON for programs."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from client.commands.objections.words import step, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dokpamo.selection.v1 import objections_pb2 as pb
    from google.protobuf.message import Message
    from google.protobuf.timestamp_pb2 import Timestamp
    from rules.explaining_words import Language

_SYNTHETIC: Final = 4


def as_document(message: Message) -> dict[str, Any]:
    """Return a message as JSON values, with the contract's names; what differs is no longer a text in a text."""
    from google.protobuf.json_format import MessageToDict

    document = MessageToDict(message, preserving_proto_field_name=True)
    for each in [document, *document.get("proceedings", ())]:
        if "difference_json" in each:
            each["difference"] = json.loads(b64decode(each.pop("difference_json")))
    return document


def line(found: pb.Proceeding, grounds: Mapping[str, pb.Ground], language: Language) -> str:
    """A proceeding in one line."""
    told = word(found.outcome or found.state, language)
    ground = ground_title(found, grounds, language)
    until = "" if not found.HasField("deadline") else f"  {word(found.owner, language)} ~ {minute(found.deadline)}"
    mark = f"  [{word('synthetic', language)}]" if found.provenance == _SYNTHETIC else ""
    team = f"  {found.team_id}" if found.team_id else ""
    return f"{found.proceeding_id}  {ground}{team}  {told}{until}{mark}"


def ground_title(found: pb.Proceeding, grounds: Mapping[str, pb.Ground], language: Language) -> str:
    """What the ground is called, with its code."""
    known = grounds.get(f"{found.kind}/{found.ground}")
    if known is None:
        return found.ground
    return f"{known.title_ko if language == 'ko' else known.title_en} ({found.ground})"


def lines(found: pb.Proceeding, grounds: Mapping[str, pb.Ground], language: Language) -> Iterator[str]:
    """A proceeding as far as it was shown: how it stands, then what was said, found and done."""

    def field(name: str, value: object) -> Iterator[str]:
        if value:
            yield f"  {word(name, language)}: {value}"

    yield line(found, grounds, language)
    yield from field("version", found.decision_version)
    yield from field("waits", ", ".join(each.code for each in found.waits))
    yield from field("statement", found.statement)
    for each in found.evidence:
        party = word(each.party, language)
        yield f"  {each.number}. [{party}] {each.reference} ({each.size_bytes} B, SHA-256 {each.sha256})"
        yield f"     {each.description}"
    yield from field("admission", found.admission_reason)
    yield from field("answer", word("silent", language) if found.silent else found.reply)
    yield from field("members", ", ".join(found.member_ids))
    yield from field("quorum", found.quorum)
    for finding in found.findings:
        dissent = f" ({word('dissent', language)})" if finding.dissents else ""
        yield f"  {finding.round}. {finding.member_id}: {remedy(finding.remedy, language)}{dissent} – {finding.reason}"
    yield from field("remedy", remedy(found.remedy, language))
    yield from field("remedy_reason", found.remedy_reason)
    yield from _corrections(found, language)
    for scoring in found.fresh:
        people = f": {', '.join(scoring.scorer_ids)}" if scoring.scorer_ids else ""
        yield from field("fresh", f"{scoring.source_id or scoring.gate}{people}")
    yield from field("result", found.result_version)
    if found.difference_json:
        yield from field("difference", json.dumps(json.loads(found.difference_json), ensure_ascii=False))
    yield from field("withdrawal", found.withdrawal_reason)
    for taken in found.steps:
        actor = f"  {taken.actor}" if taken.actor else ""
        yield f"  {taken.sequence:>3}  {minute(taken.at)}  {step(taken.step, language)}{actor}"


def _corrections(found: pb.Proceeding, language: Language) -> Iterator[str]:
    for each in found.corrections:
        change = each.change
        cell = "/".join(
            name for name in (change.source_id, change.assessor_id, change.team_id, change.criterion) if name
        )
        yield f"  {word('corrected', language)}: {cell} {each.before or '–'} → {change.value or '–'}"
    for verdict in found.verdict_corrections:
        before = _passed(verdict.passed_before) if verdict.judged_before else "–"
        cell = f"{verdict.change.gate}/{verdict.change.team_id}"
        yield f"  {word('corrected', language)}: {cell} {before} → {_passed(verdict.change.passed)}"


def _passed(passed: bool) -> str:
    return "✓" if passed else "✗"


def remedy(number: pb.Remedy.ValueType, language: Language) -> str:
    """What a panel or a member found; empty where nothing was."""
    from dokpamo.selection.v1 import objections_pb2 as contract

    names = {
        contract.REMEDY_UPHOLD: "uphold",
        contract.REMEDY_RECOMPUTE: "recompute",
        contract.REMEDY_RESCORE: "re-score",
        contract.REMEDY_NOTE: "note",
    }
    return word(names[number], language) if number in names else ""


def minute(stamp: Timestamp) -> str:
    """An instant to the minute, in Seoul."""
    from common.clock import SEOUL

    return f"{stamp.ToDatetime(UTC).astimezone(SEOUL):%Y-%m-%d %H:%M} KST"
