"""What a hub tells of a model as JSON, and of a file.

Of files it tells the SHA-256, as of files that are kept beside git.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from registry.http_api.refusals import NOSNIFF

if TYPE_CHECKING:
    from collections.abc import Iterable

    from weights.manifest import FileEntry

    from registry.domain.release import Release

# Of the text that stands in git for a large file; clients ask for the number and do nothing with it.
_POINTER_BYTES: Final = 134


def model(release: Release, files: Iterable[FileEntry]) -> dict[str, Any]:
    """A model at one of its versions."""
    told = listed(release)
    told["siblings"] = [
        {
            "rfilename": file.path,
            "size": file.size_bytes,
            "blobId": file.sha256,
            "lfs": {"sha256": file.sha256, "size": file.size_bytes, "pointerSize": _POINTER_BYTES},
        }
        for file in files
    ]
    return told


def listed(release: Release) -> dict[str, Any]:
    """A model in a list, or without its files."""
    return {
        "_id": release.checkpoint_digest,
        "id": release.repository,
        "modelId": release.repository,
        "author": release.team_id,
        "sha": release.checkpoint_digest,
        "private": False,
        "disabled": release.withdrawal is not None,
        "gated": "auto" if release.gated else False,
        "createdAt": _instant(release),
        "lastModified": _instant(release),
        "tags": [f"license:{release.licence.lower()}", f"dokpamo:v{release.version}"],
        "cardData": {"license": release.licence},
        "usedStorage": release.size_bytes,
    }


def paths(files: Iterable[FileEntry], asked: Iterable[str]) -> list[dict[str, Any]]:
    """What is at some paths, each a file or a folder; where nothing is, nothing is told."""
    known = {entry["path"]: entry for entry in tree(files, "", recursive=True)}
    return [known[path] for path in dict.fromkeys(each.strip("/") for each in asked) if path in known]


def with_commit(entries: Iterable[dict[str, Any]], release: Release) -> list[dict[str, Any]]:
    """Entries as they are told to who asks for more: each with the version that it came with."""
    commit = {"id": release.checkpoint_digest, "title": f"v{release.version}", "date": _instant(release)}
    return [{**entry, "lastCommit": commit} for entry in entries]


def tree(files: Iterable[FileEntry], folder: str, *, recursive: bool) -> list[dict[str, Any]]:
    """What is in a folder: its files and folders, or all files and folders below it."""
    told: list[dict[str, Any]] = []
    seen: set[str] = set()
    start = len(folder) + 1 if folder else 0
    for file in files:
        below = file.path[start:].split("/")
        for depth in range(1, len(below) if recursive else min(len(below), 2)):
            path = file.path[:start] + "/".join(below[:depth])
            if path not in seen:
                seen.add(path)
                told.append({"type": "directory", "path": path, "size": 0, "oid": ""})
        if recursive or len(below) == 1:
            told.append(
                {
                    "type": "file",
                    "path": file.path,
                    "size": file.size_bytes,
                    "oid": file.sha256,
                    "lfs": {"oid": file.sha256, "size": file.size_bytes, "pointerSize": _POINTER_BYTES},
                }
            )
    return told


def headers(release: Release, file: FileEntry) -> dict[str, str]:
    """What is said of a file beside its bytes."""
    etag = f'"{file.sha256}"'
    return {
        **NOSNIFF,
        "accept-ranges": "bytes",
        # It may be withdrawn, and a gated file is the reader's alone.
        "cache-control": "private, no-store" if release.gated else "no-cache",
        "content-disposition": f"attachment; filename*=UTF-8''{quote(file.path.rpartition('/')[2], safe='')}",
        "content-type": "application/octet-stream",
        "etag": etag,
        "x-linked-etag": etag,
        "x-linked-size": str(file.size_bytes),
        "x-repo-commit": release.checkpoint_digest,
    }


def refs(releases: Iterable[Release]) -> dict[str, Any]:
    """The versions of a model, the last first, as a hub tells branches and tags."""
    kept = [release for release in releases if release.withdrawal is None]
    branches = [_ref("main", "refs/heads/main", kept[0])] if kept else []
    tags = [_ref(f"v{each.version}", f"refs/tags/v{each.version}", each) for each in kept]
    return {"branches": branches, "tags": tags, "converts": []}


def _ref(name: str, ref: str, release: Release) -> dict[str, str]:
    return {"name": name, "ref": ref, "targetCommit": release.checkpoint_digest}


def _instant(release: Release) -> str:
    return release.released_at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
