"""A witness signs only what extends everything that it saw, and forgets nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from client.commands import witness as command
from client.sdk.witness import Witness, WitnessFolderError
from typer import Typer
from typer.testing import CliRunner
from verify.checkpoint import Checkpoint, checkpoint_of, log_key, open_checkpoint, sign_checkpoint
from verify.cosignature import check_cosignature
from verify.head import TreeHead, log_id
from verify.note import NoteRefusedError, parse
from verify.tree import Tree
from verify.witnessing import LogForkedError, LogShrankError

from tests.builders.public_record import private_key

if TYPE_CHECKING:
    from pathlib import Path

    from verify.note import Note

KEY = private_key()
LOG = log_key(KEY.public_key())
NOW = datetime(2026, 1, 10, tzinfo=UTC)


def history(*leaves: str) -> Tree:
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf.encode())
    return tree


HONEST, FORKED = history(*"abcdefg"), history(*"abXdefg")


def shown(tree: Tree, size: int) -> Note:
    return sign_checkpoint(TreeHead(log_id(KEY.public_key()), size, tree.root(size), NOW), KEY)


def remembered(folder: Path) -> tuple[Note, Checkpoint] | None:
    """What the witness of a folder saw, in a new process."""
    witness = Witness.open(folder)
    assert witness is not None
    return witness.seen()


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness.create(tmp_path / "witness", "witness.example.org/one", LOG)


def test_a_witness_follows_a_log_that_grows_and_signs_each_checkpoint_once(witness: Witness) -> None:
    first = witness.sign(shown(HONEST, 3), [], NOW)
    assert check_cosignature(checkpoint_of(first.text), first.of(witness.verifier_key), witness.verifier_key) == NOW
    second = witness.sign(shown(HONEST, 7), HONEST.consistency(3, 7), NOW)
    assert witness.sign(shown(HONEST, 7), [], NOW.replace(year=2027)) == second
    again = Witness.open(witness.folder)
    assert again is not None
    assert again.verifier_key == witness.verifier_key
    assert again.seen() == (second, checkpoint_of(second.text))


@pytest.mark.parametrize("size", [3, 7])
def test_of_two_histories_it_signs_one_and_keeps_the_other_as_the_proof(witness: Witness, size: int) -> None:
    witness.sign(shown(HONEST, 3), [], NOW)
    with pytest.raises(LogForkedError):
        witness.sign(shown(FORKED, size), FORKED.consistency(3, size), NOW)
    seen = witness.seen()
    assert seen is not None
    assert seen[1].root_hash == HONEST.root(3)
    (kept,) = (witness.folder / "refused").iterdir()
    assert kept.name.startswith(f"log_forked-{size}-")
    # Both are signed by the log's own key, and no tree has both: anyone can see that it lied.
    assert open_checkpoint(parse(kept.read_bytes()), LOG) == Checkpoint(LOG.name, size, FORKED.root(size))
    witness.sign(shown(HONEST, 7), HONEST.consistency(3, 7), NOW)


def test_a_log_that_shrank_is_refused_by_name(witness: Witness) -> None:
    witness.sign(shown(HONEST, 7), [], NOW)
    with pytest.raises(LogShrankError):
        witness.sign(shown(HONEST, 6), [], NOW)


def test_a_checkpoint_of_another_key_is_no_checkpoint(witness: Witness) -> None:
    other = private_key(8)
    head = TreeHead(log_id(other.public_key()), 3, HONEST.root(3), NOW)
    with pytest.raises(NoteRefusedError):
        witness.sign(sign_checkpoint(head, other), [], NOW)
    assert witness.seen() is None


@pytest.mark.parametrize("name", ["checkpoint", "witness.json", "witness.pem"])
def test_a_witness_whose_folder_was_changed_does_not_go_on(witness: Witness, name: str, tmp_path: Path) -> None:
    witness.sign(shown(HONEST, 3), [], NOW)
    another = Witness.create(tmp_path / "another", "witness.example.org/two", LOG)
    another.sign(shown(FORKED, 3), [], NOW)
    (witness.folder / name).write_bytes((another.folder / name).read_bytes())
    with pytest.raises(WitnessFolderError):
        remembered(witness.folder)


def test_a_folder_is_of_one_witness_and_of_one_process(witness: Witness) -> None:
    with pytest.raises(WitnessFolderError, match="not empty"):
        Witness.create(witness.folder, "witness.example.org/two", LOG)
    with witness.alone(), pytest.raises(WitnessFolderError, match="runs already"), witness.alone():
        pass
    with witness.alone():
        pass
    assert Witness.open(witness.folder.parent / "nowhere") is None
    assert (witness.folder / "witness.pem").stat().st_mode & 0o077 == 0


def run(*arguments: str) -> tuple[int, str]:
    app = Typer()
    app.callback()(lambda: None)
    command.register(app)
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def test_the_command_needs_a_token_for_a_notary_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOKPAMO_TOKEN", raising=False)
    code, said = run("witness", str(tmp_path / "one"), "--notary", "127.0.0.1:1")
    assert (code, said) == (1, "witness: a notary is named and no token for it: set DOKPAMO_TOKEN\n")


def test_the_command_asks_for_a_name_where_no_witness_is_yet(tmp_path: Path) -> None:
    code, said = run("witness", str(tmp_path / "one"), "--notary", "127.0.0.1:1", "--token", "any")
    assert code == 1
    assert "name the new witness with --name" in said
    assert not (tmp_path / "one").exists()
