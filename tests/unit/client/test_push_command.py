"""What `dokpamo push` says before it asks anybody, and a refusal in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest
from client.commands import push
from client.refusal import in_words
from common.errors import Refused
from typer import Typer
from typer.testing import CliRunner

if TYPE_CHECKING:
    from pathlib import Path

REGISTRY = ("--registry=127.0.0.1:1", "--token=t")


def run(folder: Path, *arguments: str) -> str:
    app = Typer()
    app.callback()(lambda: None)
    push.register(app)
    options = ("--team=alpha", "--model=m", "--licence=MIT", "--period=2026-h1")
    result = CliRunner().invoke(app, ["push", str(folder), *options, *arguments], env={"DOKPAMO_TOKEN": ""})
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    return result.output


@pytest.mark.parametrize(
    "rubbish",
    [
        b"",
        b"rubbish",
        b"\xff" * 64,
        b"\x02\0\0\0\0\0\0\0[]",
        b'\x0a\0\0\0\0\0\0\0{"a": "b"}',
        b"\x02\0\0\0\0\0\0\0{}"[:9],
    ],
)
def test_a_file_that_is_no_safetensors_file_is_named_before_anything_is_sent(tmp_path: Path, rubbish: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(rubbish)
    said = run(tmp_path, *REGISTRY)
    assert "model.safetensors" in said
    assert "SAFETENSORS_REFUSED" in said or "CHECKPOINT_FILE_TRUNCATED" in said


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert str(tmp_path / "nothing") in run(tmp_path / "nothing", *REGISTRY)


def test_a_registry_of_others_needs_a_token_of_theirs(tmp_path: Path) -> None:
    (tmp_path / "config.json").touch()
    assert "DOKPAMO_TOKEN" in run(tmp_path, "--registry=127.0.0.1:1")


def test_without_a_stack_and_a_registry_it_says_what_to_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOKPAMO_HOME", str(tmp_path / "none"))
    (tmp_path / "config.json").touch()
    said = run(tmp_path)
    assert "dokpamo up" in said
    assert "--registry" in said


def test_a_refusal_tells_each_fact_once() -> None:
    refused = Refused("FIELD_INVALID", "model is 'M!'", {"field": "model", "value": "M!", "limit": "63"})
    assert in_words(refused) == "FIELD_INVALID: model is 'M!'\n  limit: 63"


def test_where_nobody_answered_it_says_where_to_look() -> None:
    assert "dokpamo status" in in_words(Refused("UNAVAILABLE", "refused", status=grpc.StatusCode.UNAVAILABLE))
