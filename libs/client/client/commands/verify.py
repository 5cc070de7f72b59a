"""`dokpamo verify`: check the public record of a programme. It opens no connection and needs no account."""

from __future__ import annotations

import json
import re
from pathlib import Path  # noqa: TC003 - typer reads the annotation when the command is called
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from verify.findings import Report

SHOWN = 50
"""So many findings are printed; all of them are in the JSON."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify")(verify)


def verify(
    folder: Annotated[Path, typer.Argument(help="The folder that `dokpamo export` wrote, or a copy of it.")],
    key: Annotated[
        str | None, typer.Option(help="Fingerprint of the notary's key, known from elsewhere: 64 digits of hex.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Check a public record, without a server.

    That is every receipt, signature, log entry and decision. Ends with 0 if everything holds, else with 1.
    """
    from verify.check import check

    if key is not None and not re.fullmatch(r"[0-9a-f]{64}", key):
        raise typer.BadParameter("must be 64 digits of lower-case hex", param_hint="--key")
    report = check(folder, fingerprint=key)
    if as_json:
        print(json.dumps(report.document(), ensure_ascii=False, indent=2))
    else:
        _print(report, key_known=key is not None)
    raise typer.Exit(0 if report.holds else 1)


def _print(report: Report, *, key_known: bool) -> None:
    for finding in report.findings[:SHOWN]:
        print(f"✗ {finding}")
    if len(report.findings) > SHOWN:
        print(f"… and {len(report.findings) - SHOWN} more (--json prints them all)")
    if not report.holds:
        print(f"The record does not hold: {len(report.findings)} findings.")
        return
    print(f"✓ log: {report.tree_size} entries, {report.heads} signed heads, each extends the one before")
    print(f"✓ root {report.root_hash}")
    print(f"✓ receipts: {report.receipts}, each in the log")
    print(f"✓ rule sets: {report.rule_sets}, each as it was logged, frozen before its stage opened")
    print(f"✓ openings: {report.opened}, each that of a sealed value of the log")
    if report.sealed:
        print(f"– sealed: {report.sealed} values that nobody has opened; what they are is not verified")
    if report.erased:
        print(f"– erased: {report.erased} values, as the log tells; what they were cannot be verified any more")
    for index in report.unreadable:
        print(f"– entry {index}: is not the event that it says to be; who listened parked it, and it is not verified")
    for stage_id in report.decisions:
        print(f"✓ decision {stage_id}: computed again, the same byte for byte")
    for stage_id, why in report.not_verified.items():
        print(f"– decision {stage_id}: NOT VERIFIED: {why}")
    print(f"✓ key {report.log_id}" + ("" if key_known else " (compare it with one you know from elsewhere: --key)"))
    print("The record holds." if not report.not_verified else "The record holds as far as it is open.")
