"""The rules of `dokpamo verify` and `dokpamo export` towards those who call them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from client.commands import export, verify
from typer import Typer
from typer.testing import CliRunner
from verify.export import write
from verify.head import log_id

from tests.builders.public_record import private_key, small_record


def run(*arguments: str) -> tuple[int, str]:
    app = Typer()
    app.callback()(lambda: None)
    verify.register(app)
    export.register(app)
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(small_record(), tmp_path / "export")
    return tmp_path / "export"


def test_a_record_that_holds_ends_with_zero(folder: Path) -> None:
    code, said = run("verify", str(folder), "--key", log_id(private_key().public_key()))
    assert code == 0
    assert "The record holds." in said


def test_a_record_that_does_not_hold_ends_with_one_and_names_the_place(folder: Path) -> None:
    target = folder / "receipts" / "call" / "beta" / "1.json"
    target.write_bytes(target.read_bytes().replace(b'"version":1', b'"version":2'))
    code, said = run("verify", str(folder))
    assert code == 1
    assert "receipts/call/beta/1.json" in said


def test_the_report_can_be_had_as_json(folder: Path) -> None:
    (folder / "README.txt").unlink()
    code, said = run("verify", str(folder), "--json")
    assert code == 1
    report = json.loads(said)
    assert report["holds"] is False
    assert {finding["file"] for finding in report["findings"]} == {"README.txt"}


@pytest.mark.parametrize("key", ["", "abc", "G" * 64, "A" * 64])
def test_a_fingerprint_that_is_none_is_refused(folder: Path, key: str) -> None:
    assert run("verify", str(folder), "--key", key)[0] == 2


def test_an_export_that_reaches_nobody_says_so_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOKPAMO_HOME", str(tmp_path / "home"))
    code, said = run("export", str(tmp_path / "export"))
    assert code == 1
    assert "start one with `dokpamo up`" in said
    assert not (tmp_path / "export").exists()


def test_a_folder_that_is_taken_is_refused_before_anything_is_fetched(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    addresses = [f"--{service}=127.0.0.1:1" for service in ("notary", "selection", "intake")]
    code, said = run("export", str(tmp_path), *addresses)
    assert code == 1
    assert "is no empty folder" in said


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_does_not_know_a_tick_gets_the_report_all_the_same(folder: Path, encoding: str) -> None:
    command = [str(Path(sys.executable).parent / "dokpamo"), "verify", str(folder)]
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"The record holds." in done.stdout


def test_checking_loads_nothing_of_the_platform() -> None:
    loaded = "import sys, verify.check, verify.export; print(sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert not {"common", "client", "dokpamo", "google", "grpc", "asyncpg", "aiokafka"} & set(eval(done.stdout))
