"""A report that was kept as JSON, read again: for the page that is made of it."""

from __future__ import annotations

from typing import Any, Final

from originality.examining import ComponentFinding
from originality.finding import Finding, Method
from originality.folders.context import Context, Licence, Overlap, Setting
from originality.folders.report import SCHEMA, FolderReport, Place, Told
from originality.folders.subject import Described, NotExamined
from originality.measuring import Likeness

BEFORE: Final = "dokpamo.originality/1"


class NotAReportError(ValueError):
    """A document is no report of this form."""


def report_of(document: dict[str, Any]) -> FolderReport:
    """Return the report that `FolderReport.to_json` made `document` of. Raises `NotAReportError`.

    The form before said nothing of axes and heads.
    """
    if document.get("schema") not in {SCHEMA, BEFORE}:
        raise NotAReportError(f"schema is {str(document.get('schema'))[:80]!r}, must be {SCHEMA} or {BEFORE}")
    try:
        return FolderReport(
            **{
                **document,
                "first": _described(document["first"]),
                "second": _described(document["second"]),
                "components": tuple(_told(each) for each in document["components"]),
                "axes_put_back": tuple(document.get("axes_put_back", ())),
                "only_first": tuple(document["only_first"]),
                "only_second": tuple(document["only_second"]),
                "context": None if document["context"] is None else _context(document["context"]),
            }
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotAReportError(f"is no report: {error!r}") from error


def _described(document: dict[str, Any]) -> Described:
    rest = tuple(NotExamined(**{**one, "shape": tuple(one["shape"])}) for one in document["not_examined"])
    return Described(**{**document, "not_examined": rest})


def _told(document: dict[str, Any]) -> Told:
    found = document["found"]
    context = found["context"]
    made = ComponentFinding(
        **{
            **found,
            "finding": Finding(found["finding"]),
            "test": Method(**found["test"]),
            "context": None if context is None else Likeness(**context),
        }
    )
    return Told(**{**document, "first": _place(document["first"]), "second": _place(document["second"]), "found": made})


def _place(document: dict[str, Any]) -> Place:
    return Place(**{**document, "tensors": tuple(document["tensors"]), "heads": tuple(document.get("heads", ()))})


def _context(document: dict[str, Any]) -> Context:
    return Context(
        **{
            **document,
            "tokens": None if document["tokens"] is None else Overlap(**document["tokens"]),
            "settings_differ": tuple(Setting(**each) for each in document["settings_differ"]),
            "licences_first": tuple(Licence(**each) for each in document["licences_first"]),
            "licences_second": tuple(Licence(**each) for each in document["licences_second"]),
        }
    )
