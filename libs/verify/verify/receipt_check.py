"""Each receipt of an export is in the log, says what the logged application says, and none is left out.

Source: design page "Selection and notary", "Notary": receipt in log
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify import canonical, layout
from verify.head import HASH_HEX, HeadRefusedError, instant_of
from verify.instants import microseconds_of
from verify.log_check import hashes_of
from verify.merkle import ProofRefusedError, check_inclusion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.canonical import JsonValue
    from verify.chronicle import Chronicle, Logged
    from verify.findings import Report
    from verify.folder import Folder
    from verify.head import SignedTreeHead

MEMBERS = {"application_id", "application_sha256", "event_id", "inclusion", "received_at", "version"}


NOT_LOGGED = "the log has no application of this id and version"


def check_receipts(
    folder: Folder, chronicle: Chronicle, hashes: Sequence[bytes], newest: SignedTreeHead | None, report: Report
) -> None:
    """Note every receipt that does not hold, and every logged application without one."""
    logged = chronicle.applications()
    seen: set[tuple[str, int]] = set()
    for path in folder.under("receipts/"):
        document = folder.document(path, report)
        if document is None:
            continue
        problem = shape_problem(document)
        if problem:
            report.add(path, *problem)
            continue
        name = (document["application_id"], document["version"])
        seen.add(name)
        found = [
            *_place(path, document),
            *content_problems(document, logged.get(name)),
            *_inclusion(document, hashes, newest),
        ]
        for place, rule in found:
            report.add(path, place, rule, absent=rule == NOT_LOGGED)
        report.receipts += not found
    for application_id, version in sorted(logged.keys() - seen):
        report.add("receipts", "", f"application {application_id} version {version} is in the log and has no receipt")


def shape_problem(document: JsonValue) -> tuple[str, str] | None:
    """What is wrong with the receipt's members; nothing where they are as they must be."""
    if not isinstance(document, dict) or set(document) != MEMBERS:
        return "", f"a receipt has exactly the members {', '.join(sorted(MEMBERS))}"
    inclusion = document["inclusion"]
    if not isinstance(inclusion, dict) or set(inclusion) != {"hashes", "leaf_index", "tree_size"}:
        return "inclusion", "has exactly the members hashes, leaf_index, tree_size"
    for member in ("application_id", "application_sha256", "event_id", "received_at"):
        if not isinstance(document[member], str):
            return member, "is no text"
    counts = {"version": document["version"], "inclusion.leaf_index": inclusion["leaf_index"]}
    for member, value in (counts | {"inclusion.tree_size": inclusion["tree_size"]}).items():
        if type(value) is not int:
            return member, "is no number"
    return None


def _place(path: str, document: dict[str, JsonValue]) -> list[tuple[str, str]]:
    try:
        named = layout.receipt_path(document["application_id"], document["version"])
    except layout.UnsafeNameError as error:
        return [("application_id", str(error))]
    return [] if path == named else [("application_id", f"the receipt belongs into {named}")]


def content_problems(document: dict[str, JsonValue], event: Logged | None) -> list[tuple[str, str]]:
    """What differs between the receipt and the application's event."""
    if event is None:
        return [("application_id", NOT_LOGGED)]
    receipt = event.fields.message("receipt")
    found = []
    if document["inclusion"]["leaf_index"] != event.index:
        found.append(("inclusion.leaf_index", f"the application is entry {event.index} of the log"))
    if document["event_id"] != event.entry.event_id:
        found.append(("event_id", f"the application's event is {event.entry.event_id}"))
    if receipt.text("application_id") != document["application_id"]:
        found.append(("application_id", "the logged receipt is of another application"))
    sha256 = document["application_sha256"]
    if not HASH_HEX.fullmatch(sha256) or sha256 != receipt.text("application_sha256"):
        found.append(("application_sha256", "the logged receipt says another"))
    is_open = receipt.is_open("application_json")
    if is_open and canonical.sha256_hex(receipt.blob("application_json")) != sha256:
        found.append(("application_sha256", "is not that of the logged application"))
    try:
        received_at = instant_of(document["received_at"])
    except HeadRefusedError as error:
        return [*found, ("received_at", error.rule)]
    if microseconds_of(received_at) != receipt.microseconds("received_at"):
        found.append(("received_at", "the logged receipt says another time"))
    return found


def _inclusion(
    document: dict[str, JsonValue], hashes: Sequence[bytes], newest: SignedTreeHead | None
) -> list[tuple[str, str]]:
    """Why the proof of inclusion does not hold; nothing where it does."""
    inclusion = document["inclusion"]
    index = inclusion["leaf_index"]
    if newest is None:
        return [("inclusion", "there is no signed head to be included in")]
    if inclusion["tree_size"] != newest.head.tree_size:
        return [("inclusion.tree_size", f"is not that of the newest head, {newest.head.tree_size}")]
    if not 0 <= index < len(hashes):
        return [("inclusion.leaf_index", "the log has no such entry")]
    try:
        check_inclusion(
            leaf_hash=hashes[index],
            index=index,
            size=newest.head.tree_size,
            proof=hashes_of(inclusion["hashes"]),
            root=newest.head.root_hash,
        )
    except ProofRefusedError as error:
        return [("inclusion.hashes", error.rule)]
    return []
