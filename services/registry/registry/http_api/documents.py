"""What a hub tells of a model as JSON. Of files it tells the SHA-256, as of files that are kept beside git."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

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
