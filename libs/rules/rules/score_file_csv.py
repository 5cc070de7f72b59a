"""Scores of one stage as a table, as spreadsheets write it: one row a score, held against the rule set line by line.

```csv
source,assessor,team,criterion,value,reason,judged_by,evidence
expert-panel,expert-01,alpha,strategy,9
nia,,alpha,score,88.5
originality,,alpha,verdict,pass,"own weights from the first step",10,report-7; log-3
,,beta
```
`source` is a source or a gate of the rule set, `criterion` one of the source's (may be empty where it has one only) or
`verdict`; both by id or by title. A measurement and a verdict have no assessor. A value that is empty or `-` was not
given; a row with nothing but a team says that it entered. Headers may be Korean, in any order; UTF-8, with or without a
byte order mark; lines end in LF or CRLF; a field with a comma, quote or line break stands in double quotes.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from rules.collecting import collect
from rules.document import MeasurementSource, SheetSource, VerdictGate
from rules.exact import NotExactError, decimal_of, plain
from rules.inputs import Inputs, Measurement, Provenance, Score, Verdict
from rules.violations import InputsRefusedError, Violation, violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from decimal import Decimal

    from rules.document import Criterion, RuleSet, Title

BYTES_LIMIT = 64 * 1024 * 1024
COLUMNS: dict[str, tuple[str, ...]] = {
    "source": ("출처", "자료", "평가"),
    "assessor": ("평가위원", "평가자", "위원"),
    "team": ("팀", "컨소시엄"),
    "criterion": ("항목", "평가항목", "기준"),
    "value": ("점수", "값", "결과"),
    "reason": ("사유",),
    "judged_by": ("판정인원", "인원"),
    "evidence": ("증거", "증빙"),
    "provenance": ("출처구분", "구분"),
    "note": ("비고",),
}
"""Columns with their Korean headers; the first five must be there."""
_REQUIRED = ("source", "assessor", "team", "criterion", "value")
_NOT_GIVEN = {"", "-"}
_VERDICT = {"verdict", "판정"}
_PASSED = {"pass", "passed", "true", "통과", "적합"}
_FAILED = {"fail", "failed", "false", "탈락", "부적합"}
_PROVENANCES = {"접수": "recorded", "공개": "published", "역산": "reconstructed", "합성": "synthetic"}
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST = 64
_Named = TypeVar("_Named")


def load_csv_inputs(data: bytes, rule_set: RuleSet, *, seed: str | None = None) -> Inputs:
    """The inputs of a table for a stage of this rule set; raises InputsRefusedError with every violation and its line.

    What is not in the table is missing, and `decide` says so; it is never zero. `seed` is that of the lot, if revealed.
    """
    reader = _Reader(rule_set)
    try:
        for line, row in _rows(data):
            reader.take(line, row)
    except csv.Error as error:
        problem = violation("", str(error), "the text is a well-formed table (RFC 4180)", "CSV_MALFORMED")
        raise InputsRefusedError([*reader.problems, problem]) from error
    if reader.problems:
        raise InputsRefusedError(reader.problems)
    return collect(
        rule_set.stage,
        sorted(reader.teams),
        scores=reader.scores,
        measurements=reader.measurements,
        verdicts=reader.verdicts,
        seed=seed,
    )


def _rows(data: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row by column with the line that it begins in; raises InputsRefusedError for what is no such table."""
    if len(data) > BYTES_LIMIT:
        raise _refused("", f"{len(data)} bytes", f"at most {BYTES_LIMIT} bytes", "DOCUMENT_TOO_LONG")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        rule = "the file is UTF-8; a spreadsheet saves it as “CSV UTF-8”"
        raise _refused(f"line {line}", repr(data[error.start : error.start + 8]), rule, "CSV_NOT_UTF8") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns: list[str] = []
    line = 1
    for cells in reader:
        texts = [unicodedata.normalize("NFC", cell.strip()) for cell in cells]
        if not columns:
            columns = _columns(line, texts)
        elif len(texts) > len(columns):
            raise _refused(f"line {line}", f"{len(texts)} fields", f"at most {len(columns)} fields", "CSV_ROW_LENGTH")
        elif any(texts):
            yield line, dict.fromkeys(COLUMNS, "") | dict(zip(columns, texts, strict=False))
        line = reader.line_num + 1
    if not columns:
        raise _refused("line 1", "nothing", f"the first line names the columns {', '.join(_REQUIRED)}", "CSV_COLUMNS")


def _columns(line: int, headers: Sequence[str]) -> list[str]:
    named = {alias: name for name, aliases in COLUMNS.items() for alias in (name, *aliases)}
    columns = [named.get(header.lower().replace(" ", ""), "") for header in headers]
    for header, column in zip(headers, columns, strict=True):
        if not column:
            rule = f"a column is one of {', '.join(COLUMNS)}"
            raise _refused(f"line {line}", header or "an empty header", rule, "CSV_COLUMNS")
        if columns.count(column) > 1:
            raise _refused(f"line {line}", header, "each column stands once", "DUPLICATE")
    for name in _REQUIRED:
        if name not in columns:
            rule = f"the first line names the columns {', '.join(_REQUIRED)}"
            raise _refused(f"line {line}, {name}", ", ".join(headers), rule, "CSV_COLUMNS")
    return columns


def _refused(path: str, value: object, rule: str, code: str) -> InputsRefusedError:
    return InputsRefusedError([violation(path, value, rule, code)])


