"""`dokpamo originality`, offline, on two small folders: what it prints, writes, refuses and how it ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from client.cli import application
from typer.testing import CliRunner

from tests.builders.model_folder import write_model
from tests.builders.tiny_models import GPT2, LLAMA, gpt2, llama, trained_on

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result


def run(*arguments: object) -> Result:
    asked = ["originality", *map(str, arguments)]
    return CliRunner().invoke(application(asked), asked)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    write_model(folder / "parent", llama(1, 2), LLAMA)
    write_model(folder / "child", trained_on(llama(1, 2), 0.1, 2), LLAMA)
    write_model(folder / "stranger", llama(3, 2), LLAMA)
    write_model(folder / "other", gpt2(4), GPT2)
    return folder


def test_it_ends_with_one_where_something_is_found_and_says_what_it_never_says(models: Path) -> None:
    ended = run("examine", models / "parent", models / "child", "--seed", 1, "--lang", "en")
    assert ended.exit_code == 1
    assert "parent → child" in ended.stdout
    assert "language: MLP, in: derived 2" in ended.stdout
    assert "never says that a model is its makers' own" in ended.stdout
    assert "100.0%" in ended.stdout


def test_what_was_found_by_the_test_that_is_not_exact_says_so(models: Path, tmp_path: Path) -> None:
    tensors = trained_on(llama(1, 2), 0.1, 2)
    order = np.random.default_rng(3).permutation(tensors["model.layers.0.mlp.up_proj.weight"].shape[0])
    for layer in range(2):
        name = f"model.layers.{layer}.mlp"
        for kind in ("gate", "up"):
            tensors[f"{name}.{kind}_proj.weight"] = tensors[f"{name}.{kind}_proj.weight"][order]
        tensors[f"{name}.down_proj.weight"] = tensors[f"{name}.down_proj.weight"][:, order]
    moved = write_model(tmp_path / "moved", tensors, LLAMA)
    for language, said in (("en", "MLP, in: derived 2 (not exact)"), ("ko", "2 (정확하지 않음)")):
        ended = run("examine", models / "parent", moved, "--seed", 1, "--lang", language)
        assert ended.exit_code == 1
        assert said in ended.stdout


def test_it_ends_with_zero_where_nothing_is_found(models: Path) -> None:
    ended = run("examine", models / "parent", models / "stranger", "--seed", 1, "--lang", "ko")
    assert ended.exit_code == 0
    assert "언어: MLP 입력: 증거 없음 2" in ended.stdout
    assert "독자적으로 개발되었다고 말하지 않습니다" in ended.stdout


def test_the_same_seed_gives_the_same_bytes_and_none_draws_one(models: Path) -> None:
    same = [run("examine", models / "parent", models / "child", "--seed", 5, "--json").stdout for _ in range(2)]
    assert same[0] == same[1]
    report = json.loads(same[0])
    assert (report["schema"], report["seed"], report["by"]) == ("dokpamo.originality/2", 5, "weights")
    assert report["counts"]["derived"] > 10
    drawn = {
        json.loads(run("examine", models / "parent", models / "stranger", "--json").stdout)["seed"] for _ in range(2)
    }
    assert len(drawn) == 2


def test_a_page_is_written_in_the_language_asked_for(models: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    ended = run("examine", models / "parent", models / "child", "--html", file, "--lang", "ko", "--seed", 1)
    assert str(file) in ended.stdout
    assert '<html lang="ko">' in file.read_text(encoding="utf-8")


def test_a_recreated_initialisation_explains_what_two_models_share(tmp_path: Path) -> None:
    initial = llama(9, 2)
    for name, seed in (("one", 1), ("two", 2)):
        write_model(tmp_path / name, trained_on(initial, 0.4, seed), LLAMA)
    write_model(tmp_path / "initial", initial, LLAMA)
    sides = tmp_path / "one", tmp_path / "two"
    plain = json.loads(run("examine", *sides, "--seed", 1, "--json").stdout)["counts"]
    known = json.loads(run("examine", *sides, "--seed", 1, "--json", "--initial", tmp_path / "initial").stdout)[
        "counts"
    ]
    assert "shared initialisation" not in plain
    assert set(known) <= {"shared initialisation", "not testable"}


def test_a_catalogue_is_made_and_compared_with(models: Path, tmp_path: Path) -> None:
    catalogue = tmp_path / "catalogue"
    catalogue.mkdir()
    for name in ("parent", "other"):
        written = run("fingerprint", models / name, "-o", catalogue / f"{name}.safetensors", "--lang", "en")
        assert written.exit_code == 0
        assert "parts" in written.stdout
    found = run("compare", models / "child", catalogue, "--json", "--seed", 2, "--html", tmp_path / "pages")
    assert found.exit_code == 1
    reports = json.loads(found.stdout)
    counts = {one["first"]["name"]: set(one["counts"]) for one in reports}
    assert "derived" in counts["parent"]
    assert not counts["other"] & {"derived", "partly derived", "identical"}
    assert sorted(file.name for file in (tmp_path / "pages").iterdir()) == ["0001.html", "0002.html"]
    none = run("compare", models / "stranger", catalogue, "--seed", 2, "--lang", "en")
    assert none.exit_code == 0
    assert "other → stranger" in none.stdout


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda folder: (folder / "model.safetensors").unlink(), "NO_WEIGHTS"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"x" * 20), "SAFETENSORS_REFUSED"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"\x20" + b"\0" * 9), "CHECKPOINT_FILE_TRUNCATED"),
        (lambda folder: (folder / "config.json").write_text("["), "NOT_JSON"),
    ],
)
def test_a_broken_model_is_refused_with_two(models: Path, tmp_path: Path, change: Any, code: str) -> None:
    folder = write_model(tmp_path / "broken", llama(1, 1), LLAMA)
    change(folder)
    told = run("examine", models / "parent", folder, "--lang", "en")
    assert told.exit_code == 2
    assert code in told.stderr
    as_json = run("examine", models / "parent", folder, "--json")
    assert as_json.exit_code == 2
    refused = json.loads(as_json.stdout)["refused"]
    assert refused["code"] == code
    assert refused["field"]
    assert refused["rule"]


def test_weights_that_are_not_finite_are_refused_with_the_name_of_their_part(models: Path, tmp_path: Path) -> None:
    tensors = llama(1, 2)
    tensors["model.layers.1.mlp.up_proj.weight"][:] = float("nan")
    ended = run("examine", models / "parent", write_model(tmp_path / "nan", tensors, LLAMA), "--lang", "en")
    assert ended.exit_code == 2
    assert "NOT_FINITE" in ended.stderr
    assert "mlp.up of layer 1" in ended.stderr


def test_what_is_no_fingerprint_is_refused(models: Path) -> None:
    ended = run("compare", models / "child", models / "parent", "--lang", "en")
    assert ended.exit_code == 2
    assert "NOT_A_FINGERPRINT" in ended.stderr
