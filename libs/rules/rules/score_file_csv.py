"""Scores of one stage as a table, as spreadsheets write it: one row a score, held against the rule set line by line.

```csv
source,assessor,team,criterion,value,against,reason,judged_by,evidence
expert-panel,expert-01,alpha,strategy,9
nia,,alpha,score,88.5
arena,judge-01,alpha,question-7,win,beta
originality,,alpha,verdict,pass,,"own weights from the first step",10,report-7; log-3
,,beta
```
`source` is a source or a gate of the rule set, `criterion` one of the source's (may be empty where it has one only), of
a comparison the item, of a gate `verdict`; sources, gates and criteria by id or by title. Measurements, figures carried
over and verdicts have no assessor. A comparison is a win, loss or tie `against` another team. A value that is empty or
`-` was not given; a row with nothing but a team says that it entered. Headers may be Korean, in any order; UTF-8, with
or without a byte order mark; lines end in LF or CRLF; a field with comma, quote or line break stands in double quotes.
Where the first line has more semicolons or tabs than commas, these separate the fields.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from rules.collecting import collect
from rules.document import CarriedSource, ComparisonSource, MeasurementSource, SheetSource, VerdictGate
from rules.inputs import CarriedFigure, Comparison, Inputs, Measurement, Score, Verdict
from rules.score_file_table import COLUMNS, Row, rows_of
from rules.violations import InputsRefusedError, Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rules.document import Criterion, RuleSet, Title

    _Scored = SheetSource | MeasurementSource | CarriedSource

_NOT_GIVEN = {"", "-"}
_VERDICT = {"verdict", "판정"}
_PASSED = {"pass", "passed", "true", "통과", "적합"}
_FAILED = {"fail", "failed", "false", "탈락", "부적합"}
_RESULTS = {"win": 1, "승": 1, "loss": -1, "패": -1, "tie": 0, "무": 0}
_Named = TypeVar("_Named")


def load_csv_inputs(data: bytes, rule_set: RuleSet, *, seed: str | None = None) -> Inputs:
    """The inputs of a table for a stage of this rule set; raises InputsRefusedError with every violation and its line.

    What is not in the table is missing, and `decide` says so; it is never zero. `seed` is that of the lot, if revealed.
    """
    reader = _Reader(rule_set)
    try:
        for line, row in rows_of(data, reader.problems):
            reader.take(line, row)
    except InputsRefusedError as error:
        raise InputsRefusedError([*reader.problems, *error.violations]) from error
    if reader.problems:
        raise InputsRefusedError(reader.problems)
    return collect(
        rule_set.stage,
        sorted(reader.teams),
        scores=reader.scores,
        measurements=reader.measurements,
        verdicts=reader.verdicts,
        comparisons=reader.comparisons,
        carried=reader.carried,
        seed=seed,
    )


class _Reader:
    """Takes rows one by one, each held against the rule set."""

    def __init__(self, rule_set: RuleSet) -> None:
        self.problems: list[Violation] = []
        self.teams: set[str] = set()
        self.scores: list[Score] = []
        self.measurements: list[Measurement] = []
        self.verdicts: list[Verdict] = []
        self.comparisons: list[Comparison] = []
        self.carried: list[CarriedFigure] = []
        self._sources = _by_name((each, each.id, each.title) for each in rule_set.sources)
        self._gates = _by_name((each, each.id, each.title) for each in rule_set.gates)
        self._criteria = {
            source.id: _by_name((each, each.id, each.title) for each in getattr(source, "criteria", ()))
            for source in rule_set.sources
        }
        self._seen: dict[tuple[str, ...], int] = {}

    def take(self, line: int, cells: Mapping[str, str]) -> None:
        row = Row(line, cells, self.problems)
        before = len(self.problems)
        team = row.slug("team")
        if any(cells[column] for column in COLUMNS if column not in {"team", "note"}):
            self._take(row, team)
        if len(self.problems) == before:
            self.teams.add(team)

    def _take(self, row: Row, team: str) -> None:
        name = row.cells["source"]
        source, gate = self._sources.get(name), self._gates.get(name)
        if gate is not None and (source is None or row.cells["criterion"] in _VERDICT):
            self._verdict(row, team, gate)
        elif source is None:
            named = {each.id for each in (*self._sources.values(), *self._gates.values())}
            row.fault("source", f"one of {', '.join(sorted(named))}", "SOURCE_UNKNOWN")
        elif isinstance(source, ComparisonSource):
            self._comparison(row, team, source)
        else:
            self._score(row, team, source)

    def _score(self, row: Row, team: str, source: _Scored) -> None:
        criterion = self._criterion(row, source)
        assessor = row.slug("assessor") if isinstance(source, SheetSource) else self._nobody(row, source.id)
        if criterion is None or row.cells["value"] in _NOT_GIVEN:
            return
        value = row.value(criterion)
        if not self._once(row, (source.id, assessor, team, criterion.id)) or value is None:
            return
        mark = row.provenance()
        match source:
            case SheetSource():
                self.scores.append(Score(source.id, assessor, team, criterion.id, value, mark))
            case MeasurementSource():
                self.measurements.append(Measurement(source.id, team, criterion.id, value, mark))
            case CarriedSource():
                self.carried.append(CarriedFigure(source.id, source.stage, "", team, criterion.id, value, mark))

    def _nobody(self, row: Row, name: str) -> str:
        if row.cells["assessor"]:
            row.fault("assessor", f"{name} has one value a team: there is no assessor", "ASSESSOR_NOT_EXPECTED")
        return ""

    def _criterion(self, row: Row, source: _Scored) -> Criterion | None:
        known, name = self._criteria[source.id], row.cells["criterion"]
        found = known.get(name) or (source.criteria[0] if not name and len(source.criteria) == 1 else None)
        if found is None:
            rule = f"one of {', '.join(each.id for each in source.criteria)}"
            row.fault("criterion", rule, "CRITERION_UNKNOWN" if name else "FIELD_MISSING")
        return found

    def _comparison(self, row: Row, team: str, source: ComparisonSource) -> None:
        assessor, other, item = row.slug("assessor"), row.slug("against"), row.slug("criterion")
        word = row.cells["value"].lower()
        if word in _NOT_GIVEN:
            return
        if word not in _RESULTS:
            row.fault("value", "win, loss or tie (승, 패, 무)", "RESULT_UNKNOWN")
        elif not _RESULTS[word] and not source.ties_allowed:
            row.fault("value", "one of the two is better: the rule set allows no tie", "TIE_NOT_ALLOWED")
        elif team == other:
            row.fault("against", "two different teams are compared", "COMPARED_WITH_ITSELF")
        elif self._once(row, (source.id, assessor, item, *sorted((team, other)))):
            winner = ("", team, other)[_RESULTS[word]]
            self.comparisons.append(Comparison(source.id, assessor, item, team, other, winner, row.provenance()))
            self.teams.add(other)

    def _verdict(self, row: Row, team: str, gate: object) -> None:
        cells = row.cells
        if not isinstance(gate, VerdictGate):
            row.fault("source", "a gate that people judge; this one follows from the scores", "GATE_UNKNOWN")
            return
        if cells["criterion"] not in {*_VERDICT, ""}:
            row.fault("criterion", "verdict", "CRITERION_UNKNOWN")
        self._nobody(row, gate.id)
        if cells["value"] in _NOT_GIVEN or not self._once(row, (gate.id, "", team, "verdict")):
            return
        word = cells["value"].lower()
        if word not in _PASSED | _FAILED:
            row.fault("value", "pass or fail (통과 or 탈락)", "VERDICT_UNKNOWN")
        if not cells["reason"]:
            row.fault("reason", "a verdict has a reason", "REASON_MISSING")
        if not re.fullmatch(r"[0-9]{1,6}", cells["judged_by"]) or int(cells["judged_by"]) < gate.quorum:
            row.fault("judged_by", f"at least {gate.quorum} people judge", "QUORUM_MISSED")
            return
        evidence = tuple(each.strip() for each in cells["evidence"].split(";") if each.strip())
        judged = int(cells["judged_by"])
        self.verdicts.append(
            Verdict(gate.id, team, word in _PASSED, cells["reason"], evidence, judged, row.provenance())
        )

    def _once(self, row: Row, key: tuple[str, ...]) -> bool:
        first = self._seen.setdefault(key, row.line)
        if first != row.line:
            row.fault("value", f"a score is given once; it stands in line {first} already", "DUPLICATE")
        return first == row.line


def _by_name(named: Iterable[tuple[_Named, str, Title]]) -> dict[str, _Named]:
    """By id, and by title where only one has it; an id goes before a title."""
    each_once = list(named)
    titles = [(text, one) for one, _, title in each_once for text in {title.ko, title.en}]
    count = Counter(text for text, _ in titles)
    by_title = {unicodedata.normalize("NFC", text): one for text, one in titles if count[text] == 1}
    return by_title | {name: one for one, name, _ in each_once}
