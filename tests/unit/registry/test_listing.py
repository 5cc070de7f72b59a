"""Which files a checkpoint may list, and what a declaration may say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from common.outbox import LARGEST_EVENT_BYTES
from registry.domain.checkpoint import (
    MOST_FINDINGS,
    Checkpoint,
    Digest,
    Finding,
    RegistryFieldError,
    TeamId,
    check_declaration,
    check_model,
)
from registry.domain.listing import (
    LARGEST_FILE_BYTES,
    MOST_FILES,
    MOST_LISTED_BYTES,
    FileKindRefusedError,
    PathRefusedError,
    check_file,
    check_kind,
    check_listing,
    check_path,
)
from registry.wire import committed_event, from_checkpoint
from weights.manifest import Declaration, FileEntry, LineageEdge, Signature, manifest_json

SHA = "0" * 64
FILES = [FileEntry(path, 3, SHA) for path in ("config.json", "model.safetensors", "README.md")]
DECLARATION = Declaration("Apache-2.0", 1, "2025-h2", "job", 10, (), "")


def test_a_usual_folder_is_taken() -> None:
    check_listing([*FILES, FileEntry("tokenizer/merges.txt", 0, "1" * 64), FileEntry("LICENSE", 3, SHA)])


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
        "a" * 252 + ".txt",
        "가" * 84 + ".txt",
        "a./b.txt",
        "a /b.txt",
        "a.txt.",
        "b.txt ",
        "\uf900.txt",
        "a\u00adb.txt",
        "a\u200bb.txt",
        "\ue000.txt",
        "~\n",
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
        check_listing([*FILES, FileEntry(again, 3, SHA)])


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors"])
def test_a_checkpoint_without_configuration_or_weights_is_refused(missing: str) -> None:
    with pytest.raises(RegistryFieldError, match="must be listed"):
        check_listing([file for file in FILES if file.path != missing])


@pytest.mark.parametrize("path", ["more.SAFETENSORS", "more.SafeTensors", "a.TXT"])
def test_a_kind_is_spelled_exactly_because_it_says_what_is_inspected(path: str) -> None:
    with pytest.raises(FileKindRefusedError, match="must end in one of"):
        check_kind(path)


def test_a_configuration_in_other_letters_is_none() -> None:
    others = [file for file in FILES if file.path != "config.json"]
    with pytest.raises(FileKindRefusedError):
        check_file(FileEntry("config.JSON", 3, SHA))
    with pytest.raises(RegistryFieldError, match="must be listed"):
        check_listing([*others, FileEntry("Config.json", 3, SHA)])


def test_the_same_bytes_have_one_size() -> None:
    with pytest.raises(RegistryFieldError) as refusal:
        check_listing([*FILES, FileEntry("a.txt", 4, SHA)])
    assert (refusal.value.field, refusal.value.value) == ("file.size_bytes of a.txt", 4)


def test_a_listing_too_long_for_one_event_is_refused() -> None:
    with pytest.raises(RegistryFieldError, match="bytes in all"):
        check_listing([*FILES, *(FileEntry(f"{number:0400}.txt", 3, SHA) for number in range(5300))])


def longest() -> tuple[list[FileEntry], Declaration]:
    """What takes most bytes of all that is taken."""
    name = '"' * (MOST_LISTED_BYTES // MOST_FILES - 22)
    numbered = [FileEntry(f"{name}{number:05}.safetensors", 2**32, "f" * 64) for number in range(MOST_FILES - 1)]
    edge = LineageEdge(
        '"' * 256, "third-party", "architecture", '"' * 256, frozen=True, share="0.123456", evidence=('"' * 256,) * 16
    )
    declared = replace(DECLARATION, lineage=(edge,) * 64, licence="A" * 128, job_id="j" * 95, dtype="F8_E4M3")
    return [*numbered, FileEntry("config.json", 2**32, "e" * 64)], declared


def test_the_longest_declaration_fits_into_one_event_and_one_answer() -> None:
    _, declared = longest()
    check_declaration(declared)
    findings = tuple(Finding("C" * 30, "f" * 1100, "v" * 100, "r" * 200) for _ in range(MOST_FINDINGS))
    checkpoint = Checkpoint(
        Digest("d" * 64), TeamId("t" * 63), "m" * 63, 2**31, MOST_FILES, 2**60, declared, datetime.now(UTC),
        Signature("k" * 64, bytes(64)), findings, "9" * 9,
    )  # fmt: skip
    assert len(committed_event(checkpoint).SerializeToString()) < LARGEST_EVENT_BYTES
    assert len(from_checkpoint(checkpoint).SerializeToString()) < 4 * 2**20


def test_the_longest_manifest_is_below_8_mib() -> None:
    files, declared = longest()
    check_listing(files)
    assert len(manifest_json("t" * 63, "m" * 63, 1, files, declared)) < 8 * 2**20


def test_no_files_and_too_many_files_are_refused() -> None:
    with pytest.raises(RegistryFieldError):
        check_listing([])
    with pytest.raises(RegistryFieldError):
        check_listing([FileEntry(f"{number}.txt", 1, SHA) for number in range(MOST_FILES + 1)])


@pytest.mark.parametrize(("size", "sha256"), [(LARGEST_FILE_BYTES + 1, SHA), (1, "ABC"), (1, "A" * 64), (1, "")])
def test_a_size_or_digest_out_of_form_is_refused(size: int, sha256: str) -> None:
    with pytest.raises(RegistryFieldError):
        check_file(FileEntry("a.txt", size, sha256))


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
        (replace(DECLARATION, job_id="job\0"), "declaration.job_id"),
        (replace(DECLARATION, lineage=(LineageEdge("m", "none", "weights", "", frozen=False),) * 65), "lineage"),
        (replace(DECLARATION, lineage=(LineageEdge("m\0", "none", "weights", "", frozen=False),)), "component"),
        (replace(DECLARATION, lineage=(LineageEdge("m", "own", "weights", "p" * 257, frozen=False),)), "parent"),
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