@dataclass(frozen=True, slots=True)
class _Row:
    """A row and how to find fault with it."""

    line: int
    cells: Mapping[str, str]
    problems: list[Violation]

    def fault(self, column: str, rule: str, code: str) -> None:
        self.problems.append(violation(f"line {self.line}, {column}", self.cells[column] or "nothing", rule, code))

    def slug(self, column: str) -> str:
        text = self.cells[column]
        if not _SLUG.fullmatch(text) or len(text) > _LONGEST:
            code = "FIELD_MISSING" if not text else "ID_MALFORMED"
            self.fault(column, f"an id of small letters, digits and single hyphens, at most {_LONGEST}", code)
        return text

    def provenance(self) -> Provenance:
        text = self.cells["provenance"] or "recorded"
        try:
            return Provenance(_PROVENANCES.get(text, text))
        except ValueError:
            self.fault("provenance", f"one of {', '.join(Provenance)}", "PROVENANCE_UNKNOWN")
            return Provenance.RECORDED


class _Reader:
    """Takes rows one by one, each held against the rule set."""

    def __init__(self, rule_set: RuleSet) -> None:
        self.problems: list[Violation] = []
        self.teams: set[str] = set()
        self.scores: list[Score] = []
        self.measurements: list[Measurement] = []
        self.verdicts: list[Verdict] = []
        self._sources = _by_name((each, each.id, each.title) for each in rule_set.sources)
        self._gates = _by_name((each, each.id, each.title) for each in rule_set.gates)
        self._criteria = {
            source.id: _by_name((each, each.id, each.title) for each in getattr(source, "criteria", ()))
            for source in rule_set.sources
        }
        self._seen: dict[tuple[str, str, str, str], int] = {}

    def take(self, line: int, cells: Mapping[str, str]) -> None:
        row = _Row(line, cells, self.problems)
        before = len(self.problems)
        team, name = row.slug("team"), cells["source"]
        if not any(cells[column] for column in COLUMNS if column not in {"team", "note"}):
            self.teams.add(team)
            return
        source, gate = self._sources.get(name), self._gates.get(name)
        if gate is not None and (source is None or cells["criterion"] in _VERDICT):
            self._verdict(row, team, gate)
        elif isinstance(source, SheetSource | MeasurementSource):
            self._score(row, team, source)
        else:
            row.fault("source", f"one of {', '.join(sorted(self._named()))}", "SOURCE_UNKNOWN")
        if len(self.problems) == before:
            self.teams.add(team)

    def _named(self) -> Iterator[str]:
        yield from (each.id for each in (*self._sources.values(), *self._gates.values()))

    def _score(self, row: _Row, team: str, source: SheetSource | MeasurementSource) -> None:
        criterion = self._criterion(row, source)
        assessor = ""
        if isinstance(source, SheetSource):
            assessor = row.slug("assessor")
        elif row.cells["assessor"]:
            row.fault("assessor", f"{source.id} is measured: there is no assessor", "ASSESSOR_NOT_EXPECTED")
        if criterion is None or row.cells["value"] in _NOT_GIVEN:
            return
        value = _value(row, criterion)
        if not self._once(row, (source.id, assessor, team, criterion.id)) or value is None:
            return
        if isinstance(source, SheetSource):
            self.scores.append(Score(source.id, assessor, team, criterion.id, value, row.provenance()))
        else:
            self.measurements.append(Measurement(source.id, team, criterion.id, value, row.provenance()))

    def _criterion(self, row: _Row, source: SheetSource | MeasurementSource) -> Criterion | None:
        known, name = self._criteria[source.id], row.cells["criterion"]
        found = known.get(name) or (source.criteria[0] if not name and len(source.criteria) == 1 else None)
        if found is None:
            rule = f"one of {', '.join(each.id for each in source.criteria)}"
            row.fault("criterion", rule, "CRITERION_UNKNOWN" if name else "FIELD_MISSING")
        return found

    def _verdict(self, row: _Row, team: str, gate: object) -> None:
        cells = row.cells
        if not isinstance(gate, VerdictGate):
            row.fault("source", "a gate that people judge; this one follows from the scores", "GATE_UNKNOWN")
            return
        if cells["criterion"] not in {*_VERDICT, ""}:
            row.fault("criterion", "verdict", "CRITERION_UNKNOWN")
        if cells["assessor"]:
            row.fault("assessor", f"{gate.id} has one verdict a team, without assessor", "ASSESSOR_NOT_EXPECTED")
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

    def _once(self, row: _Row, key: tuple[str, str, str, str]) -> bool:
        first = self._seen.setdefault(key, row.line)
        if first != row.line:
            row.fault("value", f"a score is given once; it stands in line {first} already", "DUPLICATE")
        return first == row.line


def _value(row: _Row, criterion: Criterion) -> Decimal | None:
    try:
        value = decimal_of(row.cells["value"])
    except NotExactError:
        row.fault("value", "a plain decimal number such as 88.5", "NUMBER_NOT_EXACT")
        return None
    scaled = value.scaleb(criterion.digits)
    if criterion.minimum <= value <= criterion.maximum and scaled == scaled.to_integral_value():
        return value
    rule = f"from {plain(criterion.minimum)} to {plain(criterion.maximum)} with at most {criterion.digits} digits"
    row.fault("value", rule, "VALUE_OFF_SCALE")
    return None


def _by_name(named: Iterable[tuple[_Named, str, Title]]) -> dict[str, _Named]:
    """By id, and by title where only one has it; an id goes before a title."""
    each_once = list(named)
    titles = [(text, one) for one, _, title in each_once for text in {title.ko, title.en}]
    count = Counter(text for text, _ in titles)
    by_title = {unicodedata.normalize("NFC", text): one for text, one in titles if count[text] == 1}
    return by_title | {name: one for one, name, _ in each_once}
