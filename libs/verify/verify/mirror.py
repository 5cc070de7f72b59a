"""Read an export from a web server: any server will do that gives the files of a folder by their names.

Nothing is trusted: what comes is checked as a folder's files are. Only files that the manifest lists are asked for, and
no more bytes of each than it says.
"""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from typing import TYPE_CHECKING

from verify import canonical, layout
from verify.findings import Report
from verify.folder import Folder, listed

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGEST_MANIFEST_BYTES = 64 * 1024 * 1024
SECONDS = 30.0
AT_ONCE = 8
SCHEMES = ("http://", "https://")


def is_address(text: str) -> bool:
    """Whether this names a mirror rather than a folder."""
    return text.startswith(SCHEMES)


def read(address: str, report: Report) -> Folder:
    """The files of the export below an address; what cannot be had is noted."""
    base = address.rstrip("/") + "/"
    files: dict[str, bytes] = {}
    _fetch(base, [(layout.MANIFEST, LARGEST_MANIFEST_BYTES)], files, report)
    if layout.MANIFEST in files:
        _fetch(base, _listed(files[layout.MANIFEST]), files, report)
    return Folder(files)


def _listed(manifest: bytes) -> list[tuple[str, int]]:
    """Files with their size, as far as the manifest can be read: what is wrong with it is noted when it is checked."""
    try:
        document = canonical.decode(manifest)
    except canonical.NotCanonicalError:
        return []
    rows = document.get("files") if isinstance(document, dict) else None
    return [(path, size) for path, (size, _) in listed(rows, Report()).items()]


def _fetch(base: str, wanted: Iterable[tuple[str, int]], files: dict[str, bytes], report: Report) -> None:
    """Fetch files, each with the most bytes that it may have."""
    asked = list(wanted)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for (path, _), found in zip(asked, pool.map(lambda each: _get(base, *each), asked), strict=True):
            if isinstance(found, bytes):
                files[path] = found
            else:
                report.add(path, "", f"cannot be fetched from {base}: {found}")


def _get(base: str, path: str, most: int) -> bytes | str:
    """The bytes of a file, one more than `most` at most; why not, in words."""
    try:
        # Only addresses that begin as SCHEMES come here, so that no local file is read.
        with urllib.request.urlopen(base + urllib.parse.quote(path), timeout=SECONDS) as answer:  # noqa: S310
            data: bytes = answer.read(most + 1)
            return data
    except (OSError, HTTPException, ValueError) as error:
        return str(getattr(error, "reason", error))
