"""`python -m verify`: what can be asked of a record, and what is said in return."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import requires
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

import pytest
import rules
import verify
from verify.checkpoint import Checkpoint, sign_checkpoint
from verify.command import main
from verify.cosignature import cosign
from verify.export import write
from verify.head import TreeHead, log_id, sign
from verify.note import KeyKind, Note, VerifierKey
from verify.tree import Tree
from verify.words import SAID

from tests.builders.public_record import private_key, small_record

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = private_key()
NOW = datetime(2026, 1, 10, tzinfo=UTC)
WITNESS = VerifierKey.of("example.org/witness", KeyKind.COSIGNATURE, private_key(11))


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small export, cosigned by one witness."""
    record = small_record()
    head = record.heads[-1].head
    bare = sign_checkpoint(head, KEY)
    line = cosign(Checkpoint.of(head), WITNESS.name, private_key(11), NOW)
    folder = tmp_path_factory.mktemp("question") / "export"
    write(replace(record, checkpoint=Note(bare.text, (*bare.signatures, line)).encode()), folder)
    return folder


def test_everything_that_can_be_asked_is_answered(export: Path, capsys: pytest.CaptureFixture[str]) -> None:
    receipt = export / "receipts/call/beta/1.json"
    asked = [str(export), "--key", log_id(KEY.public_key()), "--witness", str(WITNESS), "--from", "3", "--to", "9"]
    assert main([*asked, "--receipt", str(receipt)]) == 0
    said = capsys.readouterr().out
    assert (
        "✓ witness example.org/witness: saw the first 17 entries at 2026-01-10 09:00:00 KST (2026-01-10T00:00:00Z)"
        in said
    )
    assert "✓ quorum: 1 witnesses saw the first 17 of 17 entries" in said
    assert "✓ the log of 9 entries extends that of 3: the proof of 5 hashes holds" in said
    assert "✓ your receipt of call/beta version 1: entry 1 of the log" in said
    assert said.endswith("The record holds.\n")
    assert main([*asked, "--receipt", str(receipt), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["extends"] == {"first": 3, "second": 9, "hashes": 5}
    assert document["own_receipt"]["application_id"] == "call/beta"
    assert (document["quorum"], document["witnessed_size"]) == (1, 17)


def test_it_is_said_in_korean(export: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(export), "--lang", "ko"]) == 0
    said = capsys.readouterr().out
    assert "결정 trial: 미리 확정되었거나" in said
    assert said.endswith("기록이 맞습니다.\n")
    for english, korean in SAID.values():
        assert english != korean
        fields = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (english, korean)]
        assert fields[0] == fields[1]


