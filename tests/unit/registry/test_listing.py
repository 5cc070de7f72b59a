"""Which files a checkpoint may list, and what a declaration may say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from registry.domain.checkpoint import (
    Declaration,
    FileEntry,
    LineageEdge,
    RegistryFieldError,
    check_declaration,
    check_model,
)
from registry.domain.listing import (
    LARGEST_FILE_BYTES,
    MOST_FILES,
    FileKindRefusedError,
    PathRefusedError,
    check_kind,
    check_listing,
    check_path,
)

SHA = "0" * 64
FILES = [FileEntry(path, 1, SHA) for path in ("config.json", "model.safetensors", "README.md")]
DECLARATION = Declaration("Apache-2.0", 1, "2025-h2", "job", 10, (), "")


def test_a_usual_folder_is_taken() -> None:
    check_listing([*FILES, FileEntry("tokenizer/merges.txt", 0, SHA), FileEntry("LICENSE", 3, SHA)])


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd.txt",
        "../a.txt",
        "a/../b.txt",
        "./a.txt",
        "a//b.txt",
        "a/",
        "a\\b.txt",
        "C:a.txt",
        "a\nb.txt",
        "a\u202eb.txt",
        "a\0.txt",
        "e\u0301.txt",
        "\ud800.txt",
        "a" * 600 + ".txt",
    ],
)
def test_a_path_that_could_leave_the_folder_or_deceive_is_refused(path: str) -> None:
    with pytest.raises(PathRefusedError):
        check_path(path)


def test_a_korean_path_in_nfc_is_taken() -> None:
    check_path("자료/설명.md")


@pytest.mark.parametrize("path", ["model.pt", "pytorch_model.bin", "a.PKL", "b.npy", "weights.ckpt"])
def test_pickled_files_are_refused_by_name(path: str) -> None:
    with pytest.raises(FileKindRefusedError, match="pickled"):
        check_kind(path)


@pytest.mark.parametrize("path", ["modeling.py", "run.sh", "a.so", "a.exe", "noextension", ".gitignore"])
def test_executable_and_unknown_files_are_refused_by_name(path: str) -> None:
    with pytest.raises(FileKindRefusedError, match="must end in one of"):
        check_kind(path)


@pytest.mark.parametrize("again", ["README.md", "readme.md"])
def test_a_path_listed_twice_is_refused(again: str) -> None:
    with pytest.raises(PathRefusedError, match="listed twice"):
        check_listing([*FILES, FileEntry(again, 1, SHA)])


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors"])
def test_a_checkpoint_without_configuration_or_weights_is_refused(missing: str) -> None:
    with pytest.raises(RegistryFieldError, match="must be listed"):
        check_listing([file for file in FILES if file.path != missing])


def test_no_files_and_too_many_files_are_refused() -> None:
    with pytest.raises(RegistryFieldError):
        check_listing([])
    with pytest.raises(RegistryFieldError):
        check_listing([FileEntry(f"{number}.txt", 1, SHA) for number in range(MOST_FILES + 1)])


@pytest.mark.parametrize(("size", "sha256"), [(LARGEST_FILE_BYTES + 1, SHA), (1, "ABC"), (1, "A" * 64), (1, "")])
def test_a_size_or_digest_out_of_form_is_refused(size: int, sha256: str) -> None:
    with pytest.raises(RegistryFieldError):
        check_listing([*FILES, FileEntry("a.txt", size, sha256)])


@pytest.mark.parametrize("model", ["", "-a", "A", "a b", "a/b", "a" * 64, "a\n"])
def test_a_model_name_out_of_form_is_refused(model: str) -> None:
    with pytest.raises(RegistryFieldError):
        check_model(model)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        (replace(DECLARATION, licence=""), "declaration.licence"),
        (replace(DECLARATION, licence="free\nbeer"), "declaration.licence"),
        (replace(DECLARATION, period=""), "declaration.period"),
        (replace(DECLARATION, parameters=0), "declaration.parameters"),
        (replace(DECLARATION, training_log_sha256="x"), "declaration.training_log_sha256"),
        (replace(DECLARATION, lineage=(LineageEdge("", "own", "weights", "p", frozen=False),)), "component"),
        (replace(DECLARATION, lineage=(LineageEdge("m", "mine", "weights", "p", frozen=False),)), "owner"),
        (replace(DECLARATION, lineage=(LineageEdge("m", "own", "magic", "p", frozen=False),)), "kind"),
        (replace(DECLARATION, lineage=(LineageEdge("m", "own", "weights", "", frozen=False),)), "parent"),
        (replace(DECLARATION, lineage=(LineageEdge("m", "none", "weights", "p", frozen=False),)), "parent"),
    ],
)
def test_a_declaration_names_the_field_that_breaks_its_rule(changed: Declaration, field: str) -> None:
    check_declaration(DECLARATION)
    with pytest.raises(RegistryFieldError) as refusal:
        check_declaration(changed)
    assert field in refusal.value.field
