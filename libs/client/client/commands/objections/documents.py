"""Files in the names of the contract: what is ordered, and what fresh scorers hand in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


def request_of(path: Path, rpc: str, allowed: Collection[str]) -> dict[str, Any]:
    """Return the fields of an RPC's request that a YAML or JSON file gives; only `allowed` ones may stand in it.

    A file that cannot be read, is no mapping or does not fit the contract ends the command with 2 and says where.
    """
    from dokpamo.selection.v1 import objections_pb2 as pb
    from google.protobuf.json_format import ParseDict, ParseError
    from rules import YamlRefusedError, read_yaml

    try:
        document = read_yaml(path.read_bytes())
        if not isinstance(document, dict):
            raise typer.BadParameter(f"{path}: must be a mapping", param_hint="FILE")
        foreign = sorted(set(document) - set(allowed))
        if foreign:
            rule = f"must be among {', '.join(sorted(allowed))}"
            raise typer.BadParameter(f"{path}: {', '.join(map(str, foreign))}: {rule}", param_hint="FILE")
        message = ParseDict(_plain(document), getattr(pb, f"{rpc}Request")())
    except (OSError, YamlRefusedError, ParseError) as error:
        raise typer.BadParameter(f"{path}: {error}", param_hint="FILE") from error
    return {name.name: value for name, value in message.ListFields()}


def _plain(value: Any, name: str = "") -> Any:
    """The values as protobuf's JSON form takes them: numbers of scores as text, provenances by their short names."""
    if isinstance(value, dict):
        return {key: _plain(each, str(key)) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if name == "provenance" and isinstance(value, str) and value.islower():
        return f"PROVENANCE_{value.upper()}"
    return str(value) if name == "value" else value