@pytest.mark.parametrize("kept", ["heads/000000000009.json", "checkpoint", "bare.json"])
def test_a_head_that_was_kept_is_extended_by_the_log(
    export: Path, tmp_path: Path, kept: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if kept == "bare.json":
        (tmp_path / kept).write_text(json.dumps(small_record().heads[0].document()))
    path = tmp_path / kept if kept == "bare.json" else export / kept
    assert main([str(export), "--from", str(path)]) == 0
    assert "the log of 17 entries extends that of" in capsys.readouterr().out


def test_a_head_of_another_history_that_the_same_key_signed_is_a_fork(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Tree()
    for number in range(9):
        other.append(b"%d" % number)
    signed = sign(TreeHead(log_id(KEY.public_key()), 9, other.root(), NOW), KEY)
    (tmp_path / "kept.json").write_text(json.dumps(signed.document()))
    assert main([str(export), "--from", str(tmp_path / "kept.json")]) == 1
    said = capsys.readouterr().out
    assert f"{tmp_path / 'kept.json'}: the log forked:" in said
    assert other.root().hex() in said


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--key", "abc"], "--key must be 64 digits"),
        (["--witness", "nobody"], "--witness"),
        (["--quorum", "1"], "--quorum must be 1 to 0"),
        (["--to", "3"], "--to needs --from"),
        (["--from", "no-such-file"], "is no size of a log and no file"),
        (["--from", "9" * 5000], "is no size of a log and no file"),
        (["--receipt", "no-such-file"], "cannot be read"),
    ],
)
def test_a_question_that_cannot_be_understood_ends_with_two(
    export: Path, options: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(export), *options])
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "told"),
    [(["--from", "18"], "has 1 to 17 entries"), (["--from", "9", "--to", "3"], "a log only grows")],
)
def test_what_the_log_does_not_reach_is_not_proved(
    export: Path, options: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(export), *options]) == 1
    assert told in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('"version":1', '"version":2', "application_id"),
        ('"leaf_index":1', '"leaf_index":2', "inclusion.leaf_index"),
        ('"received_at":"2026', '"received_at":"2025', "received_at"),
        ('"hashes":["', '"hashes":["0', "inclusion.hashes"),
    ],
)
def test_a_receipt_that_says_something_else_than_the_log_is_named(
    export: Path, tmp_path: Path, old: str, new: str, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (export / "receipts/call/beta/1.json").read_text()
    assert old in text
    (tmp_path / "mine.json").write_text(text.replace(old, new))
    assert main([str(export), "--receipt", str(tmp_path / "mine.json")]) == 1
    assert f"mine.json, {place}: " in capsys.readouterr().out


@pytest.fixture
def served(export: Path) -> Iterator[str]:
    """The export on a web server."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(export)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_any_web_server_can_mirror_it(served: str, export: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([served, "--witness", str(WITNESS)]) == 0
    from_the_web = capsys.readouterr().out
    assert main([str(export), "--witness", str(WITNESS)]) == 0
    assert capsys.readouterr().out == from_the_web


def test_a_mirror_that_lacks_a_file_is_told_so(served: str, export: Path, capsys: pytest.CaptureFixture[str]) -> None:
    victim = export / "decisions/trial.json"
    good = victim.read_bytes()
    try:
        victim.unlink()
        assert main([served]) == 1
        assert "decisions/trial.json: cannot be fetched from" in capsys.readouterr().out
        assert main([served + "/nowhere"]) == 1
        assert "manifest.json: cannot be fetched from" in capsys.readouterr().out
    finally:
        victim.write_bytes(good)


PACKAGES = (
    "cryptography", "cffi", "_cffi_backend", "pycparser", "rfc8785", "pydantic", "pydantic_core", "annotated_types",
    "typing_extensions", "typing_inspection", "yaml", "_yaml", "tzdata",
)  # fmt: skip
"""All that the package and `rules` need beside the standard library."""


def test_the_package_alone_checks_a_record(export: Path, tmp_path: Path) -> None:
    """As a stranger has it: a Python with these packages and nothing of the platform on its path."""
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "verify").symlink_to(Path(verify.__file__).parent)
    (alone / "rules").symlink_to(Path(rules.__file__).parent)
    (installed,) = [Path(each) for each in sys.path if (Path(each) / "cryptography").is_dir()]
    for name in PACKAGES:
        for found in [*installed.glob(name), *installed.glob(f"{name}.*"), *installed.glob(f"{name}-*.dist-info")]:
            (alone / found.name).symlink_to(found)
    program = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); from verify.command import main; code = main();"
        " loaded = {name.partition('.')[0] for name in sys.modules} & {'common', 'client', 'dokpamo', 'grpc'};"
        " sys.exit(f'{loaded} were loaded' if loaded else code)"
    )
    command = [sys.executable, "-I", "-S", "-c", program, str(alone), str(export), "--key", log_id(KEY.public_key())]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("The record holds.\n")


def test_the_package_needs_few_others() -> None:
    assert {each.partition("=")[0] for each in requires("dokpamo-verify") or []} == {
        "dokpamo-rules", "cryptography", "rfc8785",
    }  # fmt: skip
