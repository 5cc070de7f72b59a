"""What a hub tells of the files of a model."""

from __future__ import annotations

from registry.http_api.documents import tree
from weights.manifest import FileEntry

FILES = [FileEntry(path, 1, "a" * 64) for path in ("a-b.json", "a/b.json", "a/c/d.json", "a/c/e.json", "z.json")]


def paths(folder: str, *, recursive: bool) -> list[tuple[str, str]]:
    files = [file for file in FILES if not folder or file.path.startswith(f"{folder}/")]
    return [(entry["type"], entry["path"]) for entry in tree(files, folder, recursive=recursive)]


def test_a_folder_has_its_own_files_and_folders() -> None:
    assert paths("", recursive=False) == [("file", "a-b.json"), ("directory", "a"), ("file", "z.json")]
    assert paths("a", recursive=False) == [("file", "a/b.json"), ("directory", "a/c")]
    assert paths("a/c", recursive=False) == [("file", "a/c/d.json"), ("file", "a/c/e.json")]


def test_below_a_folder_are_all_files_and_folders_once() -> None:
    assert paths("", recursive=True) == [
        ("file", "a-b.json"),
        ("directory", "a"),
        ("file", "a/b.json"),
        ("directory", "a/c"),
        ("file", "a/c/d.json"),
        ("file", "a/c/e.json"),
        ("file", "z.json"),
    ]
    assert paths("a", recursive=True) == [
        ("file", "a/b.json"),
        ("directory", "a/c"),
        ("file", "a/c/d.json"),
        ("file", "a/c/e.json"),
    ]
