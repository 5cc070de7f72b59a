"""A table of scores as text: its lines, columns and headers, and how fault is found with a row."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules.exact import NotExactError, decimal_of, plain
from rules.inputs import Provenance
from rules.texts import text_of
from rules.violations import InputsRefusedError, Violation, violation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from decimal import Decimal

    from rules.document import Criterion

BYTES_LIMIT = 64 * 1024 * 1024
COLUMNS: dict[str, tuple[str, ...]] = {
    "source": ("출처", "자료", "평가"),
    "assessor": ("평가위원", "평가자", "위원"),
    "team": ("팀", "컨소시엄"),
    "criterion": ("항목", "평가항목", "기준", "문항"),
    "value": ("점수", "값", "결과"),
    "against": ("상대", "상대팀"),
    "reason": ("사유",),
    "judged_by": ("판정인원", "인원"),
    "evidence": ("증거", "증빙"),
    "provenance": ("출처구분", "구분"),
    "note": ("비고",),
}
"""Columns with their Korean headers; the first five must be there."""
_REQUIRED = ("source", "assessor", "team", "criterion", "value")
_PROVENANCES = {"접수": "recorded", "공개": "published", "역산": "reconstructed", "합성": "synthetic"}
_SEPARATORS = ",;\t"
"""Commas first; spreadsheets of countries that write 88,5 put semicolons, and what is copied from one has tabs."""
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST = 64


def rows_of(data: bytes, problems: list[Violation]) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row by column with the line that it begins in; a row of too many fields is noted in `problems`.

    Raises InputsRefusedError for what is no such table.
    """
    text = text_of(data, BYTES_LIMIT, InputsRefusedError)
    columns: list[str] = []
    for line, cells in _lines(text):
        texts = [unicodedata.normalize("NFC", cell.strip()) for cell in cells]
        while texts and not texts[-1]:  # spreadsheets write columns that are empty to the end
            texts.pop()
        if not columns:
            columns = _columns(line, texts)
        elif len(texts) > len(columns):
            rule = f"at most {len(columns)} fields"
            problems.append(violation(f"line {line}", f"{len(texts)} fields", rule, "CSV_ROW_LENGTH"))
        elif texts:
            yield line, dict.fromkeys(COLUMNS, "") | dict(zip(columns, texts, strict=False))
    if not columns:
        raise _refused("line 1", None, f"the first line names the columns {', '.join(_REQUIRED)}", "CSV_COLUMNS")


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row's fields with the line that it begins in, by the separator that stands most often in the first line."""
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=max(_SEPARATORS, key=first.count))
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        rule = f"the text is a well-formed table (RFC 4180): {error}"
        raise _refused(f"line {line}", "".join(text.splitlines()[line - 1 : line]), rule, "CSV_MALFORMED") from error


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
class Row:
    """A row and how to find fault with it."""

    line: int
    cells: Mapping[str, str]
    problems: list[Violation]

    def fault(self, column: str, rule: str, code: str) -> None:
        """Note what is wrong with a column of this row."""
        self.problems.append(violation(f"line {self.line}, {column}", self.cells[column] or "nothing", rule, code))

    def slug(self, column: str) -> str:
        """The id that stands in a column; what is none is noted."""
        text = self.cells[column]
        if not _SLUG.fullmatch(text) or len(text) > _LONGEST:
            code = "FIELD_MISSING" if not text else "ID_MALFORMED"
            self.fault(column, f"an id of small letters, digits and single hyphens, at most {_LONGEST}", code)
        return text

    def provenance(self) -> Provenance:
        """Where the value comes from: recorded, if the row does not say."""
        text = self.cells["provenance"] or "recorded"
        try:
            return Provenance(_PROVENANCES.get(text, text))
        except ValueError:
            self.fault("provenance", f"one of {', '.join(Provenance)}", "PROVENANCE_UNKNOWN")
            return Provenance.RECORDED

    def value(self, criterion: Criterion) -> Decimal | None:
        """The value, None where it is no number or off the criterion's scale: both are noted."""
        try:
            value = decimal_of(self.cells["value"])
        except NotExactError:
            self.fault("value", "a plain decimal number such as 88.5", "NUMBER_NOT_EXACT")
            return None
        scaled = value.scaleb(criterion.digits)
        if criterion.minimum <= value <= criterion.maximum and scaled == scaled.to_integral_value():
            return value
        rule = f"from {plain(criterion.minimum)} to {plain(criterion.maximum)} with at most {criterion.digits} digits"
        self.fault("value", rule, "VALUE_OFF_SCALE")
        return None
