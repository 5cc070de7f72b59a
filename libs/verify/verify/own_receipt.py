"""A receipt that somebody kept, against the log: it says what was logged, and its own proof holds.

Source: design page "Selection and notary", "Notary": a receipt proves itself
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify import canonical
from verify.log_check import hashes_of
from verify.merkle import ProofRefusedError, check_inclusion
from verify.receipt_check import content_problems, shape_problem
from verify.tree import fold, peaks_of

if TYPE_CHECKING:
    from verify.canonical import JsonValue
    from verify.findings import Report
    from verify.log_check import ReadLog


def check_own_receipt(name: str, data: bytes, log: ReadLog, report: Report) -> dict[str, JsonValue] | None:
    """The receipt of these bytes, if it holds; each thing that does not is noted under the name of its file."""
    try:
        document = canonical.parse(data)
    except canonical.NotCanonicalError as error:
        report.add(name, f"byte {error.offset}", error.reason)
        return None
    problem = shape_problem(document)
    if problem:
        report.add(name, *problem)
        return None
    named = (document["application_id"], document["version"])
    found = [*content_problems(document, log.chronicle.applications().get(named)), *_inclusion(document, log)]
    for place, rule in found:
        report.add(name, place, rule)
    return None if found else document


def _inclusion(document: dict[str, JsonValue], log: ReadLog) -> list[tuple[str, str]]:
    """Why its own proof does not hold in the log as it was when the receipt was given; nothing where it does."""
    index, size = document["inclusion"]["leaf_index"], document["inclusion"]["tree_size"]
    if not 0 < size <= len(log.hashes) or not 0 <= index < size:
        return [("inclusion", f"the log that is here has {len(log.hashes)} entries")]
    nodes = log.nodes()
    root = fold([nodes[node] for node in peaks_of(0, size)])
    try:
        proof = hashes_of(document["inclusion"]["hashes"])
        check_inclusion(leaf_hash=log.hashes[index], index=index, size=size, proof=proof, root=root)
    except ProofRefusedError as error:
        return [("inclusion.hashes", error.rule)]
    return []
