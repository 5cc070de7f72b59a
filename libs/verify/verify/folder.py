"""The files of an export: only regular files of known names, each as the manifest lists it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from verify import canonical, layout, readme
from verify.head import HASH_HEX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.canonical import JsonValue
    from verify.findings import Report


@dataclass(frozen=True, slots=True)
class Folder:
    """The content of an export, read once, so that what is checked is what was hashed."""

    files: dict[str, bytes]

    def under(self, prefix: str) -> list[str]:
        """Paths that start with a prefix, sorted."""
        return sorted(path for path in self.files if path.startswith(prefix))

    def document(self, path: str, report: Report) -> JsonValue | None:
        """The canonical JSON document of a file; nothing where there is no such file or it is noted as none."""
        if path not in self.files:
            report.add(path, "", "the file is missing")
            return None
        try:
            document = canonical.decode(self.files[path])
        except canonical.NotCanonicalError as error:
            report.add(path, f"byte {error.offset}", error.reason)
            return None
        if document is None:
            report.add(path, "", "the document is null")
        return document


def read(root: Path, report: Report) -> Folder:
    """Read every file of a folder; whatever is no regular file of a known name is noted and not read."""
    files: dict[str, bytes] = {}
    if root.is_symlink() or not root.is_dir():
        problem = "is a link: name the folder itself" if root.is_symlink() else "is no folder, or not there"
        report.add("", "", problem)
        return Folder(files)
    for path in _walk(root, root, report):
        name = path.relative_to(root).as_posix()
        if name != layout.MANIFEST and not layout.is_known(name):
            report.add(name, "", "the format has no such file")
            continue
        try:
            files[name] = _read_file(path)
        except OSError as error:
            report.add(name, "", f"the file cannot be read: {error.strerror}")
    return Folder(files)


def check_manifest(folder: Folder, report: Report) -> JsonValue | None:
    """Note every difference between the files and the manifest; the manifest's head, unchecked."""
    manifest = folder.document(layout.MANIFEST, report)
    if not isinstance(manifest, dict) or set(manifest) != {"files", "format", "head"}:
        report.add(layout.MANIFEST, "", "a manifest has exactly the members files, format, head")
        return None
    if manifest["format"] != layout.FORMAT:
        report.add(layout.MANIFEST, "format", f"is not {layout.FORMAT}")
    rows = listed(manifest["files"], report)
    for path in sorted(folder.files.keys() - rows.keys() - {layout.MANIFEST}):
        report.add(path, "", "the manifest does not list the file")
    for path, (size, sha256) in rows.items():
        data = folder.files.get(path)
        if data is None:
            report.add(path, "", "the manifest lists the file, and it is missing")
        elif len(data) != size:
            report.add(path, "", f"has {len(data)} bytes, the manifest says {size}")
        elif canonical.sha256_hex(data) != sha256:
            report.add(path, "", "is not the file whose SHA-256 the manifest lists")
    _check_readme(folder, report)
    return manifest["head"]


def _check_readme(folder: Folder, report: Report) -> None:
    data, text = folder.files.get(layout.README), readme.TEXT.encode()
    if data is None:
        report.add(layout.README, "", "the file is missing")
    elif data != text:
        offset = next((at for at, (one, other) in enumerate(zip(data, text, strict=False)) if one != other), len(text))
        report.add(layout.README, f"byte {min(offset, len(data))}", f"is not the text of format {layout.FORMAT}")


def listed(files: JsonValue, report: Report) -> dict[str, tuple[int, str]]:
    """The manifest's list; what is no proper row, not in order or named twice is noted."""
    rows: dict[str, tuple[int, str]] = {}
    if not isinstance(files, list):
        report.add(layout.MANIFEST, "files", "is no list")
        return rows
    last = ""
    for number, row in enumerate(files):
        place = f"files[{number}]"
        if not isinstance(row, dict) or set(row) != {"path", "sha256", "size"}:
            report.add(layout.MANIFEST, place, "a row has exactly the members path, sha256, size")
            continue
        path, sha256, size = row["path"], row["sha256"], row["size"]
        if not isinstance(path, str) or not layout.is_known(path):
            report.add(layout.MANIFEST, place, f"the format has no file {path!r}")
        elif path <= last:
            report.add(layout.MANIFEST, place, f"{path} is listed twice or out of order")
        elif not isinstance(sha256, str) or not HASH_HEX.fullmatch(sha256):
            report.add(layout.MANIFEST, place, "sha256 is not 64 digits of lower-case hex")
        elif type(size) is not int or size < 0:
            report.add(layout.MANIFEST, place, "size is no count of bytes")
        else:
            last = path
            rows[path] = (size, sha256)
    return rows


def _walk(root: Path, folder: Path, report: Report) -> Iterator[Path]:
    """Every regular file below, without following a link."""
    found = sorted(os.scandir(folder), key=lambda item: item.name)
    if not found:
        report.add(folder.relative_to(root).as_posix(), "", "the folder is empty")
    for item in found:
        path = Path(item.path)
        mode = item.stat(follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            yield from _walk(root, path, report)
        elif stat.S_ISREG(mode):
            yield path
        else:
            report.add(path.relative_to(root).as_posix(), "", "is no regular file: links and devices are refused")


def _read_file(path: Path) -> bytes:
    """The bytes, refusing a link even if it was put there after the walk."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        return file.read()
