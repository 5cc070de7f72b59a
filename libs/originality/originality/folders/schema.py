"""The JSON Schema of a report, made of the types that reports are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from types import NoneType
from typing import Any, Final, get_args, get_origin, get_type_hints

from originality.examining import ComponentFinding
from originality.finding import Finding, Method
from originality.folders.context import Context
from originality.folders.report import SCHEMA, FolderReport
from originality.folders.subject import Described
from originality.measuring import Likeness

_PLAIN: Final = {int: "integer", float: "number", str: "string", bool: "boolean", NoneType: "null"}
# Names that the types' own modules know only to the type checker.
_NAMES: Final = {
    one.__name__: one for one in (ComponentFinding, Context, Described, Finding, Likeness, Mapping, Method)
}


def report_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of what `FolderReport.to_json` gives: every field is there, and no other."""
    defined: dict[str, Any] = {}
    _defined(FolderReport, defined)
    whole = defined.pop(FolderReport.__name__)
    whole["properties"]["schema"] = {"const": SCHEMA}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA, **whole, "$defs": defined}


def _defined(kind: type, defined: dict[str, Any]) -> None:
    """Define a type, and all that it is made of."""
    if kind.__name__ in defined:
        return
    told: dict[str, Any] = {"description": " ".join((kind.__doc__ or "").partition("Source:")[0].split())}
    defined[kind.__name__] = told
    if issubclass(kind, Enum):
        told["enum"] = [one.value for one in kind]
        return
    assert is_dataclass(kind)
    hints = get_type_hints(kind, localns=_NAMES)
    names = [one.name for one in fields(kind)]
    told |= {
        "type": "object",
        "properties": {name: _of(hints[name], defined) for name in names},
        "required": names,
        "additionalProperties": False,
    }


def _of(hint: Any, defined: dict[str, Any]) -> dict[str, Any]:
    """Return what is said of a value of a type; what is not known here is refused."""
    arguments = get_args(hint)
    if hint is Any:
        return {}
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _of(arguments[0], defined)}
    if get_origin(hint) is Mapping:
        return {"type": "object", "additionalProperties": _of(arguments[1], defined)}
    if NoneType in arguments:
        return {"anyOf": [_of(one, defined) for one in arguments]}
    if not isinstance(hint, type):
        raise TypeError(f"a report has no values of the type {hint}")
    _defined(hint, defined)
    return {"$ref": f"#/$defs/{hint.__name__}"}
