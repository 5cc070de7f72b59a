"""Inputs written as the table that `rules.score_file_csv` reads."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rules import Inputs

COLUMNS = ("source", "assessor", "team", "criterion", "value", "reason", "judged_by", "evidence", "provenance")


def as_csv(inputs: Inputs) -> bytes:
    """A row a score, a measurement, a verdict and an entrant."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for team in inputs.entrants:
        writer.writerow(("", "", team))
    for score in inputs.scores():
        value = f"{score.value:f}"
        writer.writerow(
            (score.source, score.assessor, score.team, score.criterion, value, "", "", "", score.provenance)
        )
    for each in inputs.measurements:
        writer.writerow((each.source, "", each.team, each.criterion, f"{each.value:f}", "", "", "", each.provenance))
    for verdict in inputs.verdicts:
        passed, evidence = "pass" if verdict.passed else "fail", ";".join(verdict.evidence)
        row = (verdict.gate, "", verdict.team, "verdict", passed, verdict.reason, verdict.judged_by, evidence)
        writer.writerow((*row, verdict.provenance))
    return out.getvalue().encode()
